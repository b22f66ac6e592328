"""Which model version drives best, judged by the evaluations that it drove during the training."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

import redis
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.model_store import ModelNotFound, ModelStore, StoreUnavailable
from deepracer_core.redis_connection import is_outage
from deepracer_core.run_status import RunStatus

_LOG = logging.getLogger(__name__)


_Course = tuple[str, bool]
"""A track's name, and whether it is driven the other way."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How well one version has driven.

    Attributes:
        version: its number.
        episodes: how many evaluations it drove.
        mean_completion: of the lap, percent.
        mean_lap_s: of its complete laps, simulated seconds; None without one.
    """

    version: int
    episodes: int
    mean_completion: float
    mean_lap_s: float | None

    @property
    def rank(self) -> tuple[float, float]:
        """Higher is better: completion first, then the lap time."""
        return self.mean_completion, -(self.mean_lap_s or float("inf"))


class Standings:
    """Sums up the evaluations of each version.

    Where the workers drive on several tracks, a version is judged when it was evaluated on each of
    those on which any has been: one that only drove on an easy track is no better for it.

    Args:
        champion: the best version so far, as it was judged before a restart.
    """

    def __init__(self, champion: Standing | None = None) -> None:
        self._champion = champion
        self._courses: dict[int, set[_Course]] = {}
        self._completions: dict[int, list[float]] = {}
        self._laps: dict[int, list[float]] = {}

    def add(self, records: Iterable[EpisodeRecord]) -> None:
        """Take episodes in; those of training or without a model are left out."""
        for record in records:
            if record.mode != "evaluation" or not record.policy_version:
                continue
            course = (record.track, record.reversed)
            self._courses.setdefault(record.policy_version, set()).add(course)
            self._completions.setdefault(record.policy_version, []).append(record.progress)
            if record.status is EpisodeStatus.LAP_COMPLETE:
                self._laps.setdefault(record.policy_version, []).append(record.duration_s)

    def standing(self, version: int) -> Standing | None:
        """Of one version; None before it was evaluated on each track."""
        completions = self._completions.get(version, [])
        if self._champion and version == self._champion.version:
            # Its records from before the restart may be gone, or may be read once more.
            if len(completions) <= self._champion.episodes:
                return self._champion
        elif self._courses.get(version) != set().union(*self._courses.values()):
            return None
        laps = self._laps.get(version)
        return Standing(
            version, len(completions), fmean(completions), fmean(laps) if laps else None
        )

    def forget(self, version: int) -> None:
        """Leave a version out from now on: there is no such model any more."""
        self._courses.pop(version, None)
        self._completions.pop(version, None)
        self._laps.pop(version, None)
        if self._champion and version == self._champion.version:
            self._champion = None

    def best(self) -> Standing | None:
        """The version that drives best, of equal ones the newest."""
        versions = set(self._completions) | ({self._champion.version} if self._champion else set())
        judged = [each for version in versions if (each := self.standing(version))]
        return max(judged, key=lambda each: (each.rank, each.version), default=None)


class BestVersion:
    """Keeps the store pointing at the version that drives best.

    Args:
        status: where the episode records are.
        store: where the versions are.
        on_episodes: is told of all records, in their order.

    Attributes:
        standing: of the best version; None before the first.
        most_laps_in_a_row: complete laps that followed on one another in evaluations, driven by
            versions that were learnt since this object was made, on any worker.
    """

    def __init__(
        self,
        status: RunStatus,
        store: ModelStore,
        on_episodes: Callable[[Sequence[tuple[str, EpisodeRecord]]], None] = lambda _: None,
    ) -> None:
        self._status = status
        self._store = store
        self._on_episodes = on_episodes
        self._standings = Standings()
        self._last_record = "0"
        self._is_due = False
        self._resumed_version = 0
        self._laps_in_a_row = 0
        self.standing: Standing | None = None
        self.most_laps_in_a_row = 0

    def resume(self, version: int) -> None:
        """Take over what the store says of the best version so far.

        Args:
            version: that the training goes on from.

        Raises:
            StoreError: it cannot be read.
        """
        self._resumed_version = version
        info = self._store.best_info()
        if info is not None:
            self.standing = Standing(**info)
            self._standings = Standings(self.standing)

    def judge(self) -> None:
        """Read the new episode records and move the pointer; in an outage, leave it for later."""
        try:
            records = self._status.episodes(after=self._last_record)
        except redis.RedisError as error:
            if not is_outage(error):
                raise
            return
        if records:
            self._standings.add(record for _, record in records)
            self._count_laps(record for _, record in records)
            self._on_episodes(records)
            self._last_record = records[-1][0]
            self._is_due = True
        if self._is_due:
            self._is_due = not self._point_to(self._standings.best())

    def _count_laps(self, records: Iterable[EpisodeRecord]) -> None:
        for record in records:
            # A resumed run finds the laps there that ended it; it is to be trained on.
            if record.mode != "evaluation" or (record.policy_version or 0) <= self._resumed_version:
                continue
            is_lap = record.status is EpisodeStatus.LAP_COMPLETE
            self._laps_in_a_row = self._laps_in_a_row + 1 if is_lap else 0
            self.most_laps_in_a_row = max(self.most_laps_in_a_row, self._laps_in_a_row)

    def _point_to(self, best: Standing | None) -> bool:
        """Whether the store points to the best, as far as that is known."""
        if best is None or best == self.standing:
            return True
        try:
            self._store.set_best(best.version, asdict(best))
        except StoreUnavailable:
            return False
        except ModelNotFound:
            self._forget_removed(best.version)
            return False
        if self.standing is None or best.version != self.standing.version:
            _LOG.info(
                "best version=%d mean_completion=%.1f episodes=%d",
                best.version,
                best.mean_completion,
                best.episodes,
            )
        self.standing = best
        return True

    def _forget_removed(self, version: int) -> None:
        """Leave out a version that has been removed since it drove; one may also be yet to come."""
        try:
            newest = self._store.latest() or 0
        except StoreUnavailable:
            return
        if version < newest:
            self._standings.forget(version)
