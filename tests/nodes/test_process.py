"""A node's process ends with code 0 whenever it is told to end, whatever it is doing then."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BUSY_NODE = Path(__file__).with_name("talks_to_itself.py")
SOURCES = Path(__file__).resolve().parents[2] / "src"
TRIALS = 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_busy_node_ends_cleanly(number):
    packages = [str(package) for package in SOURCES.glob("deepracer_*")]
    path = os.pathsep.join([*packages, os.environ.get("PYTHONPATH", "")])
    for trial in range(TRIALS):
        node = subprocess.Popen(
            [sys.executable, BUSY_NODE],
            env=os.environ | {"PYTHONPATH": path, "ROS_DOMAIN_ID": "77"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert node.stdout.readline() == "busy\n"
            time.sleep(0.0137 * trial)
            node.send_signal(number)
            _, errors = node.communicate(timeout=10)
        finally:
            node.kill()
        assert (node.returncode, errors) == (0, "")
