"""`ros2 launch` as a child process that is always stopped whole."""

import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.errors import ConfigurationError

from deepracer.process_tree import (
    adopt_orphans,
    descendants,
    reap_orphans,
    send_signal,
    wait_until_gone,
)
from deepracer.relay import OutputRelay
from deepracer.settings_sources import shown

STOP_LADDER = ((signal.SIGINT, 4.5), (signal.SIGTERM, 1.5), (signal.SIGKILL, 1.5))
"""Signals that end a launch, and how many seconds each is given: together under ten."""

_LEFT_ALONE_S = 0.5
"""Seconds for what has outlived its launch: nobody but the kernel has asked it to end."""

log = logging.getLogger(__name__)


def ros2_launch(file: str, arguments: Mapping[str, object]) -> list[str]:
    """The command `ros2 launch deepracer FILE name:=value ...`; a value of None is left out.

    Raises:
        ConfigurationError: there is no `ros2` on the PATH.
    """
    program = shutil.which("ros2")
    if program is None:
        raise ConfigurationError(
            "the command `ros2` is not on the PATH: run `make setup` and use its environment, or"
            " source ROS 2's setup.bash"
        )
    given = [f"{name}:={_text(value)}" for name, value in arguments.items() if value is not None]
    return [program, "launch", "deepracer", file, *given]


class LaunchedProcess:
    """A running launch and everything that it has started.

    It has a session of its own, so that the terminal's Ctrl-C reaches only the command line, which
    then stops it in order. It ends when this process dies.

    Args:
        command: program and arguments.
        environment: the whole environment of the child.
        log_path: file that its output is appended to.
        keep_open: descriptors it inherits, so that locks last as long as the launch does.
        listener: is told each line of its output; the log then has the newest ones only.

    Attributes:
        log_start: where in the log file this launch's words begin, bytes.
        is_log_whole: whether the log file has all of them.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log_path: Path,
        keep_open: Iterable[int] = (),
        listener: Callable[[bytes], None] | None = None,
    ) -> None:
        adopt_orphans()
        self.log_path = log_path
        self.is_log_whole = listener is None
        self._relay: OutputRelay | None = None
        self.environment = dict(environment)
        self._not_ours = frozenset(descendants(os.getpid()))
        with log_path.open("ab") as output:
            self.log_start = output.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output if listener is None else subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
                # SIGINT, on which a launch stops its own in order and by force if it must.
                preexec_fn=partial(die_with_parent, signal.SIGINT),
                pass_fds=tuple(keep_open),
            )
        if listener is not None and self._process.stdout is not None:
            self._relay = OutputRelay(self._process.stdout, listener, log_path)
        self.pid = self._process.pid
        words = " ".join(shown(word) for word in command)
        log.info("launch started pid=%d log=%s command=%s", self.pid, log_path, words)

    @property
    def exit_code(self) -> int | None:
        """Exit code of the launch, negative for a signal, None while it runs."""
        return self._process.poll()

    def processes(self, beside: Iterable["LaunchedProcess"] = ()) -> list[int]:
        """The launch and all that it has started, adopted orphans too.

        Args:
            beside: launches that were started later; what runs below them is left out.
        """
        others = {launched.pid for launched in beside}
        return descendants(os.getpid(), leave_out=self._not_ours | others)

    def wait_for_output(self, timeout_s: float) -> None:
        """Block until a listener has heard all of a launch that has ended, so long at most."""
        if self._relay is not None:
            self._relay.wait(timeout_s)

    def stop(self) -> None:
        """End the launch and everything it has started; returns within ten seconds."""
        stop_together([self])

    def clear_away(self, beside: Iterable["LaunchedProcess"]) -> None:
        """End what a launch that has ended left behind; returns within three seconds.

        Args:
            beside: launches that go on.
        """
        spared = list(beside)
        for number, patience_s in STOP_LADDER[1:]:
            left = self.processes(spared)
            send_signal(left, number)
            if wait_until_gone(left, patience_s) and not self.processes(spared):
                break
        self._collect(spared)

    def _collect(self, beside: Iterable["LaunchedProcess"] = ()) -> None:
        self._process.wait(timeout=1.0)
        # What the other launches came to is for them to ask.
        reap_orphans(self._not_ours | {launched.pid for launched in beside})


def stop_together(launches: Sequence[LaunchedProcess]) -> None:
    """End several launches and everything they have started, within ten seconds for all."""
    started = time.monotonic()
    for number, patience_s in STOP_LADDER:
        # The launches are asked first, alone: each stops its own in order.
        asked = [each.pid for each in launches if each.exit_code is None]
        if number == signal.SIGINT and asked:
            send_signal(asked, number)
            patience_s = _LEFT_ALONE_S if wait_until_gone(asked, patience_s) else 0.0
        else:
            send_signal(_all_processes(launches), number)
        if wait_until_gone(_all_processes(launches), patience_s) and not _all_processes(launches):
            break
        log.warning("stop signal=%d left=%s", number, _all_processes(launches))
    for launched in launches:
        launched._collect(launches)
    log.info("stopped launches=%d seconds=%.1f", len(launches), time.monotonic() - started)


def _all_processes(launches: Sequence[LaunchedProcess]) -> set[int]:
    return {pid for launched in launches for pid in launched.processes()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
