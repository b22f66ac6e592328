"""What is on its way to a service that may be slow, refuse for a while, or be away."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential
from tenacity.nap import sleep_using_event
from tenacity.stop import stop_when_event_set

_LONGEST_PAUSE_S = 30.0

_LOG = logging.getLogger(__name__)

Item = TypeVar("Item")


class UndeliverableError(Exception):
    """The service did not take a batch, and may take it later; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much waits, and how much goes at once.

    Attributes:
        waiting_items: most items that wait; when there are more, the oldest are dropped.
        waiting_bytes: the same, of their sizes.
        batch_items: most items in a request.
        batch_bytes: most bytes in a request.
        period_s: seconds from the first item of a batch to the request, unless it is full before.
        close_s: longest that the end waits for what is left, seconds.
    """

    waiting_items: int
    waiting_bytes: int
    batch_items: int
    batch_bytes: int
    period_s: float
    close_s: float


class Delivery(Generic[Item]):
    """Hands items over to a service in batches, in order, on a thread of its own.

    Who brings an item never waits: `put` takes a lock that is held for moments only, never during
    a request. What cannot be delivered waits within bounds. An outage is told once, and its end.

    Args:
        what: that is delivered, for messages: "the log of this process".
        where: it goes, for messages.
        send: makes a request; returns how many of the items the service refused for good.
        size: of an item, bytes.
        bounds: see `Bounds`.
    """

    def __init__(
        self,
        what: str,
        where: str,
        send: Callable[[Sequence[Item]], int],
        size: Callable[[Item], int],
        bounds: Bounds,
    ) -> None:
        self._what = what
        self._where = where
        self._send = send
        self._size = size
        self._bounds = bounds
        self._waiting: deque[Item] = deque()
        self._waiting_bytes = 0
        self._in_flight = 0
        self._delivered = 0
        self._dropped = 0
        # Guards everything above; told of each item that comes, and of the end.
        self._changed = threading.Condition()
        self._closing = False
        self._given_up = threading.Event()
        self._away_since: float | None = None
        self._told_dropped = 0
        self._thread = threading.Thread(target=self._deliver_all, name=f"to {where}", daemon=True)
        self._thread.start()

    @property
    def delivered(self) -> int:
        """Items that the service took."""
        return self._delivered

    @property
    def dropped(self) -> int:
        """Items that were lost, because too many waited or the service refused them."""
        return self._dropped

    @property
    def waiting(self) -> int:
        """Items that wait or are on their way."""
        with self._changed:
            return len(self._waiting) + self._in_flight

    def put(self, item: Item) -> None:
        """Bring an item; returns at once."""
        with self._changed:
            self._waiting.append(item)
            self._waiting_bytes += self._size(item)
            while len(self._waiting) > 1 and (
                len(self._waiting) > self._bounds.waiting_items
                or self._waiting_bytes > self._bounds.waiting_bytes
            ):
                self._waiting_bytes -= self._size(self._waiting.popleft())
                self._dropped += 1
            self._changed.notify_all()

    def close(self) -> int:
        """Deliver what is left, for `close_s` at most, and stop. Closing twice is allowed.

        Returns:
            How many items were not delivered.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(self._bounds.close_s)
        self._given_up.set()
        return self.waiting

    def _deliver_all(self) -> None:
        attempts = Retrying(
            stop=stop_when_event_set(self._given_up),
            wait=wait_random_exponential(multiplier=0.5, max=_LONGEST_PAUSE_S),
            sleep=sleep_using_event(self._given_up),
            retry=retry_if_exception_type(UndeliverableError),
            after=self._tell_of_outage,
            reraise=True,
        )
        while batch := self._take():
            try:
                refused = attempts(self._send, batch)
            except UndeliverableError:
                return
            with self._changed:
                self._in_flight = 0
                self._delivered += len(batch) - refused
                self._dropped += refused
            self._tell_of_end()

    def _take(self) -> list[Item]:
        """What goes in the next request; nothing when closed and all is delivered."""
        bounds = self._bounds
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            self._changed.wait_for(self._is_due, timeout=bounds.period_s)
            batch: list[Item] = []
            room = bounds.batch_bytes
            while self._waiting and len(batch) < bounds.batch_items:
                size = self._size(self._waiting[0])
                if batch and size > room:
                    break
                room -= size
                self._waiting_bytes -= size
                batch.append(self._waiting.popleft())
            self._in_flight = len(batch)
            return batch

    def _is_due(self) -> bool:
        return (
            self._closing
            or len(self._waiting) >= self._bounds.batch_items
            or self._waiting_bytes >= self._bounds.batch_bytes
        )

    def _tell_of_outage(self, attempt: RetryCallState) -> None:
        if self._away_since is not None or attempt.outcome is None:
            return
        self._away_since = time.monotonic()
        _LOG.warning(
            "%s does not take %s (%s); the run goes on, so much waits: %d, then the oldest go",
            self._where,
            self._what,
            attempt.outcome.exception(),
            self._bounds.waiting_items,
        )

    def _tell_of_end(self) -> None:
        if self._away_since is None:
            return
        away_s = time.monotonic() - self._away_since
        lost = self._dropped - self._told_dropped
        self._away_since = None
        self._told_dropped += lost
        _LOG.warning(
            "%s takes %s again after %.1f s; lost meanwhile: %d",
            self._where,
            self._what,
            away_s,
            lost,
        )
