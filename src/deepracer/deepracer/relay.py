"""The output of a launch, handed on as it comes, with its end kept in a file."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

_LONGEST_LOG = 4 << 20
_KEPT = 1 << 20


class OutputRelay:
    """Reads the output of a process on a thread of its own, until nobody can write to it any more.

    Args:
        output: of the process.
        listener: is told each line, with its line break.
        log_path: file that has the newest lines, a megabyte of them at least.
    """

    def __init__(
        self, output: IO[bytes], listener: Callable[[bytes], None], log_path: Path
    ) -> None:
        self._output = output
        self._listener = listener
        self._log_path = log_path
        self._thread = threading.Thread(target=self._read, name="output relay", daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Block until all has been read, so long at most."""
        self._thread.join(timeout_s)

    def _read(self) -> None:
        with self._log_path.open("wb+", buffering=0) as log:
            for line in self._output:
                self._listener(line)
                log.write(line)
                if log.tell() > _LONGEST_LOG:
                    log.seek(-_KEPT, 2)
                    newest = log.read()
                    log.seek(0)
                    log.truncate()
                    log.write(newest)
