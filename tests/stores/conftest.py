"""Real servers for the stores' tests: Redis, and moto's S3 over HTTP."""

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import redis
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.experience_objects import ExperienceObjects
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer

sys.path.insert(0, str(Path(__file__).parent))

from guarded_redis import GuardedServer, start_guarded
from http_faults import HttpFaults
from moto_endpoint import moto_endpoint

_numbers = itertools.count()


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def client(shared_redis: RedisServer) -> Iterator[redis.Redis]:
    client = connect(shared_redis.url)
    yield client
    client.flushall()
    client.close()


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    server = start_guarded(tmp_path_factory.mktemp("guarded"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def moto_port() -> Iterator[int]:
    with moto_endpoint() as port:
        yield port


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials that moto accepts, and nothing of the machine's own configuration."""
    for name in (
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "S3_ENDPOINT_URL",
        "AWS_CA_BUNDLE",
        "HTTP_PROXY",
        "http_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def administrator(moto_port: int) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{moto_port}",
        region_name="us-east-1",
        aws_access_key_id="administrator",
        aws_secret_access_key="administrator",
    )


@pytest.fixture
def bucket(aws: None, administrator: Any) -> str:
    name = f"bucket-{next(_numbers)}"
    administrator.create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["redis", "folder", "s3"])
def experience_store(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """Address of the store that experience goes through; None: it goes through Redis."""
    if request.param == "redis":
        return None
    if request.param == "folder":
        return str(tmp_path / "store")
    port, name = (request.getfixturevalue(fixture) for fixture in ("moto_port", "bucket"))
    return f"s3://{name}/a/run?endpoint_url=http://127.0.0.1:{port}"


@pytest.fixture
def open_buffer(experience_store: str | None) -> Callable[..., ExperienceBuffer]:
    """Opens the experience buffer as one who reads or writes by this transport."""

    def open_buffer(client: redis.Redis, run: str = "run", **bounds: int) -> ExperienceBuffer:
        store = experience_store
        objects = None if store is None else ExperienceObjects.open(store, run)
        return ExperienceBuffer(client, run, objects=objects, **bounds)

    return open_buffer


@pytest.fixture
def s3_faults(moto_port: int) -> Iterator[HttpFaults]:
    proxy = HttpFaults(moto_port)
    yield proxy
    proxy.close()
