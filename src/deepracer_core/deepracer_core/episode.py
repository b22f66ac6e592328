"""One episode of the race: how far the car has come, and whether and how it ended.

The rules are those of the public DeepRacer contract. Everything here describes the state *after*
a step. The car is followed along the centre line by continuity, so that a road that comes back
near itself gives no progress that was not driven.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import Enum
from math import ceil, hypot

from deepracer_core.car_geometry import wheel_centers
from deepracer_core.race_objects import RaceObject, is_crashed
from deepracer_core.simulation import CONTROL_RATE, SPEED_RANGE
from deepracer_core.track import Projection, Track

_REACH = SPEED_RANGE[1] / CONTROL_RATE
"""Metres that a car can drive in one step: progress gained in a step is at most this."""


class EpisodeStatus(str, Enum):
    """What the public trace format calls the state of an episode."""

    PREPARE = "prepare"
    IN_PROGRESS = "in_progress"
    LAP_COMPLETE = "lap_complete"
    OFF_TRACK = "off_track"
    CRASHED = "crashed"
    REVERSED = "reversed"
    IMMOBILIZED = "immobilized"
    TIME_UP = "time_up"
    PAUSE = "pause"
    """In a trial that goes on: the car is being put back."""


@dataclass(frozen=True, slots=True)
class CarState:
    """The car in one frame.

    Attributes:
        time_ns: simulated time of the frame, nanoseconds.
        x: position of the car's base, metres. The base is midway between the axles.
        y: as x.
        yaw: heading, radians, counter-clockwise from the x axis.
        speed: observed speed over ground, m/s.
        steering_angle: observed steering, radians, left positive (`car_geometry.steering_angle`).
        contacts: names of what the car touches, the ground left out.
    """

    time_ns: int
    x: float
    y: float
    yaw: float
    speed: float
    steering_angle: float
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EpisodeRules:
    """When an episode ends.

    Attributes:
        max_steps: cap on the steps of an episode; None: a lap at `slowest_lap_speed` just fits.
        slowest_lap_speed: mean speed of a lap that still fits into an episode, m/s.
        immobilized_steps: so many steps in a row with less than `immobilized_distance` end it.
        immobilized_distance: metres.
        reversed_steps: so many steps in a row the wrong way, with falling progress, end it.
        lap_terminates: whether the end of a lap counts as a terminal state for learning. It does
            not by default: an episode starts anywhere on the lap, so that no observation shows
            where it will end, and the road goes on. The learner then bootstraps, as at time up.
    """

    max_steps: int | None = None
    slowest_lap_speed: float = 0.25
    immobilized_steps: int = 15
    immobilized_distance: float = 0.0003
    reversed_steps: int = 15
    lap_terminates: bool = False

    def step_cap(self, track: Track) -> int:
        """The most steps that an episode on `track` can have."""
        if self.max_steps is not None:
            return self.max_steps
        return ceil(track.length / self.slowest_lap_speed * CONTROL_RATE)


@dataclass(frozen=True, slots=True)
class EpisodeStep:
    """What a step led to; all values describe the state after it.

    Attributes:
        state: the car.
        step: number of the step in its episode, from 1; 0 is the start, before any step.
        status: how the episode stands.
        distance: of the car along the centre line from the start line, metres, [0, length).
        offset: from the centre line, metres, left of the driving direction positive.
        progress: percent of the lap since the episode's start, within [0, 100].
        all_wheels_on_track: all four wheel centres are between the borders.
        is_offtrack: none of them is.
        is_crashed: the car touches an object.
        terminated: the episode ended in a state after which nothing can be earned.
        truncated: the episode ended where driving could have gone on.
        objects: what else is on the road, where it is in this state.
    """

    state: CarState
    step: int
    status: EpisodeStatus
    distance: float
    offset: float
    progress: float
    all_wheels_on_track: bool
    is_offtrack: bool
    is_crashed: bool
    terminated: bool
    truncated: bool
    objects: tuple[RaceObject, ...] = ()

    @property
    def done(self) -> bool:
        """The episode ended with this step."""
        return self.terminated or self.truncated


class Episode:
    """Follows the car from its start to an end state.

    Attributes:
        track: the track in the direction in which it is driven.
        number: of the episode.
        begin: the start, as a step 0 without an action.
        last: the newest step.
    """

    def __init__(
        self,
        track: Track,
        rules: EpisodeRules,
        start: CarState,
        number: int,
        objects_at: Callable[[int], tuple[RaceObject, ...]] = lambda time_ns: (),
    ) -> None:
        """Begin.

        Args:
            track: in the direction in which it is driven.
            rules: when the episode ends.
            start: the car in its first frame.
            number: of the episode.
            objects_at: what else is on the road, in the frame at a simulated time in nanoseconds.
        """
        self.track = track
        self.rules = rules
        self.number = number
        self._objects_at = objects_at
        self._step_cap = rules.step_cap(track)
        place = track.project([(start.x, start.y)])
        self._start_distance = float(place.distance[0])
        # On an open course the episode's lap is what is left of it.
        self._goal = track.length if track.closed else track.length - self._start_distance
        self._laps = 0
        self._still_steps = 0
        self._falling_steps = 0
        self.begin = self._judge(start, self._start_distance, float(place.offset[0]), 0)
        self.last = self.begin

    @property
    def start_distance(self) -> float:
        """Where the episode began, metres along the centre line from the start line."""
        return self._start_distance

    @property
    def steps_left(self) -> int:
        """Steps before the cap on them ends the episode."""
        return self._step_cap - self.last.step

    def advance(self, state: CarState) -> EpisodeStep:
        """Judge the state after one more step.

        Raises:
            ValueError: the episode has ended already.
        """
        before = self.last
        if before.done:
            raise ValueError(f"episode {self.number} ended with step {before.step}")
        place = self.track.project_near((state.x, state.y), before.distance, _REACH)
        gained = self._follow(before.distance, place.distance)
        moved = hypot(state.x - before.state.x, state.y - before.state.y)
        still = moved < self.rules.immobilized_distance
        self._still_steps = self._still_steps + 1 if still else 0
        falling = gained < 0.0 or (gained == 0.0 and self._backs_round(place, state))
        self._falling_steps = self._falling_steps + 1 if falling else 0
        self.last = self._judge(state, place.distance, place.offset, before.step + 1)
        return self.last

    def put_back(self, state: CarState, distance: float) -> EpisodeStep:
        """Go on after an end state, with the car at rest on the centre line. This is no step.

        Args:
            state: the car there.
            distance: along the centre line, metres, at most half a lap from where it was.
        """
        self._follow(self.last.distance, distance)
        self._still_steps = self._falling_steps = 0
        judged = self._judge(state, distance, 0.0, self.last.step)
        self.last = replace(
            judged, status=EpisodeStatus.IN_PROGRESS, terminated=False, truncated=False
        )
        return self.last

    def _follow(self, before: float, distance: float) -> float:
        """Metres gained from one place to another nearby; crossings of the line are counted."""
        gained = distance - before
        if self.track.closed:
            crossings = round(gained / self.track.length)
            gained -= crossings * self.track.length
            self._laps -= crossings
        return gained

    def _backs_round(self, place: Projection, state: CarState) -> bool:
        """Whether the car goes backwards round a corner of the centre line, nearest all the while.

        On the outside of a bend each corner is nearest to a whole sector of the road: distances
        stand still there, and the side that the car passes the corner on tells its direction.
        """
        x, y, _ = self.track.pose_at(place.distance)
        before = self.last.state
        turned = (before.x - x) * (state.y - y) - (before.y - y) * (state.x - x)
        return turned * place.offset > 0.0

    def _judge(self, state: CarState, distance: float, offset: float, step: int) -> EpisodeStep:
        wheels = wheel_centers(state.x, state.y, state.yaw)
        wheels_on_track = [self.track.is_on_road(x, y) for x, y in wheels]
        is_offtrack = not any(wheels_on_track)
        objects = self._objects_at(state.time_ns)
        crashed = bool(state.contacts) or is_crashed(state.x, state.y, state.yaw, objects)
        # Not a running sum: 100 % is reached exactly where the episode's start is crossed again.
        travelled = distance - self._start_distance + self._laps * self.track.length
        share = travelled / self._goal if self._goal > 0.0 else 1.0
        status = self._status(step, share, is_offtrack, crashed)
        running = status in (EpisodeStatus.PREPARE, EpisodeStatus.IN_PROGRESS)
        truncated = status is EpisodeStatus.TIME_UP or (
            status is EpisodeStatus.LAP_COMPLETE and not self.rules.lap_terminates
        )
        return EpisodeStep(
            state=state,
            step=step,
            status=status,
            distance=distance,
            offset=offset,
            progress=100.0 * min(max(share, 0.0), 1.0),
            all_wheels_on_track=all(wheels_on_track),
            is_offtrack=is_offtrack,
            is_crashed=crashed,
            terminated=not running and not truncated,
            truncated=truncated,
            objects=objects,
        )

    def _status(
        self, step: int, share: float, is_offtrack: bool, is_crashed: bool
    ) -> EpisodeStatus:
        """The first that applies: a car that leaves the road at the finish has no lap."""
        if step == 0:
            return EpisodeStatus.PREPARE
        if is_crashed:
            return EpisodeStatus.CRASHED
        if is_offtrack:
            return EpisodeStatus.OFF_TRACK
        if share >= 1.0:
            return EpisodeStatus.LAP_COMPLETE
        if self._still_steps >= self.rules.immobilized_steps:
            return EpisodeStatus.IMMOBILIZED
        if self._falling_steps >= self.rules.reversed_steps:
            return EpisodeStatus.REVERSED
        if step >= self._step_cap:
            return EpisodeStatus.TIME_UP
        return EpisodeStatus.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """How an episode went, for the run's books and the live display.

    Attributes:
        worker: index of the simulation worker.
        number: of the episode on this worker, from 0.
        mode: training or evaluation.
        policy_version: that acted in it; 0 is the random one, None: it was never told.
        status: how it ended.
        steps: number of steps.
        progress: at its end, percent, within [0, 100].
        reward: sum over its steps.
        duration_s: simulated seconds and penalties; of a complete lap the lap time.
        start_distance: metres from the start line, in driving direction.
        wall_clock: when it ended, unix time in seconds.
        track: name of the track.
        reversed: driven against the direction of the track's route.
        penalty_s: seconds of the duration that are penalties.
        crash_count: crashes, the one that ended the episode among them; so with the next three.
        off_track_count: times that the car left the road.
        immobilized_count: times that it stood still.
        reversed_count: times that it drove the wrong way.
        reset_count: times that it was put back on the road, and the episode went on.
    """

    worker: int
    number: int
    mode: str
    policy_version: int | None
    status: EpisodeStatus
    steps: int
    progress: float
    reward: float
    duration_s: float
    start_distance: float
    wall_clock: float
    track: str = ""
    reversed: bool = False
    penalty_s: float = 0.0
    crash_count: int = 0
    off_track_count: int = 0
    immobilized_count: int = 0
    reversed_count: int = 0
    reset_count: int = 0

    def to_json(self) -> str:
        """The record as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> "EpisodeRecord":
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is no such record.
        """
        values = json.loads(text)
        try:
            return cls(**{**values, "status": EpisodeStatus(values["status"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"no episode record: {error}: {text!r:.200}") from error
