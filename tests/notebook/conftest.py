"""An empty account on this machine, and Docker's commands recorded."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

for folder in ("notebook", "containers", "stores"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))

from local_sagemaker import (  # noqa: E402 - found by the lines above
    KEY_ID,
    REGION,
    SECRET_KEY,
    LocalSageMaker,
)
from moto_endpoint import moto_endpoint  # noqa: E402 - found by the lines above


@pytest.fixture(scope="session")
def moto_port() -> Iterator[int]:
    with moto_endpoint() as port:
        yield port


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the account, and nothing else of AWS, in the environment."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("S3_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def account(
    moto_port: int, credentials: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalSageMaker]:
    """All services in one place, which is in the environment."""
    service = LocalSageMaker(moto_port, tmp_path / "sagemaker")
    monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
    yield service
    service.close()


@pytest.fixture
def docker_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the program docker was asked for, the recorded one, which is now on PATH."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    script = Path(__file__).parent / "recorded_docker.py"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    program.chmod(0o755)
    record = tmp_path / "docker.jsonl"
    record.touch()
    monkeypatch.setenv("RECORDED_DOCKER", str(record))
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return record
