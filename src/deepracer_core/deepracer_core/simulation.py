"""The interface behind which every simulator stands: a step is an action, a frame its result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deepracer_core.conditions import Conditions
from deepracer_core.errors import ConfigurationError

CONTROL_RATE = 15
"""Steps of the agent in one second of simulated time: one camera frame, one action."""

WHEELBASE = 0.164
"""Metres between the front and the rear axle."""

MAX_STEERING_ANGLE = float(np.deg2rad(30.0))
"""The front wheels turn at most so far to either side, radians."""

SPEED_RANGE = (0.1, 4.0)
"""Lowest and highest speed that can be asked for, m/s."""


def frame_time_ns(step: int) -> int:
    """Simulated time after `step` control periods, nanoseconds; 15 steps are exactly one second."""
    return step * 1_000_000_000 // CONTROL_RATE


def next_frame_time_ns(time_ns: int) -> int:
    """Simulated time of the frame after the one of this time, nanoseconds."""
    return frame_time_ns(round(time_ns * CONTROL_RATE / 1_000_000_000) + 1)


def steps_of_a_picture(camera_rate: int) -> int:
    """Control periods from one picture to the next.

    Args:
        camera_rate: pictures in a second of simulated time.

    Raises:
        ConfigurationError: it does not divide the control rate.
    """
    if camera_rate < 1 or CONTROL_RATE % camera_rate:
        raise ConfigurationError(
            f"camera_rate: expected a divisor of {CONTROL_RATE} pictures a second, got"
            f" {camera_rate}"
        )
    return CONTROL_RATE // camera_rate


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything that the simulator says of one instant.

    Attributes:
        time_ns: simulated time, nanoseconds.
        images: uint8[height, width, 3], RGB, of each camera that the car carries, by its name:
            "front", "left", "right", "chase".
        position: float64[3], the car's base in the world, metres.
        orientation: float64[4], quaternion (x, y, z, w).
        linear_velocity: float64[3], in the world's axes, m/s.
        angular_velocity: float64[3], in the world's axes, rad/s.
        steering_angles: float64[2], left and right front wheel, radians, left positive.
        wheel_speeds: float64[4], front left, front right, rear left, rear right, rad/s.
        contacts: names of the models that the car touches, the ground left out.
    """

    time_ns: int
    images: Mapping[str, NDArray[np.uint8]]
    position: NDArray[np.float64]
    orientation: NDArray[np.float64]
    linear_velocity: NDArray[np.float64]
    angular_velocity: NDArray[np.float64]
    steering_angles: NDArray[np.float64]
    wheel_speeds: NDArray[np.float64]
    contacts: tuple[str, ...]

    @property
    def image(self) -> NDArray[np.uint8]:
        """What the front camera sees.

        Raises:
            KeyError: the car has none.
        """
        return self.images["front"]

    @property
    def yaw(self) -> float:
        """Heading, radians in (-pi, pi], counter-clockwise from the x axis (REP-103)."""
        x, y, z, w = self.orientation
        return float(np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z)))


@dataclass(frozen=True, slots=True)
class Sight:
    """A frame as an observer sees it: the car from behind.

    Attributes:
        time_ns: of the frame.
        image: uint8[height, width, 3], RGB.
        took_s: how long it took to make the picture, seconds.
    """

    time_ns: int
    image: NDArray[np.uint8]
    took_s: float


@dataclass(frozen=True, slots=True)
class ObjectPose:
    """Where something else than the car stands on the road.

    Attributes:
        name: of its model in the simulator.
        x: of its middle, metres.
        y: as x.
        yaw: heading, radians, counter-clockwise from the x axis.
    """

    name: str
    x: float
    y: float
    yaw: float


class Simulator(Protocol):
    """A world with one car in it that moves only when it is told to."""

    def reset(self, x: float, y: float, yaw: float) -> Frame:
        """Put the car at rest at a pose (metres, radians) and return the next frame from there."""

    def step(self, steering_angle: float, speed: float) -> Frame:
        """Drive for one control period, radians and m/s, and return the frame at its end."""

    def place(self, objects: Sequence[ObjectPose]) -> None:
        """Have other things stand at these poses in the next frame, and until they are placed anew.

        Their models are in the world, each under its name.
        """

    def apply(self, conditions: Conditions) -> None:
        """Have these conditions in the next frame, and until others are applied.

        The action's delay is not the simulator's business: a step is driven as it is told.
        """

    def look(self) -> None:
        """Have an observer photograph the next frame; see `seen`. Without one nothing happens."""

    def seen(self) -> Sight | None:
        """What the observer photographed, once; at the latest when the frame after it is there."""

    def close(self) -> None:
        """Let go of the simulator. Closing twice is allowed."""
