"""Real servers, and the command line as a person calls it."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deepracer_core.redis_server import RedisServer
from moto.server import ThreadedMotoServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "trainer"))

ROOT = Path(__file__).resolve().parents[2]
FAKE = Path(__file__).with_name("fake_ros2.py")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture(scope="session")
def trained() -> dict[str, bytes]:
    """The files of a version that was trained with the shipped model_metadata.json."""
    from trained_version import version_files

    metadata = ROOT / "config" / "model_metadata.json"
    return {
        **version_files(**json.loads(metadata.read_text(encoding="utf-8"))),
        metadata.name: metadata.read_bytes(),
    }


@pytest.fixture(scope="session")
def trained_folder(trained: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all of them but one that only a package for the car is made of.

    A job that ends with this model makes no package, which would take seconds with TensorFlow.
    """
    folder = tmp_path_factory.mktemp("trained")
    for name, data in trained.items():
        if name != "hyperparameters.json":
            (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a command: the sources on the path, nothing of the person's settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DEEPRACER_", "AWS_", "S3_", "ROS_"))
    }
    sources = [str(path.parent) for path in (ROOT / "src").glob("*/setup.py")]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join([*sources, kept.get("PYTHONPATH", "")]),
        "COLUMNS": "100",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": str(tmp_path / "no-aws-config"),
    }


@pytest.fixture
def command(environment: dict[str, str]) -> list[str]:
    """`deepracer`, whether it is installed or not."""
    return [sys.executable, "-c", "from deepracer.command_line import main; main()"]


@pytest.fixture
def deepracer(
    command: list[str], environment: dict[str, str], tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `deepracer ARGUMENTS` in an empty folder to its end."""

    def run(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *map(str, arguments)],
            env={**environment, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def fake_ros2(tmp_path: Path, environment: dict[str, str], trained_folder: Path) -> dict[str, str]:
    """An environment in which `ros2` is the fake."""
    programs = tmp_path / "bin"
    programs.mkdir()
    ros2 = programs / "ros2"
    ros2.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    ros2.chmod(0o755)
    path = f"{programs}{os.pathsep}{environment['PATH']}"
    return {**environment, "PATH": path, "FAKE_MODEL": str(trained_folder)}


@pytest.fixture
def train(command, fake_ros2, tmp_path) -> Callable[..., subprocess.Popen[str]]:
    def start(how: str, *arguments: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, "train", "--run", "mine", "--job-duration-in-seconds", "30", *arguments],
            env={**fake_ros2, "FAKE_LAUNCH": how, **more},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
