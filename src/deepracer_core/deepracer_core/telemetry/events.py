"""Events in the log of a process that writes JSON, read back."""

import json
from typing import Any


def read_event(line: str) -> dict[str, Any] | None:
    """The event that a line of a log is; None if it is any other line."""
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return None
    return event if "process" in event and "message" in event else None


def event_text(event: dict[str, Any]) -> str:
    """What an event says to people, with the traceback of a fault."""
    return "\n".join(filter(None, (event["message"], event.get("exception"))))
