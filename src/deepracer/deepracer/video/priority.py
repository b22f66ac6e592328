"""The lowest priority that Linux has, for work that must not slow down a training beside it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from deepracer_core.die_with_parent import die_with_parent

_LOWEST = 19
_GROUPS_SESSIONS = Path("/proc/sys/kernel/sched_autogroup_enabled")
_WAITED = Path("/proc/thread-self/schedstat")

_REST = 3.0
"""Rests are so many times as long as the work before, while others want the processor."""

_WANTED = 0.03
"""Who waits for the processor for this share of the time, or more, is not alone with it."""


def again_in_own_session() -> int | None:
    """Run this very command once more in a session of its own, if priorities need that.

    Where the kernel groups processes by session (autogroup, sched(7)), nice counts only among those
    of one session, and a terminal's session must not be slowed down as a whole.

    Returns:
        The exit code of the other process; None where the work can be done in this one.
    """
    if not _sessions_are_grouped() or os.getsid(0) == os.getpid():
        return None
    other = subprocess.Popen(
        sys.orig_argv,
        start_new_session=True,
        preexec_fn=_begin_lowest,
    )

    def pass_on(number: int, frame: FrameType | None) -> None:
        other.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    code = other.wait()
    return 128 - code if code < 0 else code


def yield_to_all_others() -> None:
    """Give this process, and all that it will start, the lowest priority there is.

    `SCHED_IDLE` beside nice: a process that wakes up never waits for one of ours (sched(7)).
    """
    os.nice(_LOWEST)
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    if os.getsid(0) == os.getpid():
        lower_sessions([os.getpid()])


def lower_sessions(pids: Iterable[int]) -> None:
    """Give the sessions of processes the lowest priority, where the kernel groups by session.

    To be called again while there may be new ones: the kernel takes ten of these a second.
    """
    if not _sessions_are_grouped():
        return
    for pid in pids:
        group = Path(f"/proc/{pid}/autogroup")
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, BlockingIOError):
            if group.read_text().split()[-1] != str(_LOWEST):
                group.write_text(str(_LOWEST))


class Pace:
    """Says how long to rest between pieces of work, so that others hardly notice them.

    Priority alone is not enough: whoever wakes up on a processor that is in use waits a moment for
    it, and a simulation's step is a chain of such moments.

    Args:
        waited_s: so long this thread has waited for a processor so far, seconds.
        clock: seconds.
    """

    def __init__(
        self,
        waited_s: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._waited_s = waited_s or _waited_for_processor
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """A piece of work begins."""
        self._began = self._clock(), self._waited_s()

    def rest_s(self) -> float:
        """How long to rest after the work since it began, seconds; 0 while nobody else works."""
        began, waited = self._began
        took = self._clock() - began
        return _REST * took if self._waited_s() - waited > _WANTED * took else 0.0


def _waited_for_processor() -> float:
    """See proc(5), schedstat: nanoseconds on a processor, nanoseconds waiting for one, turns."""
    try:
        return int(_WAITED.read_text().split()[1]) / 1e9
    except FileNotFoundError:
        return 0.0


def _begin_lowest() -> None:
    """In the child, before its program: even to load that takes a second of the processor."""
    die_with_parent(signal.SIGTERM)
    # Only the parent sends it one, whatever the shell that started us has ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    yield_to_all_others()


def _sessions_are_grouped() -> bool:
    try:
        return _GROUPS_SESSIONS.read_text().strip() == "1"
    except FileNotFoundError:
        return False
