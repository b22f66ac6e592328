"""The memory of off-policy learning: steps from many policies, to draw from again and again.

One ring of rows. A row is what was seen, and, unless it is the last of an unbroken run, what was
done then and earned; the row after it is what that led to. So each frame is kept once, as it came.

Rows are numbered from the first ever written; `NUMBER % capacity` is the place in the ring.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from deepracer_core.segment import Segment
from numpy.typing import NDArray

from deepracer_trainer.experience import Trajectory, follows
from deepracer_trainer.stacking import stacked

MAX_BYTES = 512 * 2**20
"""Of observations: 27 thousand pictures of the front camera. So many are in Redis, too."""


@dataclass(frozen=True, slots=True)
class Transitions:
    """B steps.

    Attributes:
        seen: [B, ...] of each sensor, stacked.
        actions: int32[B] or float32[B, D].
        rewards: float32[B].
        after: [B, ...] of each sensor, what the action led to.
        terminated: float32[B], 1 where nothing can be earned after the step.
    """

    seen: Mapping[str, NDArray[Any]]
    actions: NDArray[Any]
    rewards: NDArray[np.float32]
    after: Mapping[str, NDArray[Any]]
    terminated: NDArray[np.float32]


class ReplayMemory:
    """Keeps the newest steps.

    Args:
        stack_size: camera frames in one observation.
        max_bytes: most bytes of observations.
    """

    def __init__(self, stack_size: int = 1, max_bytes: int = MAX_BYTES) -> None:
        self._stack_size = stack_size
        self._max_bytes = max_bytes
        self._rows: dict[str, NDArray[Any]] = {}
        self._capacity = 0
        self._last: Segment | None = None
        self.written = 0
        """Rows ever written: the number of the next one."""

    def add(self, trajectory: Trajectory) -> None:
        """Write a trajectory behind what is there, the oldest rows giving way.

        A segment that goes on where the one written before it ended shares that one's last row.
        """
        for number, segment in enumerate(trajectory.segments):
            if not self._rows:
                self._allocate(segment)
            seen = {sensor: array[1:] for sensor, array in segment.observations.items()}
            if self._last is None or not follows(self._last, segment):
                lead = trajectory.history(self._stack_size) if number == 0 else {}
                seen = {
                    sensor: np.concatenate([*lead.get(sensor, ()), array])
                    for sensor, array in segment.observations.items()
                }
            self._write(seen, segment)
            self._last = segment

    def forget(self, since: int) -> None:
        """Never draw the rows written from number `since` on."""
        if self.written > since:
            # The row before them, the last one then, may have got an action since.
            first = max(since - 1, 0)
            self._rows["acted"][self._places(np.arange(first, self.written))] = False
            self._last = None

    def drawable(self) -> NDArray[np.int64]:
        """Numbers of the rows that a step begins with, oldest first."""
        if not self._rows:
            return np.empty(0, np.int64)
        # What lies in a stack with the oldest rows may be overwritten already.
        oldest = max(0, self.written - self._capacity + self._stack_size - 1)
        numbers = np.arange(oldest, self.written)
        return numbers[self._rows["acted"][self._places(numbers)]]

    def read(self, numbers: NDArray[np.int64]) -> Transitions:
        """The steps that begin with these rows, of those that are drawable."""
        places = self._places(numbers)
        return Transitions(
            seen=self._observations(numbers),
            actions=self._rows["actions"][places],
            rewards=self._rows["rewards"][places],
            after=self._observations(numbers + 1),
            terminated=self._rows["terminated"][places],
        )

    def origins(self, numbers: NDArray[np.int64]) -> list[str]:
        """Which segments these rows are of, for a message."""
        found = np.unique(self._rows["origin"][self._places(numbers)], axis=0)
        return [f"worker {w} episode {e} segment {s}" for w, e, s in found.tolist()]

    def _allocate(self, segment: Segment) -> None:
        self._sensors = {
            sensor: (array.shape[1:], array.dtype) for sensor, array in segment.observations.items()
        }
        row = sum(array[0].nbytes for array in segment.observations.values())
        # A segment and its stack must fit, however small the bound.
        self._capacity = max(self._max_bytes // row, 2 * len(segment) + self._stack_size)
        fields: Iterable[tuple[str, tuple[int, ...], Any]] = (
            *((sensor, shape, dtype) for sensor, (shape, dtype) in self._sensors.items()),
            ("actions", segment.actions.shape[1:], segment.actions.dtype),
            ("rewards", (), np.float32),
            ("terminated", (), np.float32),
            ("acted", (), np.bool_),
            ("origin", (3,), np.int64),
        )
        self._rows = {
            name: np.zeros((self._capacity, *shape), dtype) for name, shape, dtype in fields
        }

    def _write(self, seen: Mapping[str, NDArray[Any]], segment: Segment) -> None:
        count = len(next(iter(seen.values())))
        new = self._places(np.arange(self.written, self.written + count))
        for sensor, array in seen.items():
            self._rows[sensor][new] = array
        self._rows["acted"][new] = False
        self.written += count
        steps = np.arange(self.written - 1 - len(segment), self.written - 1)
        places = self._places(steps)
        meta = segment.meta
        self._rows["actions"][places] = segment.actions
        self._rows["rewards"][places] = segment.rewards
        self._rows["terminated"][places] = 0.0
        self._rows["terminated"][places[-1]] = segment.terminated
        self._rows["acted"][places] = True
        self._rows["origin"][places] = (meta.worker, meta.episode, meta.segment)

    def _observations(self, numbers: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        return {
            sensor: stacked(sensor, self._rows[sensor], numbers, self._stack_size)
            for sensor in self._sensors
        }

    def _places(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        return numbers % self._capacity
