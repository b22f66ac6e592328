"""How a training job is getting on: what the display shows, computed from the episodes' records."""

from collections import deque
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from deepracer_core.episode import EpisodeRecord, EpisodeStatus

RECENT_EPISODES = 20
"""Episodes that the mean reward and the mean progress are taken over."""

SPEED_WINDOW_S = 30.0
"""Seconds that the steps per second are taken over."""


class JobProgress:
    """Sums up a job's episodes; fed in the order in which they ended.

    Laps and speed are those of all of them, the rest is about the training episodes.
    """

    def __init__(self) -> None:
        self.episodes = 0
        self.steps = 0
        self.laps = 0
        self.best_lap_s: float | None = None
        self.trainer: Mapping[str, Any] = {}
        self._progress_of: dict[int, list[float]] = {}
        self._recent: deque[EpisodeRecord] = deque(maxlen=RECENT_EPISODES)
        self._speed: deque[tuple[float, int]] = deque()

    def add(self, record: EpisodeRecord) -> None:
        """Take an episode into the sums."""
        self._speed.append((record.wall_clock, record.steps))
        if record.mode == "training":
            self.episodes += 1
            self.steps += record.steps
            self._recent.append(record)
            # A worker that was never told of a model drives at random, as version 0 does.
            self._progress_of.setdefault(record.policy_version or 0, []).append(record.progress)
        if record.status == EpisodeStatus.LAP_COMPLETE:
            self.laps += 1
            if self.best_lap_s is None or record.duration_s < self.best_lap_s:
                self.best_lap_s = record.duration_s

    @property
    def policy_version(self) -> int:
        """The newest policy that has driven an episode to its end."""
        return max(self._progress_of, default=0)

    @property
    def iteration(self) -> int:
        """Rounds of rollouts and learning that are complete."""
        return int(self.trainer.get("iteration", self.policy_version))

    @property
    def best_version(self) -> int | None:
        """The model version that got furthest in its evaluations."""
        return self.trainer.get("best_version")

    @property
    def best_completion(self) -> float | None:
        """How far that one got, percent of a lap."""
        return self.trainer.get("best_mean_completion")

    @property
    def dropped_segments(self) -> int:
        """Segments that the trainer could not learn from: too old, or broken."""
        return sum(int(self.trainer.get(f"{why}_segments", 0)) for why in ("stale", "broken"))

    @property
    def mean_reward(self) -> float | None:
        """Mean sum of rewards of the recent episodes."""
        return fmean(record.reward for record in self._recent) if self._recent else None

    @property
    def mean_progress(self) -> float | None:
        """Mean progress of the recent episodes, per cent."""
        return fmean(record.progress for record in self._recent) if self._recent else None

    @property
    def last_statuses(self) -> list[EpisodeStatus]:
        """How the recent episodes ended, oldest first."""
        return [record.status for record in self._recent]

    def progress_by_version(self) -> list[float]:
        """Mean progress of each policy version's episodes, per cent, oldest version first."""
        return [fmean(self._progress_of[version]) for version in sorted(self._progress_of)]

    def steps_per_second(self, now: float) -> float | None:
        """Steps of the episodes that ended in the last half minute, for each second of it.

        Args:
            now: seconds of the Unix clock, as in the records.
        """
        while self._speed and self._speed[0][0] < now - SPEED_WINDOW_S:
            self._speed.popleft()
        if len(self._speed) < 2:
            return None
        # The first episode only marks where the counting begins: its steps were made before.
        elapsed = max(now, self._speed[-1][0]) - self._speed[0][0]
        steps = sum(steps for _, steps in list(self._speed)[1:])
        return steps / elapsed if elapsed > 0 else None
