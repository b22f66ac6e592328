"""The metrics of a process, and where they go."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Protocol

from deepracer_core.telemetry.identity import current_identity
from deepracer_core.telemetry.log import undelivered_events
from deepracer_core.telemetry.metric_table import BY_NAME
from deepracer_core.telemetry.settings import TelemetrySettings


class MetricSink(Protocol):
    """A place where metrics go."""

    def record(self, values: Mapping[str, float]) -> None:
        """Take finite values by the names of `metric_table`; returns at once."""

    def close(self) -> None:
        """Write what is left, for a moment at most."""


class Metrics:
    """Hands values on to all sinks.

    Args:
        sinks: where they go.
        dropped: how many events and values were lost on the way, if that can be.
    """

    def __init__(
        self, sinks: Sequence[MetricSink] = (), dropped: Callable[[], int] | None = None
    ) -> None:
        self._sinks = tuple(sinks)
        self._dropped = dropped

    def record(self, values: Mapping[str, float]) -> None:
        """Hand values on; returns at once. What is no number is left out.

        Args:
            values: by the names of `metric_table`; of a counter, the total.

        Raises:
            KeyError: there is no such metric.
        """
        for name in values:
            BY_NAME[name]
        finite = {name: float(value) for name, value in values.items() if isfinite(value)}
        if self._dropped is not None:
            finite["telemetry/dropped"] = float(self._dropped())
        for sink in self._sinks:
            sink.record(finite)

    def close(self) -> None:
        """Let go of all sinks."""
        for sink in self._sinks:
            sink.close()


def open_metrics(settings: TelemetrySettings) -> Metrics:
    """The metrics of this process, which has said who it is.

    Args:
        settings: where they go.

    Raises:
        ConfigurationError: Prometheus cannot be answered at that address.
    """
    sinks: list[MetricSink] = []
    port = settings.port_of(current_identity().worker)
    # Only those wait for what they need who use it.
    if port:
        from deepracer_core.telemetry.prometheus import Exporter

        sinks.append(Exporter(settings.metrics_host, port))
    if settings.sends_metrics:
        from deepracer_core.telemetry.cloudwatch_metrics import CloudWatchMetrics

        cloudwatch = CloudWatchMetrics()
        sinks.append(cloudwatch)
        return Metrics(sinks, lambda: undelivered_events() + cloudwatch.delivery.dropped)
    return Metrics(sinks)
