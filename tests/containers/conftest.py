"""Training containers outside Docker: the service's folders and variables, real S3 and Redis."""

import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from deepracer_core.free_port import free_port

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "stores"):
    sys.path.insert(0, str(folder))

from http_faults import HttpFaults  # noqa: E402 - found by the lines above
from moto_endpoint import moto_endpoint  # noqa: E402 - found by the lines above
from opt_ml import CONFIG, PASSWORD, PREFIX, SECRET_KEY, Job, OptMl  # noqa: E402

_numbers = itertools.count()


@dataclass
class Bucket:
    """A bucket of a server that speaks S3's protocol.

    Attributes:
        name: of the bucket.
        endpoint: a proxy in front of the server.
        faults: the proxy, which misbehaves on demand.
        client: for the test's own use.
    """

    name: str
    endpoint: str
    faults: HttpFaults
    client: Any

    def put(self, key: str, data: str | bytes) -> None:
        """Put an object there."""
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        """Read an object."""
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()


@pytest.fixture(scope="session")
def moto_port() -> Iterator[int]:
    with moto_endpoint() as port:
        yield port


@pytest.fixture
def bucket(moto_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bucket]:
    """A bucket, and the credentials for it in the environment."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    faults = HttpFaults(moto_port)
    monkeypatch.setenv("S3_ENDPOINT_URL", faults.url)
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{moto_port}")
    name = f"deepracer-{next(_numbers)}"
    client.create_bucket(Bucket=name)
    yield Bucket(name, faults.url, faults, client)
    faults.close()


@pytest.fixture
def redis_port() -> int:
    return free_port()


@pytest.fixture
def opt_ml(tmp_path: Path, redis_port: int) -> OptMl:
    """The container's folder, for a container whose Redis has a password."""
    variables = {
        "HEARTBEAT_FILE": str(tmp_path / "heartbeat"),
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PASSWORD": PASSWORD,
        "REDIS_PORT": str(redis_port),
    }
    return OptMl(tmp_path / "opt-ml", variables)


@pytest.fixture
def job(bucket: Bucket, redis_port: int, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    return Job(f"s3://{bucket.name}/{PREFIX}", PREFIX, redis_port)


@pytest.fixture
def request_of_a_user(bucket: Bucket) -> dict[str, str]:
    """What the public notebooks hand to CreateTrainingJob, the files where they put them."""
    metadata = (CONFIG / "model_metadata.json").read_text(encoding="utf-8")
    bucket.put(f"{PREFIX}/model/model_metadata.json", metadata)
    reward = (CONFIG / "reward_function.py").read_text(encoding="utf-8")
    bucket.put(f"{PREFIX}/customer_reward_function.py", reward)
    return {
        "s3_bucket": bucket.name,
        "s3_prefix": PREFIX,
        "aws_region": "us-east-1",
        "model_metadata_s3_key": f"s3://{bucket.name}/{PREFIX}/model/model_metadata.json",
        "reward_function_s3_source": f"{PREFIX}/customer_reward_function.py",
        "batch_size": "64",
        "num_epochs": "3",
        "stack_size": "1",
        "lr": "0.0003",
        "exploration_type": "Categorical",
        "e_greedy_value": "1",
        "epsilon_steps": "10000",
        "beta_entropy": "0.01",
        "discount_factor": "0.999",
        "loss_type": "Huber",
        "num_episodes_between_training": "4",
        "max_sample_count": "0",
        "sampling_frequency": "1",
        "sagemaker_region": '"us-east-1"',
    }


@pytest.fixture
def simulation_hyperparameters(tmp_path: Path) -> Path:
    """What the simulations are told of how to learn."""
    path = tmp_path / "simulation-hyperparameters.json"
    path.write_text(json.dumps({"num_episodes_between_training": "4"}))
    return path
