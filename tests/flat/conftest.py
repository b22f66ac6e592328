"""The flat world on the project's default track."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deepracer_core.track import Track
from deepracer_core.track_library import load_track
from deepracer_flat.flat_simulator import FlatSimulator
from deepracer_gazebo.client import GazeboSimulator

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def track() -> Track:
    return load_track("meadow_loop")


@pytest.fixture
def simulator(track: Track) -> FlatSimulator:
    return FlatSimulator(track)


@pytest.fixture(scope="session")
def gazebo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GazeboSimulator]:
    """The same car on the same track in a real Gazebo."""
    socket = tmp_path_factory.mktemp("gazebo") / "sim.sock"
    world = REPOSITORY / "worlds" / "meadow_loop.world"
    process = subprocess.Popen(
        [sys.executable, "-m", "deepracer_gazebo.server", f"--world={world}", f"--socket={socket}"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert "is ready" in process.stdout.readline(), "no Gazebo server: run the set-up first"
        with GazeboSimulator(socket, deadline=120.0) as simulator:
            yield simulator
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()
