"""Object avoidance: boxes that stand in the lanes."""

from dataclasses import dataclass

import numpy as np

from deepracer_core.lanes import Lanes
from deepracer_core.object_places import Spread
from deepracer_core.race_objects import RaceObject, RaceType, object_name
from deepracer_core.rectangle import Rectangle
from deepracer_core.track import Track

BOX_LENGTH, BOX_WIDTH, BOX_HEIGHT = 0.4, 0.3, 0.25
"""Metres along the road, across it, upwards."""


@dataclass(frozen=True, slots=True)
class StandingScene:
    """Boxes that stand.

    Attributes:
        boxes: the same at all times.
    """

    boxes: tuple[RaceObject, ...]

    def at(self, time_s: float) -> tuple[RaceObject, ...]:
        """Where they are: where they always were."""
        return self.boxes


class Obstacles:
    """Boxes in each episode, at the same places or, when they are random, at its own."""

    def __init__(self, spread: Spread, *, seed: int = 0, worker: int = 0) -> None:
        """Prepare the scenes.

        Args:
            spread: where the boxes are.
            seed: of the random places.
            worker: index of the simulation; each draws its own places.
        """
        self._spread = spread
        self._seed = (seed, worker)

    def scene(self, track: Track, start_distance: float, episode: int) -> StandingScene:
        """The boxes of an episode; see `race_objects.SceneSource`."""
        lanes = Lanes(track)
        rng = np.random.default_rng([*self._seed, episode, 1])
        boxes = []
        for index, place in enumerate(self._spread.places(track, start_distance, rng)):
            x, y, yaw = lanes.pose(place.distance, place.lane)
            # The lane is midway to the border, not square to the centre line at its distance.
            seen = track.project_near((x, y), place.distance, 0.5)
            boxes.append(
                RaceObject(
                    name=object_name(RaceType.OBJECT_AVOIDANCE, index),
                    outline=Rectangle(x, y, yaw, BOX_LENGTH, BOX_WIDTH),
                    distance=seen.distance,
                    offset=seen.offset,
                    speed=0.0,
                )
            )
        return StandingScene(tuple(boxes))
