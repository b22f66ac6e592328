"""What the person sees: one line for each part, and errors that say what to do."""

import enum
import time


class Exit(enum.IntEnum):
    """Exit codes of the set-up; docs/setup.md lists them for people."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_ROOT = 3
    NO_DISK = 4
    NO_NETWORK = 5
    UNSUITABLE = 6
    INTERRUPTED = 130


class SetupError(Exception):
    """A part cannot be set up. The message says what was needed, what was found, what to do."""

    def __init__(self, code: Exit, message: str):
        super().__init__(message)
        self.code = code


def say(part: str, text: str) -> None:
    """Print the line of one part."""
    print(f"set-up: {part:<10} {text}", flush=True)


class Stopwatch:
    """Wall-clock time since it was made; prints as whole seconds."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __str__(self) -> str:
        return f"{time.monotonic() - self._start:.0f} s"
