"""What else is on the road in a race: boxes that stand, cars that drive; where they are and when.

The pose of every object is a function of the simulated time since the episode began, and of
nothing else: no state, no sum of small steps. So an episode can be judged, repeated or begun anew
without asking the simulator, which is only told where to draw them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import ceil, cos, sin
from typing import Protocol

from deepracer_core.car_geometry import (
    CAMERA_AHEAD,
    CAMERA_FIELD_OF_VIEW,
    CAR_LENGTH,
    CAR_WIDTH,
    footprint,
)
from deepracer_core.rectangle import Rectangle, is_in_view, overlap
from deepracer_core.simulation import ObjectPose
from deepracer_core.track import Track

FREE_ROAD = 0.5
"""Metres of road ahead of a car and behind it that are free where it is put."""

_SEARCH_STEP = 0.05


class RaceType(str, Enum):
    """What the public format calls the kinds of race."""

    TIME_TRIAL = "time_trial"
    OBJECT_AVOIDANCE = "object_avoidance"
    HEAD_TO_BOT = "head_to_bot"


def object_name(race_type: RaceType, index: int) -> str:
    """What the simulator calls an object of a race, counted from 0."""
    kind = "bot_car" if race_type is RaceType.HEAD_TO_BOT else "obstacle"
    return f"{kind}_{index}"


@dataclass(frozen=True, slots=True)
class RaceObject:
    """An object at one instant.

    Attributes:
        name: in the simulator.
        outline: where it stands, seen from above.
        distance: along the centre line from the start line, metres, [0, length].
        offset: from the centre line, metres, left of the driving direction positive.
        speed: metres along the centre line in a second.
    """

    name: str
    outline: Rectangle
    distance: float
    offset: float
    speed: float

    @property
    def pose(self) -> ObjectPose:
        """Where the simulator is to show it."""
        return ObjectPose(self.name, self.outline.x, self.outline.y, self.outline.yaw)


class Scene(Protocol):
    """The objects of one episode."""

    def at(self, time_s: float) -> tuple[RaceObject, ...]:
        """Where they are so many seconds of simulated time after the episode began, from 0 on."""


class SceneSource(Protocol):
    """Makes the scene of each episode; the same episode's is the same in every run."""

    def scene(self, track: Track, start_distance: float, episode: int) -> Scene:
        """The scene of an episode.

        Args:
            track: in the direction in which it is driven.
            start_distance: where on it the car is to start, metres.
            episode: its number.
        """


class EmptyRoad:
    """A time trial: nothing else is on the road, ever."""

    def scene(self, track: Track, start_distance: float, episode: int) -> "EmptyRoad":
        """Itself: it is the same in each episode."""
        return self

    def at(self, time_s: float) -> tuple[RaceObject, ...]:
        """Nothing."""
        return ()


def is_crashed(x: float, y: float, yaw: float, objects: Sequence[RaceObject]) -> bool:
    """Whether a car at a pose (metres, radians) overlaps one of the objects."""
    car = footprint(x, y, yaw)
    return any(overlap(car, other.outline) for other in objects)


def sees(x: float, y: float, yaw: float, target: RaceObject) -> bool:
    """Whether the camera of a car at a pose (metres, radians) has an object in view."""
    eye = x + CAMERA_AHEAD * cos(yaw), y + CAMERA_AHEAD * sin(yaw)
    return is_in_view(target.outline, eye, yaw, CAMERA_FIELD_OF_VIEW)


def closest_objects(track: Track, distance: float, objects: Sequence[RaceObject]) -> list[int]:
    """Indices of the object behind (or beside) a distance along the centre line and the one ahead.

    On a circuit the last object of the lap is behind its start. On an open course nothing comes
    after the last one: where there is none ahead, or none behind, both are the one there is.

    Args:
        track: in the direction in which it is driven.
        distance: of the car, metres.
        objects: where they are; without any both indices are 0, as in the public format.
    """
    if not objects:
        return [0, 0]
    ahead = [other.distance - distance for other in objects]
    behind = [-gap for gap in ahead]
    return [_nearest(track, behind), _nearest(track, ahead)]


def _nearest(track: Track, gaps: list[float]) -> int:
    """Index of the smallest gap of at least 0 m, round the lap on a circuit."""
    if track.closed:
        gaps = [gap % track.length for gap in gaps]
    return min(range(len(gaps)), key=lambda index: (gaps[index] < 0.0, abs(gaps[index])))


def free_distance(track: Track, distance: float, objects: Sequence[RaceObject]) -> float:
    """The nearest place on the centre line at `distance` or before it that is free for a car.

    On an open course, and where all the road behind is taken, the place can be further on.

    Args:
        track: in the direction in which it is driven.
        distance: where the car is wanted, metres along the centre line.
        objects: what it is kept away from.

    Returns:
        Metres along the centre line; `distance` itself when everything is taken.
    """
    steps = range(ceil(track.length / _SEARCH_STEP))
    for shift in (*(-_SEARCH_STEP * i for i in steps), *(_SEARCH_STEP * i for i in steps)):
        at = distance + shift
        if not track.closed and not 0.0 <= at <= track.length:
            continue
        x, y, yaw = track.pose_at(at)
        room = Rectangle(x, y, yaw, CAR_LENGTH + 2.0 * FREE_ROAD, CAR_WIDTH)
        if not any(overlap(room, other.outline) for other in objects):
            return at % track.length if track.closed else at
    return distance
