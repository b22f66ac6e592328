"""How a user starts a simulation and a trainer, and what can be seen of them from outside."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deepracer.process_tree import descendants
from deepracer.workplace import Workplace

CONFIG = Path(__file__).resolve().parents[2] / "config"
STOP_DEADLINE_S = 10.0

BUCKET = "races"
"""Of the S3 server that tests are given."""

_numbers = itertools.count()


def command_line(pid: int) -> str:
    """What a process was started with, separated by NUL; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Launched:
    """A process that a user would start, with everything below it.

    Attributes:
        log: what it has written so far.
    """

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=environment
            )

    def wait_until(self, condition: Callable[[], bool], deadline_s: float = 120.0) -> None:
        """Wait for a condition; fail with the log when the process ends or the deadline passes."""
        end = time.monotonic() + deadline_s
        while not condition():
            assert self.process.poll() is None, f"it ended early:\n{self.tail()}"
            assert time.monotonic() < end, f"the deadline passed:\n{self.tail()}"
            time.sleep(0.2)

    def tail(self, characters: int = 6000) -> str:
        """The end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-characters:]

    def family(self) -> list[int]:
        """Everything that runs below it."""
        return descendants(self.process.pid)

    def stop(self, with_signal: int = signal.SIGINT) -> int:
        """Ask it to end; returns its exit code, and fails when it takes too long."""
        self.process.send_signal(with_signal)
        return self.process.wait(timeout=STOP_DEADLINE_S)

    def kill(self) -> None:
        """End it whatever it does, with everything below it; for clean-up."""
        for pid in [self.process.pid, *self.family()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def launch_arguments(workplace: Workplace, **arguments: object) -> list[str]:
    """Arguments of a launch file, its socket in the workplace's folder."""
    given = {"socket": workplace.folder / f"{next(_numbers)}.socket", **arguments}
    return [f"{name}:={value}" for name, value in given.items()]


def simulation(workplace: Workplace, **arguments: object) -> list[str]:
    """The command that starts the simulation side."""
    return [
        "ros2",
        "launch",
        "deepracer",
        "sim.launch.py",
        *launch_arguments(workplace, **arguments),
    ]


def trainer(run: str, redis: str, store: object, hyperparameters: Path, seconds: int) -> list[str]:
    """The command that starts a trainer by itself."""
    return [
        sys.executable,
        "-m",
        "deepracer_trainer.main",
        f"--run={run}",
        f"--redis={redis}",
        f"--store={store}",
        f"--model-metadata={CONFIG / 'model_metadata.json'}",
        f"--hyperparameters={hyperparameters}",
        f"--reward-function={CONFIG / 'reward_function.py'}",
        f"--job-duration-in-seconds={seconds}",
    ]
