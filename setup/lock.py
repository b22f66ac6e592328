"""One set-up at a time: a lock that the kernel frees however its holder ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .report import say


@contextmanager
def locked(file: Path, part: str) -> Iterator[None]:
    """Hold the lock on a file (made when missing), waiting for another set-up to end.

    Args:
        file: the lock; it stays behind, empty.
        part: says so when it has to wait.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(part, "another set-up is at work here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
