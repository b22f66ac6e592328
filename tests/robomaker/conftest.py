"""What a simulation finds around it: S3 over HTTP, Redis, and nothing of this machine's own."""

import itertools
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from deepracer_core.redis_server import RedisServer
from moto.server import ThreadedMotoServer

for folder in ("robomaker", "end_to_end", "stores"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / folder))

from end_to_end import Launched  # noqa: E402 - found by the line above
from surroundings import Bucket  # noqa: E402

_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _only_these(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials that moto accepts; nothing else that says anything of AWS or of the project."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "S3_", "DEEPRACER_", "REDIS_")) and name not in (
            "DEEPRACER_GAZEBO_ROOT",
            "DEEPRACER_GAZEBO_PLUGIN",
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HEARTBEAT_FILE", str(tmp_path / "heartbeat"))


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str) -> Bucket:
    name = f"bucket-{next(_numbers)}"
    s3: Any = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    s3.create_bucket(Bucket=name)
    return Bucket(name, "rl-deepracer/first", endpoint)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Launched]]:
    """Start commands with an environment; whatever still runs at the end of the test is killed."""
    started = []

    def start(environment: dict[str, str], *command: object) -> Launched:
        log = tmp_path / f"log-{next(_numbers)}.txt"
        launched = Launched([str(part) for part in command], log, {**os.environ, **environment})
        started.append(launched)
        return launched

    yield start
    for launched in started:
        launched.kill()
