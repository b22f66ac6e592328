"""One line in the log when something goes away, and one when it is back."""

import logging
import time

_log = logging.getLogger(__name__)


class Outage:
    """Remembers whether a server is away, so that a long outage is not told a thousand times.

    Args:
        what: is away, for the messages.
        meanwhile: what happens during an outage, for the message.
    """

    def __init__(self, what: str, meanwhile: str) -> None:
        self._what = what
        self._meanwhile = meanwhile
        self._since: float | None = None

    @property
    def is_on(self) -> bool:
        """Whether it was away when it was last asked."""
        return self._since is not None

    def failed(self, error: BaseException) -> None:
        """A request failed for a reason that can pass."""
        if self._since is None:
            self._since = time.monotonic()
            _log.warning("%s is away (%s): %s", self._what, error, self._meanwhile)

    def succeeded(self) -> None:
        """A request worked."""
        if self._since is not None:
            _log.warning("%s is back after %.1f s", self._what, time.monotonic() - self._since)
            self._since = None
