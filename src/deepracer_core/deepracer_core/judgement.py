"""What the race says to a frame: how the episode stands, and where the car is to be put."""

from dataclasses import KW_ONLY, dataclass

from deepracer_core.conditions import Conditions
from deepracer_core.episode import EpisodeStatus
from deepracer_core.simulation import ObjectPose


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a frame means in the race; the agent acts on it only when `to_act`.

    Attributes:
        time_ns: of the frame.
        episode: number of the episode that it belongs to or, while a reset is awaited, that comes.
        step: that led to it; 0 at the beginning of an episode and while a reset is awaited.
        status: of the episode; PREPARE at its beginning and while a reset is awaited, PAUSE while
            the car is put back within it.
        begins: the episode begins with this frame.
        needed_version: an episode does not begin with an older model.
        evaluates: the episode is an evaluation: the agent does not explore.
        progress: percent of the lap.
        reward: of the step that led to it.
        total_reward: of the episode so far.
        time_s: of the episode so far, with the penalties for being put back, seconds.
    """

    time_ns: int
    episode: int
    step: int
    status: EpisodeStatus
    begins: bool
    _: KW_ONLY
    needed_version: int = 0
    evaluates: bool = False
    progress: float = 0.0
    reward: float = 0.0
    total_reward: float = 0.0
    time_s: float = 0.0

    @property
    def to_act(self) -> bool:
        """Whether the agent is to answer this frame with an action."""
        return self.begins or self.status is EpisodeStatus.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the objects of the race are to be in the frame after one, whatever answers that one.

    Attributes:
        time_ns: of the frame that this answers.
        objects: all of them.
    """

    time_ns: int
    objects: tuple[ObjectPose, ...]


@dataclass(frozen=True, slots=True)
class Reset:
    """Put the car at rest at a pose.

    Attributes:
        time_ns: of the frame that this answers.
        x: metres.
        y: metres.
        yaw: radians.
        conditions: of the episode that follows or goes on; None where nothing is randomised.
    """

    time_ns: int
    x: float
    y: float
    yaw: float
    conditions: Conditions | None = None
