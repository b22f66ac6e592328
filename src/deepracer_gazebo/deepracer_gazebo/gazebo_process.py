"""A program of Gazebo's as a child process whose last words are kept."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_KEPT_LINES = 40

_COLORS = re.compile(r"\x1b\[[0-9;]*m")

_PATIENCE = 2.0
"""Seconds of wall clock for a process to end when it is told to."""


class GazeboProcess:
    """A child process; its output is read all the time, so that it never waits for us.

    Args:
        name: what it is called in messages.
        command: what to run.
        environment: all the variables that it gets.
        verbose: show every line of its output.
        keep_open: file descriptors that the child inherits.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        verbose: bool,
        keep_open: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._verbose = verbose
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=keep_open,
            text=True,
            errors="replace",
            # Ctrl-C in a terminal reaches us, and we stop it.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,))
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id of the outermost process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    @property
    def last_lines(self) -> list[str]:
        """The end of its output."""
        return list(self._lines)

    def wait(self, seconds: float) -> bool:
        """Wait so long for its end; True when it has ended."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """End it, with everything that it started."""
        children = _children(self._process.pid)
        for child in children:
            # In the namespaces: its parent, while it lives, sees to it that no zombie is left over.
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        if not children:
            # Asked politely, Xvfb removes its lock file.
            self._process.terminate()
        if not self.wait(_PATIENCE):
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                plain = _COLORS.sub("", line).strip()
                if not plain:
                    continue
                self._lines.append(plain)
                if self._verbose:
                    print(f"{self.name}: {plain}", file=sys.stderr, flush=True)


def _children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(child) for child in listed.split()]
