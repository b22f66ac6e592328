"""What is known of one episode so far, and the segments that can be cut from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepracer_core.action_space import Action
from deepracer_core.observation import Observation
from deepracer_core.segment import Segment, SegmentMeta


@dataclass(frozen=True, slots=True)
class SegmentSource:
    """What all segments of a rollout share.

    Attributes:
        run: name of the training run.
        worker: index of the simulation worker.
        seed: of the worker.
        length: steps in a segment; the last one of an episode can be shorter.
        discrete: whether actions are indices.
    """

    run: str
    worker: int
    seed: int
    length: int
    discrete: bool


@dataclass(slots=True)
class _Moment:
    """A frame of the episode, the action that answered it, and the reward of that action."""

    time_ns: int
    observation: Observation | None = None
    action: Action | None = None
    reward: float = 0.0


class EpisodeExperience:
    """Collects an episode's frames, actions and rewards, in whatever order they become known.

    Frame k is what action k answers; reward k is known with frame k + 1. The first word on a
    frame's observation or action stands, later ones are duplicates. What a released segment alone
    needed is let go.

    Attributes:
        episode: its number.
        policy_version: that acts in it, when it is known.
    """

    def __init__(self, source: SegmentSource, episode: int, track: str, time_ns: int) -> None:
        self.episode = episode
        self.policy_version: int | None = None
        self._source = source
        self._track = track
        self._moments = [_Moment(time_ns)]
        self._index = {time_ns: 0}
        self._ended = False
        self._terminated = False
        self._truncated = False
        self._released_steps = 0

    def __contains__(self, time_ns: int) -> bool:
        """Whether a frame belongs to this episode."""
        return time_ns in self._index

    @property
    def steps(self) -> int:
        """Number of steps so far."""
        return len(self._moments) - 1

    @property
    def complete(self) -> bool:
        """The episode ended and everything of it was released."""
        return self._ended and self._released_steps == self.steps

    def add_step(self, time_ns: int, reward: float, *, terminated: bool, truncated: bool) -> None:
        """The frame at the end of one more step, and what that step earned."""
        self._moments[-1].reward = reward
        self._index[time_ns] = len(self._moments)
        self._moments.append(_Moment(time_ns))
        self._ended = terminated or truncated
        self._terminated, self._truncated = terminated, truncated

    def set_observation(self, time_ns: int, observation: Observation) -> None:
        """What was seen in one of its frames."""
        index = self._index[time_ns]
        moment = self._moments[index]
        if moment.observation is None and index >= self._released_steps:
            moment.observation = observation

    def set_action(self, time_ns: int, action: Action) -> None:
        """What was done about one of its frames."""
        index = self._index[time_ns]
        moment = self._moments[index]
        if moment.action is None and index >= self._released_steps:
            moment.action = action

    def take_segment(self) -> Segment | None:
        """The next segment, if everything of it is known."""
        first = self._released_steps
        last = min(first + self._source.length, self.steps)
        whole = last - first == self._source.length
        if last == first or not (whole or self._ended) or self.policy_version is None:
            return None
        steps, end = self._moments[first:last], self._moments[last]
        observations = [m.observation for m in (*steps, end) if m.observation is not None]
        actions = [m.action for m in steps if m.action is not None]
        if len(observations) <= len(steps) or len(actions) < len(steps):
            return None
        is_last = self._ended and last == self.steps
        segment = Segment(
            observations={
                sensor: np.stack([observation[sensor] for observation in observations])
                for sensor in observations[0]
            },
            actions=self._action_array(actions),
            rewards=np.array([m.reward for m in steps], dtype=np.float32),
            terminated=is_last and self._terminated,
            truncated=is_last and self._truncated,
            meta=SegmentMeta(
                run=self._source.run,
                worker=self._source.worker,
                episode=self.episode,
                segment=first // self._source.length,
                policy_version=self.policy_version,
                seed=self._source.seed,
                track=self._track,
                first_step=first + 1,
            ),
        )
        for moment in steps:
            moment.observation = None
        self._released_steps = last
        return segment

    def _action_array(self, actions: list[Action]) -> NDArray[np.int32] | NDArray[np.float32]:
        if self._source.discrete:
            return np.array(actions, dtype=np.int32)
        return np.array(actions, dtype=np.float32)

    def missing(self) -> str:
        """What the next segment still waits for, for the log."""
        if self.policy_version is None:
            return "no policy version was told"
        for moment in self._moments[self._released_steps :]:
            if moment.observation is None:
                return f"no observation of the frame at {moment.time_ns} ns came"
            if moment.action is None and moment is not self._moments[-1]:
                return f"no command for the frame at {moment.time_ns} ns came"
        return "its end was not seen"
