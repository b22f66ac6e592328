"""Head to bot: cars that follow a lane at a steady speed, and change it now and then."""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from deepracer_core.car_geometry import footprint
from deepracer_core.errors import ConfigurationError
from deepracer_core.lanes import HALF_CHORD, Lanes
from deepracer_core.object_places import Place, Spread
from deepracer_core.race_objects import RaceObject, RaceType, object_name
from deepracer_core.track import Track


@dataclass(frozen=True, slots=True)
class BotCarRules:
    """How bot cars drive.

    Attributes:
        speed: metres along the centre line in a second.
        changes_lanes: whether they change lanes.
        lane_change_times: shortest and longest time in a lane between two changes, seconds.
        lane_change_distance: metres along the centre line that a change takes.
    """

    speed: float = 0.2
    changes_lanes: bool = False
    lane_change_times: tuple[float, float] = (3.0, 5.0)
    lane_change_distance: float = 1.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigurationError: a car could not drive so.
        """
        shortest, longest = self.lane_change_times
        if not 0.0 <= shortest <= longest:
            raise ConfigurationError(
                "lane change times: expected the shortest from 0 s on and the longest no shorter,"
                f" got {shortest:g} s and {longest:g} s"
            )
        if self.speed < 0.0 or self.lane_change_distance <= 0.0:
            raise ConfigurationError(
                "bot cars: expected a speed of at least 0 m/s and lane changes longer than 0 m, "
                f"got {self.speed:g} m/s and {self.lane_change_distance:g} m"
            )


class _Drive:
    """The drive of one bot car, from its place on: where it is after so many metres."""

    def __init__(self, place: Place, rules: BotCarRules, rng: np.random.Generator) -> None:
        self._place = place
        self._rules = rules
        self._rng = rng
        # Where lane changes begin, metres after the start. One is always drawn ahead.
        self._changes = [self._next_change(0.0)]

    def lane(self, driven: float) -> float:
        """The share of the way from the inner to the outer lane after `driven` metres."""
        rules, begin = self._rules, self._place.lane
        if not rules.changes_lanes or rules.speed == 0.0:
            return begin
        while self._changes[-1] <= driven:
            self._changes.append(self._next_change(self._changes[-1] + rules.lane_change_distance))
        begun = bisect_right(self._changes, driven)
        if begun == 0:
            return begin
        from_lane = begin if begun % 2 else 1.0 - begin
        done = min((driven - self._changes[begun - 1]) / rules.lane_change_distance, 1.0)
        # Along the lane at both ends of the change.
        return from_lane + (1.0 - 2.0 * from_lane) * done * done * (3.0 - 2.0 * done)

    def _next_change(self, after: float) -> float:
        return after + self._rules.speed * float(self._rng.uniform(*self._rules.lane_change_times))


class DrivingScene:
    """Bot cars of one episode."""

    def __init__(
        self, track: Track, rules: BotCarRules, places: list[Place], seed: np.random.SeedSequence
    ) -> None:
        """Prepare their drives.

        Args:
            track: in the direction in which it is driven; the cars go the same way.
            rules: how they drive.
            places: where they begin.
            seed: of their lane changes.
        """
        self._track = track
        self._lanes = Lanes(track)
        self._rules = rules
        self._drives = [
            (place.distance, _Drive(place, rules, np.random.default_rng(own)))
            for place, own in zip(places, seed.spawn(len(places)), strict=True)
        ]

    def at(self, time_s: float) -> tuple[RaceObject, ...]:
        """Where they are after so many seconds; at the end of an open course they stop."""
        driven = self._rules.speed * time_s
        cars = []
        for index, (begin, drive) in enumerate(self._drives):
            distance = begin + driven
            x, y = self._lanes.position(distance, drive.lane(driven))
            yaw = self._lanes.heading(
                distance, drive.lane(driven - HALF_CHORD), drive.lane(driven + HALF_CHORD)
            )
            seen = self._track.project_near((x, y), distance, 0.5)
            runs = self._track.closed or distance < self._track.length
            cars.append(
                RaceObject(
                    name=object_name(RaceType.HEAD_TO_BOT, index),
                    outline=footprint(x, y, yaw),
                    distance=seen.distance,
                    offset=seen.offset,
                    speed=self._rules.speed if runs else 0.0,
                )
            )
        return tuple(cars)


class BotCars:
    """Bot cars in each episode, which drive off as it begins."""

    def __init__(
        self, spread: Spread, rules: BotCarRules, *, seed: int = 0, worker: int = 0
    ) -> None:
        """Prepare the scenes.

        Args:
            spread: where the cars are as an episode begins.
            rules: how they drive.
            seed: of random places and lane changes.
            worker: index of the simulation; each draws its own.
        """
        self._spread = spread
        self._rules = rules
        self._seed = (seed, worker)

    def scene(self, track: Track, start_distance: float, episode: int) -> DrivingScene:
        """The cars of an episode; see `race_objects.SceneSource`."""
        seed = np.random.SeedSequence([*self._seed, episode, 2])
        rng = np.random.default_rng(seed)
        places = self._spread.places(track, start_distance, rng)
        return DrivingScene(track, self._rules, places, seed)
