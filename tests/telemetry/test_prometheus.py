"""The scrape endpoint, asked over HTTP and read by Prometheus's own parser."""

import socket
import urllib.request

import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.telemetry.identity import identify
from deepracer_core.telemetry.metrics import Metrics, open_metrics
from deepracer_core.telemetry.prometheus import Exporter
from deepracer_core.telemetry.settings import TelemetrySettings
from prometheus_client.parser import text_string_to_metric_families


@pytest.fixture
def exporter():
    exporter = Exporter("127.0.0.1", 0)
    yield exporter
    exporter.close()


def scrape(port: int) -> dict:
    """Families by name."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10.0) as answer:
        text = answer.read().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def test_the_newest_values_are_answered_with_run_and_worker(run, exporter):
    metrics = Metrics([exporter])
    metrics.record({"episodes/reward": 1.0, "worker/steps": 10})
    metrics.record({"episodes/reward": 2.5, "worker/steps": 30})
    families = scrape(exporter.port)
    reward = families["deepracer_episodes_reward"]
    assert (reward.type, reward.documentation) == ("gauge", "sum of rewards of the last episode")
    (sample,) = reward.samples
    assert sample.value == 2.5
    assert sample.labels == {"run": run, "worker": "1"}
    steps = families["deepracer_worker_steps"]
    assert steps.type == "counter"
    assert [(each.name, each.value) for each in steps.samples] == [
        ("deepracer_worker_steps_total", 30.0)
    ]
    assert families["process_resident_memory_bytes"].samples[0].value > 1e6


def test_a_trainer_has_no_worker(run, exporter):
    identify(process="trainer", worker=None)
    exporter.record({"losses/entropy": 1.5})
    (sample,) = scrape(exporter.port)["deepracer_losses_entropy"].samples
    assert sample.labels == {"run": run, "worker": ""}


def test_it_is_asked_on_this_machine_only(exporter):
    with socket.socket() as other:
        other.settimeout(5.0)
        with pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", exporter.port))


def test_trainer_and_workers_have_ports_one_after_the_other(run, monkeypatch):
    settings = TelemetrySettings(metrics_port=9000)
    assert [settings.port_of(worker) for worker in (None, 0, 3)] == [9000, 9001, 9004]
    assert TelemetrySettings().port_of(3) == 0


def test_a_port_that_is_taken_and_a_foreign_address_are_named(run, exporter):
    with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{exporter.port} .*in use"):
        open_metrics(TelemetrySettings(metrics_port=exporter.port - 2))
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1:9000 .* metrics_host"):
        Exporter("192.0.2.1", 9000)


def test_what_is_no_number_is_left_out_and_an_unknown_name_is_an_error(run, exporter):
    metrics = Metrics([exporter])
    metrics.record({"losses/entropy": float("nan"), "losses/total": float("inf")})
    assert not [name for name in scrape(exporter.port) if name.startswith("deepracer_")]
    with pytest.raises(KeyError, match="losses/entropie"):
        metrics.record({"losses/entropie": 1.0})


def test_nobody_is_asked_unless_somebody_wants_it(run):
    """No sink, no library: a process that serves nothing does not load what would serve it."""
    metrics = open_metrics(TelemetrySettings())
    metrics.record({"worker/steps": 1.0})
    metrics.close()
    assert metrics._sinks == ()
