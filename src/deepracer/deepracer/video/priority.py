"""The lowest priority that Linux has, for work that must not slow down a training beside it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import FrameType

from deepracer_core.die_with_parent import die_with_parent

_LOWEST = 19
_GROUPS_SESSIONS = Path("/proc/sys/kernel/sched_autogroup_enabled")


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
        preexec_fn=partial(die_with_parent, signal.SIGTERM),
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


def _sessions_are_grouped() -> bool:
    try:
        return _GROUPS_SESSIONS.read_text().strip() == "1"
    except FileNotFoundError:
        return False
