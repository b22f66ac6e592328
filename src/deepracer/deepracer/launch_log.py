"""What the log of a launch says about the process that died first."""

import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path

_DIED = re.compile(
    r"\[(?P<name>[^\[\]\s]+)\]: process has died \[pid \d+, exit code (?P<code>-?\d+)"
)


@dataclass(frozen=True, slots=True)
class Death:
    """A process that died: its name in the launch, its exit code and the last lines it wrote."""

    name: str
    exit_code: int
    lines: tuple[str, ...]


def first_death(log_path: Path, keep: int = 12) -> Death | None:
    """Find the first process that the launch reported dead, with its last `keep` lines.

    The first one is the cause: the launch then stops the others, which may not end well either.
    """
    last_lines: dict[str, deque[str]] = {}
    death: tuple[str, int] | None = None
    with log_path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if death is None and (match := _DIED.search(line)) is not None:
                death = match["name"], int(match["code"])
            elif line.startswith("[") and "] " in line:
                name, text = line[1:].split("] ", 1)
                last_lines.setdefault(name, deque(maxlen=keep)).append(text.rstrip())
    if death is None:
        return None
    name, code = death
    return Death(name, code, tuple(last_lines.get(name, ())))


def last_lines(log_path: Path, keep: int = 12) -> tuple[str, ...]:
    """The last lines of a log, whoever wrote them."""
    with log_path.open(encoding="utf-8", errors="replace") as file:
        return tuple(line.rstrip() for line in deque(file, maxlen=keep))
