"""What the tests of the rules drive: small tracks, a car without a simulator, a whole race."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import atan, atan2, cos, hypot, pi, sin, tan

import numpy as np
import pytest
from deepracer_core.action_space import ActionSpace, Command, DiscreteActionSpace
from deepracer_core.episode import CarState, EpisodeRecord, EpisodeRules
from deepracer_core.observation import Observation
from deepracer_core.reward import RewardFunction
from deepracer_core.rollout import Judgement, Loss, Reset, Rollout
from deepracer_core.segment import Segment
from deepracer_core.sensors import FRONT_FACING_CAMERA, LIDAR
from deepracer_core.simulation import CONTROL_RATE, WHEELBASE, frame_time_ns
from deepracer_core.starts import StartPositions
from deepracer_core.track import Track

HEIGHT, WIDTH = 6, 8
RAYS = 5


def ring(radius: float = 1.5, width: float = 0.76, points: int = 240) -> Track:
    """A circle driven counter-clockwise from (radius, 0)."""
    angles = np.linspace(0.0, 2.0 * pi, points, endpoint=False)
    unit = np.column_stack((np.cos(angles), np.sin(angles)))
    half = 0.5 * width
    rows = np.hstack((radius * unit, (radius - half) * unit, (radius + half) * unit))
    return Track.from_route(rows, "ring")


def folded(gap: float = 0.35, width: float = 0.3) -> Track:
    """Two straights of 4 m that lie `gap` apart, with tight bends between them."""
    half, reach = 0.5 * gap, 2.0
    bend = np.linspace(-0.5 * pi, 0.5 * pi, 24)
    along = np.linspace(-reach, reach, 81)[1:-1]

    def line(offset: float) -> np.ndarray:
        radius = half + offset
        lower = np.column_stack((along, np.full_like(along, -radius)))
        right = np.column_stack((reach + radius * np.cos(bend), radius * np.sin(bend)))
        upper = np.column_stack((-along, np.full_like(along, radius)))
        left = np.column_stack((-reach - radius * np.cos(bend), -radius * np.sin(bend)))
        return np.concatenate((lower, right, upper, left))

    rows = np.hstack((line(0.0), line(-0.5 * width), line(0.5 * width)))
    return Track.from_route(rows, "folded")


def course(length: float = 8.0, width: float = 0.76) -> Track:
    """A straight with two ends, driven along the x axis from the origin."""
    x = np.linspace(0.0, length, 41)
    lines = [np.column_stack((x, np.full_like(x, side * width))) for side in (0.0, 0.5, -0.5)]
    return Track.from_route(np.hstack(lines), "course")


class KinematicCar:
    """A bicycle without mass; its base is midway between the axles, as the real model's is."""

    def __init__(self, x: float = 0.0, y: float = 0.0, yaw: float = 0.0) -> None:
        self.frames = 0
        self.pose = (x, y, yaw)
        self.speed = 0.0
        self.steering_angle = 0.0
        self.contacts: tuple[str, ...] = ()

    def reset(self, x: float, y: float, yaw: float) -> CarState:
        self.pose, self.speed, self.steering_angle = (x, y, yaw), 0.0, 0.0
        self.frames += 1
        return self.state

    def step(self, command: Command) -> CarState:
        x, y, yaw = self.pose
        slip = atan(0.5 * tan(command.steering_angle))
        turn = command.speed * cos(slip) * tan(command.steering_angle) / WHEELBASE
        for _ in range(8):
            dt = 1.0 / CONTROL_RATE / 8
            x += command.speed * cos(yaw + slip) * dt
            y += command.speed * sin(yaw + slip) * dt
            yaw += turn * dt
        self.pose = (x, y, atan2(sin(yaw), cos(yaw)))
        self.speed, self.steering_angle = abs(command.speed), command.steering_angle
        self.frames += 1
        return self.state

    @property
    def state(self) -> CarState:
        time_ns = frame_time_ns(self.frames)
        return CarState(time_ns, *self.pose, self.speed, self.steering_angle, self.contacts)

    @property
    def observation(self) -> Observation:
        """A picture and a scan that no other frame has."""
        digits = np.frombuffer(self.frames.to_bytes(4, "big"), np.uint8)
        return {
            FRONT_FACING_CAMERA: np.resize(digits, (HEIGHT, WIDTH)),
            LIDAR: np.resize(digits, RAYS).astype(np.float32),
        }


