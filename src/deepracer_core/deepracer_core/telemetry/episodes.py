"""What log and metrics say of the episodes of a worker."""

import logging
from collections.abc import Mapping

from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.journal import Loss
from deepracer_core.records_writer import RecordsWriter
from deepracer_core.rollout_publisher import RolloutPublisher
from deepracer_core.telemetry.identity import identify
from deepracer_core.telemetry.metrics import Metrics

_LOG = logging.getLogger(__name__)


class EpisodeTelemetry:
    """Logs the episodes of a worker and counts them; nothing in here waits for anything.

    Args:
        metrics: where the values go.
        buffer: what brings experience to Redis, if anything.
        writer: what keeps traces, if anything.
    """

    def __init__(
        self,
        metrics: Metrics,
        buffer: RolloutPublisher | None = None,
        writer: RecordsWriter | None = None,
    ) -> None:
        self._metrics = metrics
        self._buffer = buffer
        self._writer = writer
        self._episodes = 0
        self._steps = 0
        self._laps = 0
        self._lost = 0

    def ended(self, record: EpisodeRecord) -> None:
        """An episode has ended."""
        _LOG.info(
            "episode %d: %s, %.1f %% in %d steps (%.2f s), reward %.2f, model %s",
            record.number,
            record.status.value,
            record.progress,
            record.steps,
            record.duration_s,
            record.reward,
            record.policy_version,
            extra={
                "event": "episode",
                "episode": record.number,
                "version": record.policy_version,
                "mode": record.mode,
                "status": record.status.value,
                "progress": record.progress,
                "steps": record.steps,
                "seconds": record.duration_s,
                "reward": record.reward,
                "track": record.track,
            },
        )
        self._episodes += 1
        self._steps += record.steps
        self._laps += record.status is EpisodeStatus.LAP_COMPLETE
        self._metrics.record({**episode_values(record), **self._totals()})

    def lost(self, loss: Loss) -> None:
        """An episode was given up."""
        _LOG.warning(
            "episode %d: %s",
            loss.episode,
            loss.reason,
            extra={"event": "episode_lost", "episode": loss.episode, "reason": loss.reason},
        )
        self._lost += 1
        self._metrics.record(self._totals())

    def close(self) -> None:
        """Let go of the metrics, with the last totals."""
        self._metrics.record(self._totals())
        self._metrics.close()

    def _totals(self) -> dict[str, float]:
        totals: dict[str, float] = {
            "worker/episodes": self._episodes,
            "worker/steps": self._steps,
            "worker/laps": self._laps,
            "worker/lost_episodes": self._lost,
        }
        if self._buffer is not None:
            stats = self._buffer.stats
            totals["worker/delivered"] = stats.delivered
            totals["worker/undelivered"] = stats.dropped
            totals["worker/backlog"] = stats.backlog
        if self._writer is not None:
            totals["worker/untraced_episodes"] = self._writer.dropped
        return totals


def acts(episode: int, version: int) -> None:
    """Another model version drives from this episode on; it is that of all later events."""
    identify(episode=episode, version=version)
    _LOG.info(
        "episode %d: model %d acts from here on",
        episode,
        version,
        extra={"event": "model", "episode": episode, "version": version},
    )


def episode_values(record: EpisodeRecord) -> Mapping[str, float]:
    """Metrics of an episode: `episodes/...`, or `evaluations/...` of one without exploration."""
    group = "episodes" if record.mode == "training" else "evaluations"
    values: dict[str, float] = {
        f"{group}/reward": record.reward,
        f"{group}/progress": record.progress,
        f"{group}/steps": record.steps,
        f"{group}/seconds": record.duration_s,
        f"{group}/version": record.policy_version or 0,
    }
    if record.status is EpisodeStatus.LAP_COMPLETE:
        values[f"{group}/lap_seconds"] = record.duration_s
    return values
