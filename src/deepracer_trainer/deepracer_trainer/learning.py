"""What the training loop needs of a learner, whichever algorithm it has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import keras
import numpy as np
from deepracer_core.segment import Segment
from numpy.typing import NDArray

from deepracer_trainer.experience import Trajectory
from deepracer_trainer.replay import ReplayMemory

LARGEST_LOSS = 1e6
"""A loss, or the length of a gradient, that is larger has exploded: rewards are learnt from in a
unit of their own, advantages are normalised, and what is usual is about 1."""


class UpdateInterruptedError(Exception):
    """The update was asked to stop and has been undone."""


class NonFiniteLossError(ArithmeticError):
    """The loss or its gradient is no number or has exploded; the update has been undone.

    Attributes:
        steps: int[M], which of the update's N steps did it, or were in the minibatch that did.
    """

    def __init__(self, message: str, steps: NDArray[np.int64]) -> None:
        super().__init__(message)
        self.steps = steps


@dataclass(frozen=True, slots=True)
class LearnerState:
    """All that an update changes, so that it can be undone, stored and resumed exactly.

    Attributes:
        weights: of the networks, by name.
        optimizer: Adam's moments and its step count, by name.
        random: state of the generator that shuffles and draws.
        return_scale: the unit of what the networks say of rewards; 0 before the first update.
        steps: learnt from so far.
    """

    weights: dict[str, NDArray[np.float32]]
    optimizer: dict[str, NDArray[np.generic]]
    random: dict[str, object]
    return_scale: float
    steps: int = 0


class Learner(Protocol):
    """Turns trajectories into a better policy.

    Attributes:
        network: maps observations to the parameters of the policy's distribution, its first output.
        replay: the experience that it learns from again and again; None if it learns from each
            step in one update only, and then forgets it.
    """

    network: keras.Model
    replay: ReplayMemory | None

    def update(
        self, trajectories: Sequence[Trajectory], interrupted: Callable[[], bool] = lambda: False
    ) -> dict[str, float]:
        """Learn from trajectories; the learner changes, or is left as it was.

        Returns:
            Metrics, named `losses/...`.

        Raises:
            NonFiniteLossError: and the update is undone.
            UpdateInterruptedError: `interrupted` said so; the update is undone.
        """

    def samples(self, steps: int) -> int:
        """How many samples an update from so many steps learns from."""

    def fits(self, segment: Segment) -> bool:
        """Whether the network takes its observations and the policy has its actions."""

    def remember(self, version: int, keep: int) -> None:
        """Name the present weights `version`, and forget all but the `keep` newest before it."""

    def remember_weights(self, version: int, weights: dict[str, NDArray[np.float32]]) -> None:
        """Take in the weights of a version from before a restart."""

    def knows(self, version: int) -> bool:
        """Whether what that version did can be learnt from without its weights being read."""

    def state(self) -> LearnerState:
        """A copy of all that an update changes."""

    def restore(self, state: LearnerState) -> None:
        """Go back to a state; the learning rate stays the one configured."""
