"""A real Gazebo with a plain field for the tests of the simulator."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from deepracer_core.track_library import share_folder
from deepracer_gazebo.client import GazeboSimulator

FLAT_WORLD = Path(__file__).with_name("flat.world")

START_DEADLINE = 120.0


@contextmanager
def _server(socket: Path, *options: str) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", "deepracer_gazebo.server"]
    command += ["--world", str(FLAT_WORLD), "--socket", str(socket), *options]
    process = subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        # One that cannot start says why on its error output, and this line is empty.
        assert "is ready" in process.stdout.readline(), "no Gazebo server: run the set-up first"
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen, Path]]]:
    """Starts servers of the plain field; returns each one's process and socket."""
    with ExitStack() as stack:

        def start(*options: str, name: str = "sim") -> tuple[subprocess.Popen, Path]:
            socket = tmp_path / f"{name}.sock"
            return stack.enter_context(_server(socket, *options)), socket

        yield start


@pytest.fixture(scope="module")
def server_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Path]]:
    """Starts servers of the plain field that live as long as the module; returns their sockets."""
    with ExitStack() as stack:

        def start(*options: str) -> Path:
            socket = tmp_path_factory.mktemp("gazebo") / "sim.sock"
            stack.enter_context(_server(socket, *options))
            return socket

        yield start


@pytest.fixture(scope="session")
def shared_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of one server for all tests that do not mind what happened on it before."""
    socket = tmp_path_factory.mktemp("gazebo") / "sim.sock"
    with _server(socket):
        yield socket


@pytest.fixture(scope="session")
def track_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of one server with a track and one box, for tests that say how it is to look."""
    socket = tmp_path_factory.mktemp("gazebo") / "track.sock"
    with _server(
        socket,
        "--world",
        str(share_folder() / "worlds/meadow_loop.world"),
        "--race-type",
        "object_avoidance",
        "--objects",
        "1",
    ):
        yield socket


@pytest.fixture
def simulator(shared_socket: Path) -> Iterator[GazeboSimulator]:
    """The car on a plain field, at rest in its middle."""
    with GazeboSimulator(shared_socket, deadline=START_DEADLINE) as simulator:
        simulator.reset(0.0, 0.0, 0.0)
        yield simulator
