"""A file that says until when a container counts as well; `docker/health.sh` reads it.

It has one line, the time up to which it holds (Unix, seconds) and what is being done, like
`1795530000 driving`. A simulation or a training that hangs no longer writes it.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "HEARTBEAT_FILE"
DEFAULT = Path("/tmp/heartbeat")


class Heartbeat:
    """Writes the file; no more than once in a second for the same state.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = ""
        self._written_at = 0.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Heartbeat":
        """The one that the environment asks for."""
        return cls(Path(environment.get(VARIABLE) or DEFAULT))

    def beat(self, state: str, patience_s: float) -> None:
        """Say that all is well.

        Args:
            state: what is being done.
            patience_s: seconds until this has to be said again, or something is wrong.
        """
        now = time.time()
        if state == self._state and now - self._written_at < 1.0:
            return
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.write_text(f"{int(now + patience_s)} {state}\n", encoding="utf-8")
        os.replace(fresh, self._path)
        self._state, self._written_at = state, now
