"""For the tests of log and metrics: moto's CloudWatch over HTTP, and a bad road to it."""

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from deepracer_core.telemetry import identity
from deepracer_core.telemetry.identity import Identity, identify

sys.path.insert(0, str(Path(__file__).parents[1] / "stores"))

from http_faults import HttpFaults
from moto_endpoint import moto_endpoint

_numbers = itertools.count()


@pytest.fixture(scope="session")
def moto_port() -> Iterator[int]:
    with moto_endpoint() as port:
        yield port


@pytest.fixture
def road(moto_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HttpFaults]:
    """The way to CloudWatch of all clients; nothing of the machine's own settings."""
    for name in [each for each in os.environ if each.startswith(("AWS_", "METRIC_", "TRAINING_"))]:
        monkeypatch.delenv(name)
    proxy = HttpFaults(moto_port)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "planted-secret",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": proxy.url,
    }.items():
        monkeypatch.setenv(name, value)
    yield proxy
    proxy.close()


@pytest.fixture
def client(moto_port: int) -> Callable[[str], Any]:
    """Clients that look at what has arrived, by another road."""

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{moto_port}",
            region_name="us-east-1",
            aws_access_key_id="administrator",
            aws_secret_access_key="administrator",
        )

    return client


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a run that no other test has; this process is the rollout of its worker 1."""
    monkeypatch.setattr(identity, "_current", Identity())
    name = f"run-{next(_numbers)}"
    identify(process="rollout", run=name, worker=1, mode="training")
    return name
