"""What a rollout yields on its way to the trainer, so that the simulation never waits for it."""

import logging
import threading
import time
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
from deepracer_core.model_store import StoreError
from deepracer_core.outage import Outage
from deepracer_core.pace import IterationShare
from deepracer_core.run_status import RunStatus

GATHERING_S = 1.0
"""Seconds after its first segment at which a batch is sent, whatever it has."""

_SHARE_OF_BOUNDS = 4
"""A batch takes so small a part of the buffer and of the backlog: it pushes out little at once."""

_MEANWHILE = "the simulation goes on, its experience waits in a backlog"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublisherStats:
    """What became of the segments and records handed to a publisher.

    Attributes:
        delivered: are in the buffer, or in Redis.
        dropped: were lost, because the backlog was full or one could not be stored at all.
        backlog: wait for their turn.
        available: whether the last ones were taken at the first attempt.
    """

    delivered: int
    dropped: int
    backlog: int
    available: bool


@dataclass(frozen=True, slots=True)
class _Item:
    count: int
    size: int
    deliver: Callable[[], object]


class RolloutPublisher:
    """Sends segments and episode records on in order, on a thread of its own.

    Segments go one by one, or gathered into batches; a record may then overtake the last segments
    of its episode. While Redis, or the storage of the batches, is away they wait in a bounded
    backlog, and the oldest are dropped when it is full. What was sent and not answered is sent
    again and still stored once.

    Args:
        buffer: where segments go.
        status: where episode records go.
        share: of the trainer's iteration that is this worker's: a batch ends with it, or after
            `GATHERING_S`. None: each segment goes by itself.
        max_items: most segments and records that wait.
        max_bytes: most bytes of segments that wait.
    """

    def __init__(
        self,
        buffer: ExperienceBuffer,
        status: RunStatus,
        share: IterationShare | None = None,
        max_items: int = 1024,
        max_bytes: int = 256 * 2**20,
    ) -> None:
        self._buffer = buffer
        self._status = status
        self._share = share
        self._max_items = max_items
        self._max_bytes = max_bytes
        bounds = buffer.bounds
        self._most_segments = min(bounds.segments, max_items) // _SHARE_OF_BOUNDS
        self._most_batch_bytes = min(bounds.bytes, max_bytes) // _SHARE_OF_BOUNDS
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self._batch_due = 0.0
        self._backlog: deque[_Item] = deque()
        self._backlog_items = 0
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
        self._outage = Outage("Redis", _MEANWHILE)
        self._store_outage = Outage("the store of the experience", _MEANWHILE)
        self._thread = threading.Thread(target=self._deliver_all, name="rollout publisher")
        self._thread.daemon = True
        self._thread.start()

    @property
    def stats(self) -> PublisherStats:
        """How it goes."""
        with self._changed:
            available = not (self._outage.is_on or self._store_outage.is_on)
            return PublisherStats(self._delivered, self._dropped, self._waiting(), available)

    def segment(self, data: bytes, steps: int, *, ends_episode: bool) -> None:
        """Hand over an encoded segment; returns at once.

        Args:
            data: its bytes.
            steps: in it.
            ends_episode: whether its last step is the last one of its episode.
        """
        with self._changed:
            if self._batch_bytes + len(data) > self._most_batch_bytes:
                self._end_batch()
            if not self._batch:
                self._batch_due = time.monotonic() + GATHERING_S
            self._batch.append(data)
            self._batch_bytes += len(data)
            is_complete = self._share is None or self._share.add(steps, ends_episode=ends_episode)
            if is_complete or len(self._batch) >= self._most_segments:
                self._end_batch()
            self._changed.notify_all()

    def episode(self, record: EpisodeRecord) -> None:
        """Hand over the record of an episode; returns at once."""
        with self._changed:
            self._put(1, 0, partial(self._status.add_episode, record))
            self._changed.notify_all()

    def close(self, deadline_s: float = 5.0) -> int:
        """Deliver what is left, for so long at most, and stop.

        Args:
            deadline_s: longest wait, seconds.

        Returns:
            How many segments and records were not delivered. Closing twice is allowed.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(deadline_s)
        self._given_up.set()
        with self._changed:
            left = self._waiting()
        if left:
            _log.error("the last %d segments and episode records were not taken in time", left)
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

    def _end_batch(self) -> None:
        if self._batch:
            segments, size = self._batch, self._batch_bytes
            self._batch, self._batch_bytes = [], 0
            self._put(len(segments), size, partial(self._buffer.append_batch, segments))

    def _put(self, count: int, size: int, deliver: Callable[..., object]) -> None:
        self._backlog.append(_Item(count, size, partial(deliver, sequence=self._sequence)))
        self._sequence += 1
        self._backlog_items += count
        self._backlog_bytes += size
        while self._backlog_items > self._max_items or self._backlog_bytes > self._max_bytes:
            self._dropped += self._pop().count
            if not self._full:
                _log.warning("the backlog is full: the oldest experience is dropped")
                self._full = True

    def _pop(self) -> _Item:
        item = self._backlog.popleft()
        self._backlog_items -= item.count
        self._backlog_bytes -= item.size
        return item

    def _waiting(self) -> int:
        return len(self._batch) + self._backlog_items + self._in_flight

    def _deliver_all(self) -> None:
        while (item := self._take()) is not None:
            outcome = self._deliver(item)
            with self._changed:
                if outcome is None:
                    return
                self._delivered += item.count * outcome
                self._dropped += item.count * (not outcome)
                self._in_flight = 0

    def _take(self) -> _Item | None:
        """The oldest item, as soon as there is one; None when closed and nothing is left."""
        with self._changed:
            while True:
                due_s = self._batch_due - time.monotonic() if self._batch else None
                if self._closing or (due_s is not None and due_s <= 0.0):
                    self._end_batch()
                if self._backlog:
                    item = self._pop()
                    self._in_flight = item.count
                    return item
                if self._closing:
                    return None
                self._changed.wait(due_s)

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
        except (redis.RedisError, StoreError):
            return None
        except ValueError as error:
            _log.error("%s", error)
            return False
        if self._outage.is_on or self._store_outage.is_on:
            self._full = False
        self._outage.succeeded()
        self._store_outage.succeeded()
        return True

    def _is_outage(self, error: BaseException) -> bool:
        if isinstance(error, redis.RedisError):
            self._outage.failed(error)
            return True
        if isinstance(error, StoreError):
            self._store_outage.failed(error)
            return True
        return False
