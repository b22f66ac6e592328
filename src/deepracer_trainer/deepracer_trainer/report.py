"""What log, metrics and event files say of a training."""

import logging
from collections.abc import Mapping, Sequence

from deepracer_core.episode import EpisodeRecord
from deepracer_core.experience_ledger import BufferStats
from deepracer_core.telemetry.identity import identify
from deepracer_core.telemetry.metrics import Metrics

from deepracer_trainer.best_version import Standing
from deepracer_trainer.event_files import EventFiles

_LOG = logging.getLogger(__name__)


class TrainingReport:
    """Tells how the training gets on; nothing in here waits for anything.

    Args:
        metrics: where values go.
        event_files: where TensorBoard finds them, if anywhere.

    Attributes:
        last_episode: id in Redis of the last episode that was told of; "0" before the first. It is
            kept in each version, so that after a restart none is told of twice.
    """

    def __init__(self, metrics: Metrics, event_files: EventFiles | None = None) -> None:
        self.last_episode = "0"
        self._metrics = metrics
        self._event_files = event_files

    def resumed(self, version: int, counters: Mapping[str, int], last_episode: str) -> None:
        """The training goes on from a version.

        Args:
            version: its number.
            counters: what it has learnt from.
            last_episode: see `last_episode`, of the time when it was made.
        """
        self.last_episode = last_episode
        identify(version=version)
        _LOG.info(
            "resumed version=%d %s",
            version,
            _fields(counters),
            extra={"event": "resumed", "version": version, **counters},
        )

    def episodes(self, records: Sequence[tuple[str, EpisodeRecord]]) -> None:
        """Episodes have ended.

        Args:
            records: each with its id, in the order of these.
        """
        new = [record for name, record in records if _number(name) > _number(self.last_episode)]
        if new:
            self.last_episode = records[-1][0]
            if self._event_files is not None:
                self._event_files.episodes(new)

    def iteration(
        self,
        version: int,
        counters: Mapping[str, int],
        publish_s: float,
        metrics: Mapping[str, float],
        dropped: Mapping[str, int],
        standing: Standing | None = None,
        buffer: BufferStats | None = None,
    ) -> None:
        """A version has been stored.

        Args:
            version: its number.
            counters: what it has learnt from, all in all.
            publish_s: how long it took to store it, seconds.
            metrics: of its update, by their names.
            dropped: segments since the start, by reason.
            standing: of the version that drives best, as far as there is one.
            buffer: what it holds and has seen, if that is known.
        """
        identify(version=version)
        _LOG.info(
            "iteration version=%d %s publish_s=%.2f %s",
            version,
            _fields(counters),
            publish_s,
            _fields({**metrics, **dropped}),
            extra={"event": "iteration", "version": version, **counters, **metrics, **dropped},
        )
        values: dict[str, float] = {
            "charts/version": version,
            "charts/iterations": counters["iteration"],
            "charts/episodes": counters["episodes"],
            "charts/steps": counters["steps"],
            "charts/samples": counters["samples"],
            **{f"charts/{reason}_segments": count for reason, count in dropped.items()},
            "charts/publish_seconds": publish_s,
            **metrics,
        }
        if standing is not None:
            values["charts/best_version"] = standing.version
            values["charts/best_completion"] = standing.mean_completion
        if buffer is not None:
            values["buffer/segments"] = buffer.segments
            values["buffer/bytes"] = buffer.bytes
            values["buffer/appended"] = buffer.appended
            values["buffer/evicted"] = buffer.evicted
            values["buffer/late"] = buffer.late
            values["buffer/lost"] = buffer.lost
        self._metrics.record(values)
        if self._event_files is not None:
            self._event_files.update(values, counters["steps"])

    def undone(self, updates: int, text: str) -> None:
        """An update broke and was undone; what it learnt from is given up.

        Args:
            updates: how many so far.
            text: what was wrong, and where.
        """
        _LOG.error("update undone, its experience is given up: %s", text, extra={"event": "undone"})
        self._metrics.record({"charts/undone_updates": updates})

    def ended(self, version: int, counters: Mapping[str, int], laps_in_a_row: int) -> None:
        """The training is over."""
        _LOG.info(
            "training ended version=%d %s laps_in_a_row=%d",
            version,
            _fields(counters),
            laps_in_a_row,
            extra={"event": "ended", "version": version, **counters},
        )

    def close(self) -> None:
        """Write what is left, for a moment at most."""
        if self._event_files is not None:
            self._event_files.close()
        self._metrics.close()


def _number(name: str) -> tuple[int, int]:
    """The id of an entry of a stream, MILLISECONDS-COUNT, as it is to be compared."""
    milliseconds, _, count = name.partition("-")
    return int(milliseconds), int(count or 0)


def _fields(values: Mapping[str, float]) -> str:
    """name=value of each, the part of a name after its slash, four digits of a fraction."""
    return " ".join(
        f"{name.rpartition('/')[2]}={value:.4g}"
        if isinstance(value, float)
        else f"{name.rpartition('/')[2]}={value}"
        for name, value in values.items()
    )
