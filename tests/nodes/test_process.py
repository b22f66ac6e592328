"""A node's process ends with code 0 whenever it is told to end, whatever it is doing then."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

NODE_WITHOUT_SIMULATOR = Path(__file__).with_name("loses_its_simulator.py")
BUSY_NODE = Path(__file__).with_name("talks_to_itself.py")
SOURCES = Path(__file__).resolve().parents[2] / "src"
TRIALS = 5


def start(program: Path) -> subprocess.Popen:
    packages = [str(package) for package in SOURCES.glob("deepracer_*")]
    path = os.pathsep.join([*packages, os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, program],
        env=os.environ | {"PYTHONPATH": path, "ROS_DOMAIN_ID": "77"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_busy_node_ends_cleanly(number):
    for trial in range(TRIALS):
        node = start(BUSY_NODE)
        try:
            assert node.stdout.readline() == "busy\n"
            time.sleep(0.0137 * trial)
            node.send_signal(number)
            _, errors = node.communicate(timeout=10)
        finally:
            node.kill()
        assert (node.returncode, errors) == (0, "")


@pytest.mark.parametrize("is_told", [True, False])
def test_a_simulator_that_heard_the_signal_first_is_no_fault(is_told):
    """A launch tells all of a worker's processes to end at once; Gazebo may be the quickest."""
    node = start(NODE_WITHOUT_SIMULATOR)
    try:
        assert node.stdout.readline() == "lost\n"
        if is_told:
            node.send_signal(signal.SIGINT)
        _, errors = node.communicate(timeout=10)
    finally:
        node.kill()
    assert node.returncode == (0 if is_told else 1), errors
    assert ("the simulator has gone away" in errors) != is_told
