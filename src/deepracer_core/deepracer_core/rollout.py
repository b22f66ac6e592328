"""The Markov decision process around the simulator: rewards, end states, resets, segments, records.

Free of ROS: a node feeds it what happens on the graph and publishes what it answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deepracer_core.action_space import ActionSpace, Command
from deepracer_core.episode import CarState, EpisodeRecord, EpisodeRules, EpisodeStatus
from deepracer_core.reward import RewardFunction
from deepracer_core.segment import Segment
from deepracer_core.starts import StartPositions


class ResetError(RuntimeError):
    """The simulator does not put the car where it is asked to."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a frame means in the race; the agent acts on it only when `to_act`.

    Attributes:
        time_ns: of the frame.
        episode: number of the episode that it belongs to or, while a reset is awaited, that comes.
        step: that led to it; 0 at the beginning of an episode and while a reset is awaited.
        status: of the episode; PREPARE at its beginning and while a reset is awaited.
        begins: the episode begins with this frame.
        progress: percent of the lap.
        reward: of the step that led to it.
    """

    time_ns: int
    episode: int
    step: int
    status: EpisodeStatus
    begins: bool
    progress: float = 0.0
    reward: float = 0.0

    @property
    def to_act(self) -> bool:
        """Whether the agent is to answer this frame with an action."""
        return self.begins or self.status is EpisodeStatus.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class Reset:
    """Put the car at rest at a pose.

    Attributes:
        time_ns: of the frame that this answers.
        x: metres.
        y: metres.
        yaw: radians.
    """

    time_ns: int
    x: float
    y: float
    yaw: float


@dataclass(frozen=True, slots=True)
class Loss:
    """Experience that was given up, and why; for the log. No record is written of a broken episode.

    Attributes:
        episode: its number.
        reason: one sentence.
    """

    episode: int
    reason: str


class Rollout:
    """Joins states, observations, commands and policy versions by frame time into experience.

    Events may come in any order between topics and more than once. Each call returns nothing;
    what it led to is drained by the `take_...` methods.
    """

    def __init__(
        self,
        reward_function: RewardFunction,
        action_space: ActionSpace,
        starts: StartPositions,
        rules: EpisodeRules,
        *,
        run: str,
        worker: int = 0,
        seed: int = 0,
        segment_length: int = 32,
        mode: Literal["training", "evaluation"] = "training",
        trials: int = 3,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        raise NotImplementedError

    def state(self, state: CarState) -> None:
        """The car in a new frame."""

    def observation(self, time_ns: int, image: NDArray[np.uint8]) -> None:
        """What the agent saw in a frame, uint8[H, W]; it is kept, not copied."""

    def command(self, time_ns: int, command: Command) -> None:
        """How the agent answered a frame."""

    def policy(self, episode: int, version: int) -> None:
        """Which policy version acts in an episode."""

    def take_judgements(self) -> list[Judgement]:
        """One for each state since the last call."""
        raise NotImplementedError

    def take_resets(self) -> list[Reset]:
        """What the simulator is to be asked for."""
        raise NotImplementedError

    def take_segments(self) -> list[Segment]:
        """Complete segments, in the order in which they were driven. None in evaluation."""
        raise NotImplementedError

    def take_records(self) -> list[EpisodeRecord]:
        """Of episodes that ended."""
        raise NotImplementedError

    def take_losses(self) -> list[Loss]:
        """Of experience that was given up."""
        raise NotImplementedError

    @property
    def finished(self) -> bool:
        """All trials of an evaluation are driven and recorded; never so in training."""
        raise NotImplementedError
