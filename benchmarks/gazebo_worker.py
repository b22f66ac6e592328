"""A simulation worker in Gazebo, as the launch file starts it, for benchmarks that watch one."""

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

from deepracer_core.episode import EpisodeRecord
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus

SEED = 1
TRACK = "meadow_loop"


class GazeboWorker:
    """Drives while entered.

    Args:
        folder: for its log.
        redis_url: where its records go.
        store_url: where its models come from.
    """

    def __init__(self, folder: Path, redis_url: str, store_url: str) -> None:
        run = f"benchmark-{secrets.token_hex(4)}"
        self._log = folder / "launch.log"
        self._status = RunStatus(connect(redis_url), run)
        self._after = "0"
        self._command = [
            "ros2",
            "launch",
            "deepracer",
            "sim.launch.py",
            f"track:={TRACK}",
            f"run:={run}",
            f"redis:={redis_url}",
            f"store:={store_url}",
            f"seed:={SEED}",
        ]

    def __enter__(self) -> "GazeboWorker":
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"},
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=30)

    def records(self) -> list[EpisodeRecord]:
        """Of the episodes that ended since the last call; waits a second for one."""
        if self._process.poll() is not None:
            sys.exit(f"the worker ended early:\n{self._log.read_text()[-4000:]}")
        found = self._status.episodes(after=self._after, block_s=1.0)
        if found:
            self._after = found[-1][0]
        return [record for _, record in found]
