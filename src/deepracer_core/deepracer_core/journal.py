"""What happens on the graph, joined by frame time into segments and records."""

from dataclasses import dataclass, replace
from typing import TypeVar

from deepracer_core.action_space import Action
from deepracer_core.episode import EpisodeRecord
from deepracer_core.episode_experience import EpisodeExperience, SegmentSource
from deepracer_core.observation import Observation
from deepracer_core.segment import Segment

MAX_OPEN_EPISODES = 4
"""So many episodes at most are kept waiting for something that has not come."""

_MAX_EARLY = 64

_Event = TypeVar("_Event")


@dataclass(frozen=True, slots=True)
class Loss:
    """Experience that was given up, and why; for the log. No record is written of a broken episode.

    Attributes:
        episode: its number.
        reason: one sentence.
    """

    episode: int
    reason: str


@dataclass(slots=True)
class _OpenEpisode:
    """An episode of which something is still to come: a step, an event, its record's release."""

    experience: EpisodeExperience
    keeps_experience: bool = True
    ended: bool = False
    record: EpisodeRecord | None = None


class Journal:
    """Joins frames, observations, actions and policy versions of one worker's episodes.

    Frames come in order; the rest may come before or after its frame, and more than once.
    """

    def __init__(self, source: SegmentSource, *, awaits_policy: bool = True) -> None:
        """Prepare for the first episode.

        Args:
            source: what all segments share.
            awaits_policy: whether a record waits for the policy version that drove.
        """
        self._source = source
        self._awaits_policy = awaits_policy
        self._open: list[_OpenEpisode] = []
        self._next_episode = 0
        self._newest_ns = -1

        # Of frames and episodes that have not come yet.
        self._early_observations: dict[int, Observation] = {}
        self._early_actions: dict[int, Action] = {}
        self._early_versions: dict[int, int] = {}

        self._segments: list[Segment] = []
        self._records: list[EpisodeRecord] = []
        self._losses: list[Loss] = []

    def begin(
        self, episode: int, track: str, time_ns: int, *, keeps_experience: bool = True
    ) -> None:
        """An episode begins with a frame; without experience it is kept a record of, no more."""
        while len(self._open) >= MAX_OPEN_EPISODES:
            self._lose(self._open.pop(0))
        experience = EpisodeExperience(self._source, episode, track, time_ns)
        experience.policy_version = self._early_versions.pop(episode, None)
        self._open.append(_OpenEpisode(experience, keeps_experience))
        self._next_episode = episode + 1
        self._join(time_ns)

    def step(self, time_ns: int, reward: float, *, terminated: bool, truncated: bool) -> None:
        """A step of the episode that runs led to a frame."""
        self._open[-1].experience.add_step(
            time_ns, reward, terminated=terminated, truncated=truncated
        )
        self._join(time_ns)

    def end(self, record: EpisodeRecord) -> None:
        """The episode that runs has ended with the step before."""
        self._open[-1].ended = True
        self._open[-1].record = record
        self._release()

    def give_up(self, reason: str) -> None:
        """Forget the episode that runs, but for what was released of it."""
        opened = self._open.pop()
        self._losses.append(Loss(opened.experience.episode, reason))

    def frame(self, time_ns: int) -> None:
        """A frame was dealt with: what came early for it or for older ones is of no more use."""
        self._newest_ns = time_ns
        for early in (self._early_observations, self._early_actions):
            for old in [old for old in early if old <= time_ns]:
                del early[old]

    def clock_went_back(self, time_ns: int, reason: str) -> None:
        """Frames from `time_ns` on come anew, so that nothing more can be joined to older ones."""
        while self._open:
            self._lose(self._open.pop(0), reason)
        for early in (self._early_observations, self._early_actions):
            for old in [old for old in early if old != time_ns]:
                del early[old]

    def observation(self, time_ns: int, observation: Observation) -> None:
        """What was seen in a frame; it is kept, not copied."""
        opened = self._open_at(time_ns)
        if opened is not None:
            if opened.keeps_experience:
                opened.experience.set_observation(time_ns, observation)
                self._release()
        elif time_ns > self._newest_ns:
            _keep(self._early_observations, time_ns, observation)

    def action(self, time_ns: int, action: Action) -> None:
        """What was done about a frame."""
        opened = self._open_at(time_ns)
        if opened is not None:
            if opened.keeps_experience:
                opened.experience.set_action(time_ns, action)
                self._release()
        elif time_ns > self._newest_ns:
            _keep(self._early_actions, time_ns, action)

    def policy(self, episode: int, version: int) -> str | None:
        """Which policy version acts in an episode.

        Returns:
            Why the episode that runs cannot be used any more, if that is so.
        """
        if episode >= self._next_episode:
            _keep(self._early_versions, episode, version)
            return None
        for opened in self._open:
            experience = opened.experience
            if experience.episode != episode:
                continue
            if experience.policy_version is None:
                experience.policy_version = version
                self._release()
            elif experience.policy_version != version:
                reason = f"policy version {version} took over from {experience.policy_version}"
                if not opened.ended:
                    return reason
                self._open.remove(opened)
                self._lose(opened, reason)
            return None
        return None

    def take_segments(self) -> list[Segment]:
        """Complete segments, in the order in which they were driven."""
        taken, self._segments = self._segments, []
        return taken

    def take_records(self) -> list[EpisodeRecord]:
        """Of episodes that ended, in their order."""
        taken, self._records = self._records, []
        return taken

    def take_losses(self) -> list[Loss]:
        """What was given up."""
        taken, self._losses = self._losses, []
        return taken

    def _open_at(self, time_ns: int) -> _OpenEpisode | None:
        for opened in reversed(self._open):
            if time_ns in opened.experience:
                return opened
        return None

    def _join(self, time_ns: int) -> None:
        opened = self._open[-1]
        observation = self._early_observations.pop(time_ns, None)
        action = self._early_actions.pop(time_ns, None)
        if opened.keeps_experience:
            if observation is not None:
                opened.experience.set_observation(time_ns, observation)
            if action is not None:
                opened.experience.set_action(time_ns, action)
        self._release()

    def _release(self) -> None:
        """Let out what is complete: segments and records, each in strict order."""
        for opened in self._open:
            version = opened.experience.policy_version
            if opened.record is None:
                continue
            # An evaluation may be driven by hand: its record does not wait for a version.
            if version is None and self._awaits_policy:
                break
            self._records.append(replace(opened.record, policy_version=version))
            opened.record = None
        while self._open:
            first = self._open[0]
            while first.keeps_experience and (segment := first.experience.take_segment()):
                self._segments.append(segment)
            done = first.experience.complete if first.keeps_experience else True
            if not first.ended or first.record is not None or not done:
                return
            self._open.pop(0)

    def _lose(self, opened: _OpenEpisode, reason: str | None = None) -> None:
        if opened.record is not None:
            self._records.append(opened.record)
        if opened.keeps_experience:
            reason = reason or opened.experience.missing()
            self._losses.append(Loss(opened.experience.episode, reason))
        self._release()


def _keep(early: dict[int, _Event], key: int, event: _Event) -> None:
    """Keep an event for what it belongs to; of too many, the ones for the oldest go."""
    early.setdefault(key, event)
    if len(early) > _MAX_EARLY:
        del early[min(early)]
