"""What else was on the road in a recorded episode. The trace does not say: it is derived anew."""

from deepracer_core.race_objects import RaceType, Scene
from deepracer_core.race_scenes import SceneSettings, create_scenes
from deepracer_core.recorded_trace import RecordedEpisode
from deepracer_core.track import Track

from deepracer.settings import JobSettings


def objects_are_known(settings: JobSettings) -> bool:
    """Whether boxes or cars were at the same places in each episode.

    Where places or lane changes were drawn for each episode, the trace does not tell which were.
    """
    race = RaceType(settings.race_type)
    if race is RaceType.OBJECT_AVOIDANCE:
        return bool(settings.object_positions) or not settings.randomize_obstacle_locations
    if race is RaceType.HEAD_TO_BOT:
        return not (settings.randomize_bot_car_locations or settings.is_lane_change)
    return True


def scene_of(settings: JobSettings, track: Track, episode: RecordedEpisode) -> Scene | None:
    """The boxes or cars of an episode, None when there were none or they are not known.

    Args:
        settings: that it was driven with.
        track: in the direction in which it was driven.
        episode: that was driven.
    """
    if not objects_are_known(settings):
        return None
    given = SceneSettings.of(settings)
    scenes = create_scenes(given, track, seed=settings.seed, worker=0)
    return None if scenes is None else scenes.scene(track, 0.0, episode.number)
