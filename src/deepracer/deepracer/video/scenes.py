"""What else was on the road in a recorded episode. The trace does not say: it is derived anew."""

from collections.abc import Sequence

import numpy as np
from deepracer_core.race_objects import RaceType
from deepracer_core.race_scenes import SceneSettings, create_scenes
from deepracer_core.recorded_trace import RecordedEpisode
from deepracer_core.simulation import CONTROL_RATE, ObjectPose
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


def scene_begins(episodes: Sequence[RecordedEpisode]) -> list[float]:
    """When the scene of each of a trace's episodes began, simulated seconds.

    It does with the episode; but a lap that went on where the one before had ended, in the same
    frame, was driven in the scene of that one.
    """
    begins: list[float] = []
    end: float | None = None
    for episode in episodes:
        goes_on = episode.times[0] == end
        begins.append(begins[-1] if goes_on else float(episode.times[0]))
        end = float(episode.times[-1])
    return begins


def objects_of(
    settings: JobSettings, track: Track, episode: RecordedEpisode, scene_began: float
) -> list[list[ObjectPose]] | None:
    """Where boxes or cars were in each frame; None when there were none or it is not known.

    Args:
        settings: that the episode was driven with.
        track: in the direction in which it was driven.
        episode: that was driven.
        scene_began: see `scene_begins`.
    """
    if not objects_are_known(settings):
        return None
    given = SceneSettings.of(settings)
    scenes = create_scenes(given, track, seed=settings.seed, worker=0)
    if scenes is None:
        return None
    scene = scenes.scene(track, 0.0, episode.number)
    # Whole frames, as the race counted them.
    frames = np.round((episode.times - scene_began) * CONTROL_RATE)
    return [[each.pose for each in scene.at(time_s)] for time_s in (frames / CONTROL_RATE).tolist()]
