"""The shipped launch files with real Gazebo, real Redis and a real trainer, as users start them."""

import itertools
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from deepracer.workplace import Workplace, claim_workplace
from deepracer_core.redis_server import RedisServer
from moto.server import ThreadedMotoServer

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "stores"):
    sys.path.insert(0, str(folder))

from end_to_end import BUCKET, CONFIG, Launched  # noqa: E402 - found by the line above

_numbers = itertools.count()


@pytest.fixture
def workplace() -> Iterator[Workplace]:
    """A ROS domain, a Gazebo port and a folder for sockets that no other run uses."""
    with claim_workplace() as place:
        yield place


@pytest.fixture
def start(tmp_path: Path, workplace: Workplace) -> Iterator[Callable[..., Launched]]:
    """Start commands; whatever still runs at the end of the test is killed."""
    started = []

    def start(*command: object) -> Launched:
        log = tmp_path / f"log-{next(_numbers)}.txt"
        environment = {**os.environ, **workplace.environment(), "PYTHONUNBUFFERED": "1"}
        launched = Launched([str(part) for part in command], log, environment)
        started.append(launched)
        return launched

    yield start
    for launched in started:
        launched.kill()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server of the test's own."""
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A server that speaks S3's protocol, with a bucket, and the credentials for it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    yield url
    server.stop()


@pytest.fixture
def hyperparameters_with(tmp_path: Path) -> Callable[..., Path]:
    """Write the default ones with a short update after every fourth episode, and what is given."""

    def write(**given: object) -> Path:
        values = json.loads((CONFIG / "hyperparameters.json").read_text(encoding="utf-8"))
        short = {"num_episodes_between_training": 4, "num_epochs": 3}
        path = tmp_path / "hyperparameters.json"
        path.write_text(json.dumps({**values, **short, **given}), encoding="utf-8")
        return path

    return write


@pytest.fixture
def hyperparameters(hyperparameters_with: Callable[..., Path]) -> Path:
    """Those with nothing else."""
    return hyperparameters_with()
