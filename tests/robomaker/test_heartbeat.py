"""The health check of the image, as Docker runs it."""

import os
import subprocess
from pathlib import Path

from deepracer_core.heartbeat import Heartbeat
from surroundings import HEALTH


def health(file: Path) -> tuple[int, str]:
    done = subprocess.run(
        [HEALTH],
        env={"HEARTBEAT_FILE": str(file), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.returncode, done.stdout.strip()


def test_before_anything_has_begun(tmp_path):
    file = tmp_path / "heartbeat"
    assert health(file) == (1, f"nothing has begun: there is no {file}")


def test_it_is_well_as_long_as_it_said(tmp_path):
    heartbeat = Heartbeat.of({"HEARTBEAT_FILE": str(tmp_path / "heartbeat")})
    heartbeat.beat("waiting for the trainer's Redis", 60.0)
    assert health(tmp_path / "heartbeat") == (0, "waiting for the trainer's Redis")
    heartbeat.beat("driving", 60.0)
    assert health(tmp_path / "heartbeat") == (0, "driving")


def test_one_that_hangs_is_not_well(tmp_path):
    Heartbeat(tmp_path / "heartbeat").beat("driving", -3.0)
    code, text = health(tmp_path / "heartbeat")
    assert code == 1
    assert text.startswith("last seen driving, and nothing since ")
