"""A launch that a job cannot do without: it is started anew when it dies."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from math import ceil

from deepracer.exit_codes import UNUSABLE
from deepracer.failure import cause, launch_failure
from deepracer.launch_log import first_end
from deepracer.launched import LaunchedProcess

DEATHS = 4
"""What dies so often within `WINDOW_S` is not started again: the job ends."""

WINDOW_S = 600.0

FIRST_PAUSE_S = 1.0
"""Seconds from a death to the next start; doubled with each death within `WINDOW_S`."""

_OUTPUT_S = 1.0

log = logging.getLogger(__name__)


class KeptLaunch:
    """Starts a launch, and starts it again after its deaths.

    Args:
        name: what people know it by.
        start: starts it, the first time at once.
        clock: seconds of a clock that only goes on.

    Attributes:
        launched: the newest launch, running or not.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[], LaunchedProcess],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.launched = start()
        self._name = name
        self._start = start
        self._clock = clock
        self._cause = ""
        self._starts_at: float | None = None
        self._deaths: deque[float] = deque()

    @property
    def problem(self) -> str | None:
        """Why it waits for its next start, and how long; None while it runs."""
        if self._starts_at is None:
            return None
        left_s = max(ceil(self._starts_at - self._clock()), 0)
        return f"{self._name}: {self._cause}; it starts again in {left_s} s"

    def look(self, others: Iterable[LaunchedProcess]) -> None:
        """Take note of a death; start it anew when it has waited long enough.

        Args:
            others: launches that go on whatever becomes of this one.

        Raises:
            JobFailed: it dies over and over, or it cannot use what it was given.
        """
        if self._starts_at is None:
            if self.launched.exit_code is not None:
                self._take_note(others)
        elif self._clock() >= self._starts_at:
            self._starts_at = None
            self.launched = self._start()
            log.info("%s: started again", self._name)

    def _take_note(self, others: Iterable[LaunchedProcess]) -> None:
        launched = self.launched
        launched.wait_for_output(_OUTPUT_S)
        # A port, a socket or the car's clock must not be shared with what is left of it.
        launched.clear_away(beside=others)
        now = self._clock()
        self._deaths.append(now)
        while self._deaths[0] < now - WINDOW_S:
            self._deaths.popleft()
        self._cause = cause(launched)
        end = first_end(launched.log_path, start=launched.log_start)
        if UNUSABLE in (launched.exit_code, None if end is None else end.exit_code):
            raise launch_failure(f"{self._name} ended", launched)
        deaths = len(self._deaths)
        if deaths >= DEATHS:
            minutes = f"{WINDOW_S / 60:.0f} minutes"
            raise launch_failure(
                f"{self._name} died {deaths} times within {minutes}, the last time", launched
            )
        pause_s = FIRST_PAUSE_S * 2 ** (deaths - 1)
        self._starts_at = now + pause_s
        log.warning(
            "%s: died cause=%r restart_in_s=%.0f log=%s",
            self._name,
            self._cause,
            pause_s,
            launched.log_path,
        )
