"""Waiting for what others put in its place, with a deadline, and a line now and then."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from deepracer_core.heartbeat import Heartbeat
from deepracer_core.model_store import StoreConfigurationError, StoreError

from deepracer.failure import JobFailed
from deepracer.interruption import Interruption

PATIENCE_S = 1200.0
"""Seconds that a simulation waits for its trainer, at the beginning and in an outage: as long as
the original does."""

_LOOK_S = 1.0
_TELL_S = 15.0
_BEAT_S = 90.0

_Found = TypeVar("_Found")

log = logging.getLogger(__name__)


class Interrupted(Exception):
    """A signal came while something was waited for."""


class Waiting:
    """One deadline for all that is waited for.

    Args:
        interruption: ends it early.
        heartbeat: says meanwhile that all is well.
        patience_s: seconds for everything together.
    """

    def __init__(
        self, interruption: Interruption, heartbeat: Heartbeat, patience_s: float = PATIENCE_S
    ) -> None:
        self._interruption = interruption
        self._heartbeat = heartbeat
        self._patience_s = patience_s
        self._began = time.monotonic()

    def wait_for(self, what: str, advice: str, look: Callable[[], "_Found | str"]) -> "_Found":
        """Look again and again until it is there.

        A store that is away for a while is waited for as well.

        Args:
            what: is waited for, for the log.
            advice: what a person can do if it never comes.
            look: gives what was waited for, or says in a few words why it is not there.

        Raises:
            Interrupted: a signal came first.
            JobFailed: the deadline did.
            StoreConfigurationError: the store will never answer.
        """
        told_at = -_TELL_S
        while True:
            try:
                found = look()
            except StoreConfigurationError:
                raise
            except StoreError as error:
                found = str(error)
            if not isinstance(found, str):
                return found
            waited_s = time.monotonic() - self._began
            self._heartbeat.beat(f"waiting for {what}", _BEAT_S)
            if waited_s >= self._patience_s:
                raise JobFailed(f"{what} did not come in {waited_s:.0f} s ({found}): {advice}")
            if waited_s - told_at >= _TELL_S:
                told_at = waited_s
                log.info(
                    "waiting for %s, %.0f of %.0f s: %s", what, waited_s, self._patience_s, found
                )
            if self._interruption.wait(_LOOK_S):
                raise Interrupted
