"""What the log of a launch says about the process that ended first."""

import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from deepracer_core.telemetry.events import event_text, read_event

_ENDED = re.compile(
    r"\[(?P<name>[^\[\]\s]+)-\d+\]: process has "
    r"(?:finished cleanly|died \[pid \d+, exit code (?P<code>-?\d+))"
)


_BESIDE = frozenset({"live_video", "flat_live_video"})
"""Processes without which the others go on."""


@dataclass(frozen=True, slots=True)
class End:
    """A process that ended: its name in the launch, its exit code and the last lines it wrote."""

    name: str
    exit_code: int
    lines: tuple[str, ...]


def first_end(log_path: Path, keep: int = 40, start: int = 0) -> End | None:
    """Find the process that ended first, with its last `keep` lines; None when all still run.

    The first one is the cause: the launch then stops the others, which may not end well either.
    Live video does not count, without which they go on.

    Args:
        log_path: what the launch wrote, below what earlier launches did.
        keep: so many lines at most.
        start: where in the file the launch's own words begin, bytes.
    """
    words: dict[str, deque[str]] = {}
    end: tuple[str, int] | None = None
    with log_path.open(encoding="utf-8", errors="replace") as file:
        file.seek(start)
        for line in file:
            match = _ENDED.search(line) if end is None else None
            if match is not None and match["name"] not in _BESIDE:
                end = match["name"], int(match["code"] or 0)
                continue
            # What a process wrote may still come after the word of its end.
            name, texts = _said(line)
            if name is not None:
                words.setdefault(name, deque(maxlen=keep)).extend(texts)
    return None if end is None else End(*end, tuple(words.get(end[0], ())))


def last_lines(log_path: Path, keep: int = 12, start: int = 0) -> tuple[str, ...]:
    """The last lines of a log, whoever wrote them, of those that begin at `start` bytes."""
    with log_path.open(encoding="utf-8", errors="replace") as file:
        file.seek(start)
        return tuple(line.rstrip() for line in deque(file, maxlen=keep))


def _said(line: str) -> tuple[str | None, list[str]]:
    """Which process wrote a line of the log, and what it says to people."""
    event = read_event(line)
    if event is not None:
        return event["process"], event_text(event).splitlines()
    if line.startswith("[") and "] " in line:
        writer, text = line[1:].split("] ", 1)
        return writer.rpartition("-")[0], [text.rstrip()]
    return None, []
