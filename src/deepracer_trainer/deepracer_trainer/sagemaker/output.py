"""Lines on standard output, which is a container's log; several threads write it."""

import sys


def say(line: str) -> None:
    """Write a line in one piece, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
