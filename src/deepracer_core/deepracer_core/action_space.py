"""What the agent can do: a list of commands to choose from, or a range of steering and speed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import degrees
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deepracer_core.simulation import MAX_STEERING_ANGLE, SPEED_RANGE

Action = int | NDArray[np.float32]
"""Discrete: the index of a command. Continuous: float32[2] within [-1, 1], steering and speed."""


@dataclass(frozen=True, slots=True)
class Command:
    """What the car is told for one control period.

    Attributes:
        steering_angle: of a wheel midway between the front wheels, radians, left positive.
        speed: m/s.
    """

    steering_angle: float
    speed: float

    def __str__(self) -> str:
        return f"{degrees(self.steering_angle):g} deg {self.speed:g} m/s"


class ActionSpace(Protocol):
    """The way between actions, which a policy chooses, and commands, which a car follows."""

    @property
    def size(self) -> int:
        """Number of discrete actions, or of dimensions of a continuous one."""

    @property
    def is_discrete(self) -> bool:
        """Whether an action is one of a list."""

    def command(self, action: Action) -> Command:
        """What the car is told for `action`."""

    def action(self, command: Command) -> Action:
        """The action that gives `command`, or the nearest one."""

    def sample(self, rng: np.random.Generator) -> Action:
        """An action drawn uniformly."""


class DiscreteActionSpace:
    """A list of commands; an action is an index in it. Equal ones have the same list."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DiscreteActionSpace) and self.commands == other.commands

    def __hash__(self) -> int:
        return hash(self.commands)

    def __str__(self) -> str:
        return "the actions " + ", ".join(map(str, self.commands))

    def __init__(self, commands: Sequence[Command]) -> None:
        if not commands:
            raise ValueError("a discrete action space needs at least one command")
        self.commands = tuple(commands)
        self._index = {command: i for i, command in reversed(list(enumerate(self.commands)))}

    @property
    def size(self) -> int:
        """Number of commands."""
        return len(self.commands)

    @property
    def is_discrete(self) -> bool:
        """Always so."""
        return True

    def command(self, action: Action) -> Command:
        """The command at index `action`.

        Raises:
            ValueError: there is none.
        """
        index = int(action)
        if not 0 <= index < self.size:
            raise ValueError(f"action: expected an index within 0..{self.size - 1}, got {index}")
        return self.commands[index]

    def action(self, command: Command) -> int:
        """Index of the command that is `command`, or else the nearest; the first of equal ones.

        Steering and speed are compared as shares of what the car can do.
        """
        exact = self._index.get(command)
        if exact is not None:
            return exact
        return min(range(self.size), key=lambda index: _gap(self.commands[index], command))

    def sample(self, rng: np.random.Generator) -> int:
        """An index drawn uniformly."""
        return int(rng.integers(self.size))


class ContinuousActionSpace:
    """A range of steering angles and of speeds; an action is float32[2] within [-1, 1].

    Equal ones have the same range.
    """

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ContinuousActionSpace):
            return False
        return (self.low, self.high) == (other.low, other.high)

    def __hash__(self) -> int:
        return hash((self.low, self.high))

    def __str__(self) -> str:
        return f"actions from {self.low} to {self.high}"

    def __init__(self, low: Command, high: Command) -> None:
        if low.steering_angle > high.steering_angle or low.speed > high.speed:
            raise ValueError(f"expected low <= high, got low {low}, high {high}")
        self.low = low
        self.high = high

    @property
    def size(self) -> int:
        """Two dimensions: steering and speed."""
        return 2

    @property
    def is_discrete(self) -> bool:
        """Never so."""
        return False

    def command(self, action: Action) -> Command:
        """The command that `action` stands for; what lies outside [-1, 1] is clipped.

        Raises:
            ValueError: it is no pair of finite numbers.
        """
        values = np.asarray(action, dtype=np.float64)
        if values.shape != (2,) or not np.isfinite(values).all():
            raise ValueError(f"action: expected float32[2] of finite numbers, got {action!r}")
        steering, speed = values.tolist()
        return Command(
            _from_unit(steering, self.low.steering_angle, self.high.steering_angle),
            _from_unit(speed, self.low.speed, self.high.speed),
        )

    def action(self, command: Command) -> NDArray[np.float32]:
        """The action that gives `command`, clipped to the range: float32[2] within [-1, 1]."""
        return np.array(
            [
                _to_unit(command.steering_angle, self.low.steering_angle, self.high.steering_angle),
                _to_unit(command.speed, self.low.speed, self.high.speed),
            ],
            dtype=np.float32,
        )

    def sample(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """An action drawn uniformly, float32[2]."""
        return rng.uniform(-1.0, 1.0, size=2).astype(np.float32)


def _gap(first: Command, second: Command) -> float:
    steering = (first.steering_angle - second.steering_angle) / (2.0 * MAX_STEERING_ANGLE)
    speed = (first.speed - second.speed) / (SPEED_RANGE[1] - SPEED_RANGE[0])
    return steering * steering + speed * speed


def _from_unit(value: float, low: float, high: float) -> float:
    share = 0.5 * (min(max(value, -1.0), 1.0) + 1.0)
    # So that the ends are exact: low + (high - low) is not always high.
    return (1.0 - share) * low + share * high


def _to_unit(value: float, low: float, high: float) -> float:
    if high == low:
        return 0.0
    return min(max(2.0 * (value - low) / (high - low) - 1.0, -1.0), 1.0)
