"""What Prometheus is answered: the newest values, on http://HOST:PORT/metrics."""

import threading
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from deepracer_core.errors import ConfigurationError
from deepracer_core.telemetry.identity import current_identity
from deepracer_core.telemetry.metric_table import BY_NAME


class Exporter:
    """Answers scrapes on a thread of its own, with this process's memory and CPU time besides.

    Each value has the labels `run` and `worker`; the trainer's worker is empty.

    Args:
        host: address to answer on.
        port: the same; 0 takes a free one.

    Attributes:
        port: on which it answers.

    Raises:
        ConfigurationError: it cannot be answered there.
    """

    def __init__(self, host: str, port: int) -> None:
        self._values: dict[str, float] = {}
        self._lock = threading.Lock()
        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(registry=registry)
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except (OSError, OverflowError) as error:
            raise ConfigurationError(
                f"metrics cannot be served at {host}:{port} ({error}): choose another"
                " metrics_port, or another metrics_host, an address of this machine"
            ) from error
        self.port: int = self._server.server_port

    def record(self, values: Mapping[str, float]) -> None:
        """See `MetricSink`."""
        with self._lock:
            self._values.update(values)

    def collect(self) -> Iterator[Metric]:
        """What prometheus_client asks for at each scrape."""
        with self._lock:
            values = dict(self._values)
        who = current_identity()
        labels = {
            "run": who.run or "",
            "worker": "" if who.worker is None else str(who.worker),
        }
        for name, value in values.items():
            metric = BY_NAME[name]
            family = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            answer = family(metric.prometheus_name, metric.meaning, labels=list(labels))
            answer.add_metric(list(labels.values()), value)
            yield answer

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
