"""One line in the log when Redis goes away, and one when it is back."""

import logging
import time

_log = logging.getLogger(__name__)


class RedisOutage:
    """Remembers whether Redis is away, so that a long outage is not told a thousand times.

    Args:
        meanwhile: what happens during an outage, for the message.
    """

    def __init__(self, meanwhile: str) -> None:
        self._meanwhile = meanwhile
        self._since: float | None = None

    @property
    def is_on(self) -> bool:
        """Whether Redis was away when it was last asked."""
        return self._since is not None

    def failed(self, error: BaseException) -> None:
        """A command failed for a reason that can pass."""
        if self._since is None:
            self._since = time.monotonic()
            _log.warning("Redis is away (%s): %s", error, self._meanwhile)

    def succeeded(self) -> None:
        """A command worked."""
        if self._since is not None:
            _log.warning("Redis is back after %.1f s", time.monotonic() - self._since)
            self._since = None
