"""What a rollout yields on its way to Redis, so that the simulation never waits for it."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType

import redis
from tenacity import Retrying, retry_if_exception, wait_random_exponential
from tenacity.nap import sleep_using_event
from tenacity.stop import stop_when_event_set

from deepracer_core.episode import EpisodeRecord
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.redis_outage import RedisOutage
from deepracer_core.run_status import RunStatus

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublisherStats:
    """What became of the items handed to a publisher.

    Attributes:
        delivered: are in Redis.
        dropped: were lost, because the backlog was full or an item could not be stored at all.
        backlog: wait for their turn.
        available: whether Redis took the last one at the first attempt.
    """

    delivered: int
    dropped: int
    backlog: int
    available: bool


@dataclass(frozen=True, slots=True)
class _Item:
    size: int
    deliver: Callable[[], object]


class RolloutPublisher:
    """Writes segments and episode records to Redis in order, on a thread of its own.

    While Redis is away the items wait in a bounded backlog, and the oldest are dropped when it is
    full. An item whose answer was lost is sent again and still stored once.

    Args:
        buffer: where segments go.
        status: where episode records go.
        max_items: most items that wait.
        max_bytes: most bytes of segments that wait.
    """

    def __init__(
        self,
        buffer: ExperienceBuffer,
        status: RunStatus,
        max_items: int = 1024,
        max_bytes: int = 256 * 2**20,
    ) -> None:
        self._buffer = buffer
        self._status = status
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._backlog: deque[_Item] = deque()
        self._backlog_bytes = 0
        self._in_flight = 0
        self._sequence = 0
        self._delivered = 0
        self._dropped = 0
        self._full = False
        # Guards everything above; told of each item that comes or goes.
        self._changed = threading.Condition()
        self._closing = False
        self._given_up = threading.Event()
        self._outage = RedisOutage("the simulation goes on, its experience waits in a backlog")
        self._thread = threading.Thread(target=self._deliver_all, name="rollout publisher")
        self._thread.daemon = True
        self._thread.start()

    @property
    def stats(self) -> PublisherStats:
        """How it goes."""
        with self._changed:
            return PublisherStats(
                self._delivered, self._dropped, self._waiting(), not self._outage.is_on
            )

    def segment(self, data: bytes) -> None:
        """Hand over an encoded segment; returns at once."""
        self._hand_over(len(data), partial(self._buffer.append, data))

    def episode(self, record: EpisodeRecord) -> None:
        """Hand over the record of an episode; returns at once."""
        self._hand_over(0, partial(self._status.add_episode, record))

    def close(self, deadline_s: float = 5.0) -> int:
        """Deliver what is left, for so long at most, and stop.

        Args:
            deadline_s: longest wait, seconds.

        Returns:
            How many items were not delivered. Closing twice is allowed.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(deadline_s)
        self._given_up.set()
        with self._changed:
            left = self._waiting()
        if left:
            _log.error("Redis did not take the last %d segments and episode records in time", left)
        return left

    def __enter__(self) -> "RolloutPublisher":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _hand_over(self, size: int, deliver: Callable[..., object]) -> None:
        with self._changed:
            item = _Item(size, partial(deliver, sequence=self._sequence))
            self._sequence += 1
            self._backlog.append(item)
            self._backlog_bytes += size
            while len(self._backlog) > self._max_items or self._backlog_bytes > self._max_bytes:
                self._backlog_bytes -= self._backlog.popleft().size
                self._dropped += 1
                if not self._full:
                    _log.warning("the backlog for Redis is full: the oldest experience is dropped")
                    self._full = True
            self._changed.notify_all()

    def _waiting(self) -> int:
        return len(self._backlog) + self._in_flight

    def _deliver_all(self) -> None:
        while (item := self._take()) is not None:
            outcome = self._deliver(item)
            with self._changed:
                if outcome is None:
                    return
                self._delivered += outcome
                self._dropped += not outcome
                self._in_flight = 0

    def _take(self) -> _Item | None:
        """The oldest item, as soon as there is one; None when closed and nothing is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._backlog or self._closing)
            if not self._backlog:
                return None
            item = self._backlog.popleft()
            self._backlog_bytes -= item.size
            self._in_flight = 1
            return item

    def _deliver(self, item: _Item) -> bool | None:
        """Whether the item was stored; None when the publisher gave up first."""
        attempts = Retrying(
            stop=stop_when_event_set(self._given_up),
            wait=wait_random_exponential(multiplier=0.05, max=2.0),
            sleep=sleep_using_event(self._given_up),
            retry=retry_if_exception(self._is_outage),
            reraise=True,
        )
        try:
            attempts(item.deliver)
        except redis.RedisError:
            return None
        except ValueError as error:
            _log.error("%s", error)
            return False
        if self._outage.is_on:
            self._full = False
        self._outage.succeeded()
        return True

    def _is_outage(self, error: BaseException) -> bool:
        if isinstance(error, redis.RedisError):
            self._outage.failed(error)
            return True
        return False
