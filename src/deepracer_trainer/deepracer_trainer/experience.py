"""From segments, in whatever order they arrive, to the unbroken runs that are learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from deepracer_core.segment import Segment
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Trajectory:
    """An unbroken run of steps of one episode, driven by one policy version.

    Attributes:
        segments: consecutive segments; the last observation of each is the first of the next.
        before: [M, ...] of each sensor, the newest frames of the episode before the first one here,
            as far as they are known.
    """

    segments: tuple[Segment, ...]
    before: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of steps, T."""
        return sum(len(segment) for segment in self.segments)

    @property
    def policy_version(self) -> int:
        """The version that chose every action here."""
        return self.segments[0].meta.policy_version

    @property
    def terminated(self) -> bool:
        """The last step ended the race: nothing can be earned after it."""
        return self.segments[-1].terminated

    @property
    def ends_episode(self) -> bool:
        """The last step is the episode's last."""
        return self.segments[-1].terminated or self.segments[-1].truncated

    @property
    def rewards(self) -> NDArray[np.float32]:
        """float32[T]."""
        return np.concatenate([segment.rewards for segment in self.segments])

    @property
    def actions(self) -> NDArray[np.int32] | NDArray[np.float32]:
        """int32[T] or float32[T, dimensions]."""
        return np.concatenate([segment.actions for segment in self.segments])

    @property
    def sensors(self) -> tuple[str, ...]:
        """Whose observations these are."""
        return tuple(self.segments[0].observations)

    def observations(self, sensor: str) -> list[NDArray[np.generic]]:
        """[T + 1, ...] of one sensor in pieces that follow each other, nothing copied."""
        pieces = [segment.observations[sensor][:-1] for segment in self.segments]
        return [*pieces, self.segments[-1].observations[sensor][-1:]]

    def history(self, stack_size: int) -> dict[str, list[NDArray[np.generic]]]:
        """[stack_size - 1, ...] of each sensor in pieces: what the first stack begins with.

        Before an episode's first frame, and before what is known of it, lie copies of the oldest.
        """
        needed = stack_size - 1
        history = {}
        for sensor, array in self.segments[0].observations.items():
            known = self.before.get(sensor, array[:0])[-needed or len(array) :]
            oldest = np.concatenate([known, array[:1]])[:1]
            history[sensor] = [np.repeat(oldest, needed - len(known), axis=0), known]
        return history

    def newest(self, stack_size: int) -> dict[str, NDArray[np.generic]]:
        """The frames of each sensor that a stack after this trajectory's last row begins with."""
        return {
            sensor: np.concatenate(
                [self.before.get(sensor, array[:0]), *self.observations(sensor)]
            )[-stack_size:-1]
            for sensor, array in self.segments[0].observations.items()
        }


@dataclass(frozen=True, slots=True)
class Iteration:
    """What one update learns from.

    Attributes:
        trajectories: in a fixed order: by worker, episode, step.
        identifiers: of all segments that belong to it, to be acknowledged after the update.
        episodes: number of episodes that ended in it.
        steps: number of steps in it.
        returns: reward of each of the episodes of which every step was seen.
    """

    trajectories: tuple[Trajectory, ...]
    identifiers: tuple[int, ...]
    episodes: int
    steps: int
    returns: tuple[float, ...]


class Collector:
    """Gathers segments until there is enough for one update.

    Enough is `episodes` ended episodes, as the public hyperparameter num_episodes_between_training
    has it, or `steps` steps, so that long episodes late in training do not starve the learner.
    With a `stack_size` above 1 it keeps the frames that the stacks of what is to come begin with.
    """

    def __init__(self, *, episodes: int, steps: int, stack_size: int = 1) -> None:
        self._episodes = episodes
        self._steps = steps
        self._stack_size = stack_size
        self._last: dict[int, Trajectory] = {}
        self._segments: dict[tuple[int, int, int, int], Segment] = {}
        self._identifiers: list[int] = []

    @property
    def episodes(self) -> int:
        """Ended episodes gathered so far."""
        return sum(segment.terminated or segment.truncated for segment in self._segments.values())

    @property
    def steps(self) -> int:
        """Steps gathered so far."""
        return sum(len(segment) for segment in self._segments.values())

    @property
    def is_ready(self) -> bool:
        """There is enough for an update."""
        return self.episodes >= self._episodes or self.steps >= self._steps

    def add(self, identifier: int, segment: Segment) -> None:
        """Take one segment in. The same one delivered twice counts once."""
        meta = segment.meta
        self._segments[meta.worker, meta.policy_version, meta.episode, meta.segment] = segment
        self._identifiers.append(identifier)

    def take(self) -> Iteration:
        """Hand out all that was gathered and begin anew."""
        ordered = [self._segments[key] for key in sorted(self._segments)]
        trajectories = tuple(self._continued(each) for each in _join(ordered))
        iteration = Iteration(
            trajectories=trajectories,
            identifiers=tuple(self._identifiers),
            episodes=self.episodes,
            steps=self.steps,
            returns=tuple(
                float(trajectory.rewards.sum(dtype=np.float64))
                for trajectory in trajectories
                if trajectory.ends_episode and trajectory.segments[0].meta.segment == 0
            ),
        )
        self._segments = {}
        self._identifiers = []
        return iteration

    def _continued(self, trajectory: Trajectory) -> Trajectory:
        """With the frames before it, if its episode began in the iteration before."""
        if self._stack_size == 1:
            return trajectory
        first = trajectory.segments[0]
        last = self._last.get(first.meta.worker)
        if last is not None and follows(last.segments[-1], first):
            trajectory = replace(trajectory, before=last.newest(self._stack_size))
        self._last[first.meta.worker] = trajectory
        return trajectory


def name_segments(trajectories: Sequence[Trajectory], steps: NDArray[np.int64]) -> list[str]:
    """Which segments some steps are of, for a message.

    Args:
        trajectories: that were learnt from.
        steps: int[M], indices of steps, counted over all trajectories in their order.
    """
    segments = [segment for trajectory in trajectories for segment in trajectory.segments]
    ends = np.cumsum([len(segment) for segment in segments])
    return [
        f"worker {meta.worker} episode {meta.episode} segment {meta.segment}"
        for index in np.unique(np.searchsorted(ends, steps, side="right")).tolist()
        for meta in [segments[index].meta]
    ]


def _join(segments: Sequence[Segment]) -> tuple[Trajectory, ...]:
    """Join consecutive segments of an episode; a gap (a segment was lost) begins a new run."""
    runs: list[list[Segment]] = []
    for segment in segments:
        if runs and follows(runs[-1][-1], segment):
            runs[-1].append(segment)
        else:
            runs.append([segment])
    return tuple(Trajectory(tuple(run)) for run in runs)


def follows(first: Segment, second: Segment) -> bool:
    """Whether an episode goes on in `second` where it was left in `first`."""
    a, b = first.meta, second.meta
    return (
        (a.worker, a.policy_version, a.episode) == (b.worker, b.policy_version, b.episode)
        and a.segment + 1 == b.segment
        and not (first.terminated or first.truncated)
    )
