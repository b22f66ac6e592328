"""`ros2 launch` under test: a child process in a session of its own, with lines to wait for."""

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

DEADLINE_S = 30.0


def command(name: str) -> str:
    """Path of `ros2` or `launch_test`: of this Python's environment, or of the sourced ROS 2."""
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    path = shutil.which(name, path=os.pathsep.join(folders))
    assert path is not None, f"{name}: not installed"
    return path


class Launched:
    """A running launch.

    Args:
        arguments: of `ros2 launch`.
        folder: working folder, which gets the log too.
        environment: variables that it gets besides this process's.
        terminal: it has a terminal for its input, and so is interactive.
    """

    def __init__(
        self,
        arguments: Sequence[object],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        terminal: bool = False,
    ) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._terminal = pty.openpty() if terminal else ()
        self._process = subprocess.Popen(
            [command("ros2"), "launch", *(str(argument) for argument in arguments)],
            stdin=self._terminal[1] if terminal else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env={**os.environ, "ROS_LOG_DIR": str(folder / "log"), **(environment or {})},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """All that it has printed."""
        with self._changed:
            return "".join(self.lines)

    def wait_for(self, pattern: str, count: int = 1) -> list[re.Match[str]]:
        """Wait for lines, and return what matched in them."""

        def found() -> list[re.Match[str]]:
            return [match for line in self.lines if (match := re.search(pattern, line))]

        with self._changed:
            came = self._changed.wait_for(lambda: len(found()) >= count, DEADLINE_S)
            assert came, f"no line matches {pattern!r} {count} times:\n{''.join(self.lines)}"
            return found()

    def told(self, name: str) -> dict[str, Any]:
        """What a fake executable was told, once it was; its parameter files have been read."""
        told = json.loads(self.wait_for(rf"^\[{name}-\d+\] told (.*)")[0][1])
        files = [file for option, file in pairwise(told["arguments"]) if option == "--params-file"]
        # The real launch_ros writes tuples, with a tag that says so.
        told["parameters"] = [yaml.unsafe_load(Path(file).read_text()) for file in files]
        return told

    def pid(self, name: str) -> int:
        """Process id of a process, by its name without the number."""
        (match,) = self.wait_for(rf"\[{name}-\d+\]: process started with pid \[(\d+)\]")
        return int(match[1])

    def send(self, number: signal.Signals, whole_group: bool = False) -> None:
        """Send a signal to the launch alone, or to its process group as a terminal does."""
        (os.killpg if whole_group else os.kill)(self._process.pid, number)

    def wait(self) -> int:
        """Wait for its end and its last line; return the exit code."""
        code = self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return code

    def processes(self) -> list[int]:
        """All processes of its session that run."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(session) == self._process.pid and state != "Z":
                found.append(int(stat.parent.name))
        return found

    def left_after(self, seconds: float) -> list[int]:
        """The processes of its session that still run so many seconds from now."""
        end = time.monotonic() + seconds
        while self.processes() and time.monotonic() < end:
            time.sleep(0.02)
        return self.processes()

    def close(self) -> None:
        """Kill what is left."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(DEADLINE_S)
        for descriptor in self._terminal:
            os.close(descriptor)
        self._process.stdout.close()

    def _read(self) -> None:
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()
