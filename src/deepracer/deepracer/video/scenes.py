"""What else was on the road in recorded episodes, as a Gazebo has to have it in its world."""

from collections.abc import Iterator, Sequence

from deepracer_core.errors import ConfigurationError
from deepracer_core.race_objects import RaceType, object_name
from deepracer_core.recorded_trace import RecordedEpisode
from deepracer_core.simulation import ObjectPose

_OUT_OF_SIGHT = 1000.0
"""Metres to each side; the cameras see a tenth of it."""


def race_of(episodes: Sequence[RecordedEpisode]) -> tuple[RaceType, int]:
    """The race that episodes are of, and how many objects the one with the most of them has.

    Raises:
        ConfigurationError: they are of several races.
    """
    names = {name for episode in episodes for name in episode.objects}
    if not names:
        return RaceType.TIME_TRIAL, 0
    for race in (RaceType.OBJECT_AVOIDANCE, RaceType.HEAD_TO_BOT):
        if names == {object_name(race, index) for index in range(len(names))}:
            return race, len(names)
    raise ConfigurationError(
        f"episodes: expected those of one kind of race, got some with {min(names)} and some with"
        f" {max(names)}: make a video of each"
    )


def objects_of(episode: RecordedEpisode, names: Sequence[str]) -> Iterator[list[ObjectPose]]:
    """Where the objects of a Gazebo were in each frame of an episode.

    Args:
        episode: that was driven.
        names: of the objects; those that the episode did not have are out of sight.
    """
    away = [
        ObjectPose(name, _OUT_OF_SIGHT, _OUT_OF_SIGHT, 0.0)
        for name in names
        if name not in episode.objects
    ]
    for frame in range(len(episode.times)):
        yield episode.objects_at(frame) + away