def follow_center(
    track: Track, state: CarState, speed: float = 1.0, offset: float = 0.0
) -> Command:
    """Steer for a point ahead, `offset` metres left of the centre line (pure pursuit)."""
    place = track.project([(state.x, state.y)])
    x, y, _ = track.pose_at(float(place.distance[0]) + 0.35, offset)
    bearing = atan2(y - state.y, x - state.x) - state.yaw
    angle = atan(2.0 * WHEELBASE * sin(bearing) / hypot(x - state.x, y - state.y))
    return Command(max(-pi / 6, min(pi / 6, angle)), speed)


ACTIONS = DiscreteActionSpace(
    [Command(angle * pi / 180, speed) for speed in (0.6, 1.0) for angle in range(-30, 31, 5)]
)

Event = tuple[str, tuple[object, ...]]
Driver = Callable[[Track, CarState, Judgement], Command]


@dataclass
class Race:
    """The whole graph in a loop: a car, a driver, a rollout between them, in lockstep.

    Attributes:
        events: everything that was told to the rollout, in order.
    """

    rollout: Rollout
    track: Track
    driver: Driver
    car: KinematicCar = field(default_factory=KinematicCar)
    policy_version: int = 1
    events: list[Event] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    records: list[EpisodeRecord] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    resets: list[Reset] = field(default_factory=list)

    def tell(self, kind: str, *values: object) -> None:
        self.events.append((kind, values))
        getattr(self.rollout, kind)(*values)

    def drain(self) -> None:
        self.segments += self.rollout.take_segments()
        self.records += self.rollout.take_records()
        self.losses += self.rollout.take_losses()

    def frames(self, state: CarState | None = None) -> Iterator[Judgement]:
        """Drive on for ever, a frame at a time."""
        state = state or self.car.state
        while True:
            self.tell("state", state)
            self.tell("observation", state.time_ns, self.car.observation)
            judgement = self.rollout.take_judgements()[-1]
            resets = self.rollout.take_resets()
            self.judgements.append(judgement)
            self.resets += resets
            self.drain()
            yield judgement
            if judgement.to_act:
                if judgement.begins:
                    self.tell("policy", judgement.episode, self.policy_version)
                command = self.driver(self.track, state, judgement)
                self.tell("command", state.time_ns, command)
                state = self.car.step(command)
            elif resets:
                assert resets[-1].time_ns == state.time_ns
                state = self.car.reset(resets[-1].x, resets[-1].y, resets[-1].yaw)
            else:
                return

    def drive(self, episodes: int) -> list[EpisodeRecord]:
        """Drive until so many episodes have ended."""
        for _ in self.frames():
            if len(self.records) >= episodes:
                return self.records
        return self.records


def make_race(
    track: Track,
    driver: Driver = lambda track, state, judgement: follow_center(track, state),
    *,
    reward: Callable[[dict], float] = lambda params: params["speed"],
    action_space: ActionSpace = ACTIONS,
    starts: StartPositions | None = None,
    rules: EpisodeRules | None = None,
    **options: object,
) -> Race:
    rollout = Rollout(
        reward
        if isinstance(reward, RewardFunction)
        else RewardFunction(reward, "reward_function.py"),
        action_space,
        starts or StartPositions(track),
        rules or EpisodeRules(),
        run="test",
        wall_clock=lambda: 1.7e9,
        **options,
    )
    return Race(rollout, track, driver)


@pytest.fixture(name="ring", scope="session")
def _ring() -> Track:
    return ring()


@pytest.fixture(name="folded", scope="session")
def _folded() -> Track:
    return folded()


@pytest.fixture(name="course", scope="session")
def _course() -> Track:
    return course()


@pytest.fixture(name="make_race", scope="session")
def _make_race() -> Callable[..., Race]:
    return make_race


@pytest.fixture(name="follow_center", scope="session")
def _follow_center() -> Callable[..., Command]:
    return follow_center
