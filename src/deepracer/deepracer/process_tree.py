"""The processes below this one: find them, signal them, wait until they are gone (Linux, /proc)."""

import contextlib
import ctypes
import os
import select
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make this process the parent of any descendant whose own parent dies (prctl(2)).

    Without it such a process moves to init, where nobody finds it to stop it.

    Raises:
        OSError: the kernel refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) failed")


def descendants(pid: int, leave_out: Iterable[int] = ()) -> list[int]:
    """Living processes below `pid`, parents first.

    Args:
        pid: the process whose children, grandchildren and so on are asked for.
        leave_out: processes to leave out together with everything below them.
    """
    children: dict[int, list[int]] = {}
    for child, parent, state in _processes():
        if state not in "ZX":
            children.setdefault(parent, []).append(child)
    skipped = set(leave_out)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(0), ()):
            if child not in skipped:
                found.append(child)
                waiting.append(child)
    return found


def process_name(pid: int) -> str:
    """Name of a process, empty when it has ended; the kernel keeps 15 characters of it."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def send_signal(pids: Iterable[int], number: int) -> None:
    """Send a signal to each process that still exists."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_until_gone(pids: Iterable[int], timeout_s: float) -> bool:
    """Block until all processes have ended or the time is up; say whether all have ended."""
    deadline = time.monotonic() + timeout_s
    with contextlib.ExitStack() as open_files:
        poll = select.poll()
        left: set[int] = set()
        for pid in pids:
            try:
                # A pidfd becomes readable when its process ends: no need to look again and again.
                descriptor = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            open_files.callback(os.close, descriptor)
            poll.register(descriptor, select.POLLIN)
            left.add(descriptor)
        while left:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            for descriptor, _ in poll.poll(remaining * 1000):
                poll.unregister(descriptor)
                left.discard(descriptor)
    return True


def reap_orphans(own_children: Iterable[int]) -> None:
    """Collect adopted processes that have ended; `own_children` are left to who started them."""
    keep = set(own_children)
    for pid, parent, state in _processes():
        if parent == os.getpid() and state == "Z" and pid not in keep:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _processes() -> Iterator[tuple[int, int, str]]:
    """Each process of the machine: its id, its parent's, its state (proc(5), `stat`)."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The name stands in parentheses and may itself contain spaces and parentheses.
        state, parent = text[text.rindex(")") + 2 :].split()[:2]
        yield int(entry.name), int(parent), state
