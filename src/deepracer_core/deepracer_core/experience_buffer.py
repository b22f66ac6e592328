"""The experience buffer: what the simulations write and the trainer draws its batches from.

It lives in Redis and is bounded in segments and in bytes; the oldest segments make room for new
ones. On-policy learning claims each segment once, oldest first, and acknowledges it when it has
learnt from it; off-policy learning draws at random, with replacement, as often as it likes.

A segment's bytes go one of two ways, as its writer was told: into Redis, or with others of its
batch into an object of the model store's storage, of which Redis has the key alone. All else is the
same, and a reader that has the storage takes both.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
import redis
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from deepracer_core.experience_ledger import Bounds, BufferStats, ExperienceLedger
from deepracer_core.experience_objects import ExperienceObjects, Leftovers
from deepracer_core.experience_reader import SegmentReader
from deepracer_core.model_store import StoreUnavailable
from deepracer_core.outage import Outage
from deepracer_core.redis_connection import is_outage

__all__ = ["BufferStats", "ExperienceBuffer"]

_Result = TypeVar("_Result")


class ExperienceBuffer:
    """One run's segments. Any number of writers, one trainer.

    Args:
        client: from `deepracer_core.redis_connection.connect`.
        run: name of the run; runs on one server do not meet.
        max_segments: most segments that are kept.
        max_bytes: most bytes of segments that are kept.
        objects: where batches lie as objects. A writer that has it puts what it appends there, one
            that has not into Redis; a reader needs it for what others put there.

    Raises:
        ValueError: a bound is not positive.
    """

    def __init__(
        self,
        client: redis.Redis,
        run: str,
        max_segments: int = 4096,
        max_bytes: int = 512 * 2**20,
        objects: ExperienceObjects | None = None,
    ) -> None:
        if max_segments < 1 or max_bytes < 1:
            raise ValueError(
                f"the experience buffer's bounds must be positive, not {max_segments} segments and "
                f"{max_bytes} bytes"
            )
        self.bounds = Bounds(max_segments, max_bytes)
        self._objects = objects
        self._writer = uuid.uuid4().hex
        self._ledger = ExperienceLedger(client, run, self._writer)
        self._sequence = 0
        self._written = ("", 0.0)
        self._newest_claimed = 0
        self._acknowledged: set[int] = set()
        self._outage = Outage("Redis", "the trainer waits for it")
        self._reader = SegmentReader(self._ledger, objects)
        self._leftovers = Leftovers(self._ledger, objects)

    def append(self, data: bytes, sequence: int | None = None) -> int:
        """Add a segment as the newest; see `append_batch`."""
        return self.append_batch([data], sequence)

    def append_batch(self, segments: Sequence[bytes], sequence: int | None = None) -> int:
        """Add segments as the newest, all of them or none; evict as many of the oldest as needed.

        Args:
            segments: encoded ones, in their order.
            sequence: number of this batch in the order of this object's appends. Append again
                with the same number when the answer was lost: it is then added once all the same.
                Counted by itself when left out; use one of the two ways throughout.

        Returns:
            How many segments were evicted.

        Raises:
            ValueError: the batch alone is larger than the buffer.
            redis.RedisError: Redis is away, or has no memory left.
            StoreUnavailable: the storage of the objects is away.
            StoreConfigurationError: it refuses.
        """
        sizes = [len(segment) for segment in segments]
        if len(sizes) > self.bounds.segments or sum(sizes) > self.bounds.bytes:
            what = "a segment" if len(sizes) == 1 else f"a batch of {len(sizes)} segments"
            raise ValueError(
                f"{what} of {sum(sizes)} bytes does not fit into an experience buffer of "
                f"{self.bounds.segments} segments and {self.bounds.bytes} bytes: raise the "
                "buffer's bounds or shorten the segments"
            )
        if sequence is None:
            sequence = self._sequence
            self._sequence += 1
        if self._objects is None:
            return self._ledger.append(sequence, self.bounds, segments)
        key = self._write_object(self._objects, sequence, segments)
        evicted = self._ledger.append_object(sequence, self.bounds, key, sizes)
        if evicted:
            self._leftovers.delete()
        return evicted

    def claim(self, limit: int, block_s: float) -> list[tuple[int, bytes]]:
        """Take the oldest segments that this object has not yet taken, for on-policy learning.

        Waits until there is at least one, through an outage of Redis or the storage too. What a
        trainer that died had claimed and not acknowledged comes first when the next one claims. An
        object that is not there is waited for, and given up after a while: see `SegmentReader`.

        Args:
            limit: most segments to take.
            block_s: longest wait, seconds.

        Returns:
            (id, data) of each, oldest first; empty when the time was over.

        Raises:
            redis.RedisError: a fault of Redis that does not pass by itself.
            ConfigurationError: there are objects, and the storage refuses or was not given.
        """
        deadline = time.monotonic() + block_s
        self._leftovers.expire()
        while True:
            claimed = self._try_until(deadline, lambda: self._claim_or_wait(limit, deadline))
            if claimed or time.monotonic() >= deadline:
                return claimed or []

    def acknowledge(self, ids: Iterable[int]) -> None:
        """Give up claimed segments that have been learnt from: they are deleted.

        While Redis is away they are remembered, and given up with the next claim.

        Raises:
            redis.RedisError: a fault of Redis that does not pass by itself.
        """
        self._acknowledged.update(ids)
        self._try_until(time.monotonic(), self._send_acknowledgements)

    def sample(self, n: int, rng: np.random.Generator, patience_s: float = 60.0) -> list[bytes]:
        """Draw segments uniformly and with replacement, for off-policy learning.

        The same state of `rng` and the same segments in the buffer give the same draw.

        Args:
            n: how many to draw.
            rng: source of randomness.
            patience_s: longest wait for Redis or the storage to come back, seconds.

        Returns:
            `n` segments; empty when the buffer is.

        Raises:
            redis.RedisError: Redis stayed away.
            StoreUnavailable: the storage of the objects stayed away.
            ConfigurationError: as `claim`.
        """
        drawn: list[bytes] = []
        while len(drawn) < n:
            shares = rng.random(n - len(drawn)).tolist()
            found = self._persist(partial(self._read_drawn, shares), patience_s)
            if found is None:
                return []
            drawn += found
        return drawn

    def wait_appended(self, total: int, block_s: float) -> int:
        """Wait until so many segments have ever been appended, or until the time is over.

        Args:
            total: how many.
            block_s: longest wait, seconds; an outage of Redis is waited through.

        Returns:
            How many have been appended; 0 when Redis did not answer in time.

        Raises:
            redis.RedisError: a fault of Redis that does not pass by itself.
        """
        deadline = time.monotonic() + block_s

        def look() -> int:
            stats, newest = self._ledger.stats()
            if stats.appended < total:
                self._ledger.wait_for_arrival(newest, deadline - time.monotonic())
            return stats.appended

        while True:
            appended = self._try_until(deadline, look) or 0
            if appended >= total or time.monotonic() >= deadline:
                return appended

    def stats(self) -> BufferStats:
        """What the buffer holds and has seen.

        Raises:
            redis.RedisError: Redis is away.
        """
        return self._ledger.stats()[0]

    def clear(self) -> None:
        """Forget all segments of the run and its counters.

        Raises:
            redis.RedisError: Redis is away.
        """
        self._ledger.clear()
        self._newest_claimed = 0
        self._acknowledged.clear()
        self._leftovers.delete()

    def _write_object(
        self, objects: ExperienceObjects, sequence: int, segments: Sequence[bytes]
    ) -> str:
        """Write the object of a batch, once for all attempts to announce it; gives its key."""
        key, now = objects.key(self._writer, sequence), time.monotonic()
        written, at = self._written
        # Whoever cleans up takes one that has waited for long for a dead writer's.
        if written != key or now - at > objects.refresh_after_s:
            objects.write(key, segments)
            self._written = (key, now)
        return key

    def _claim_or_wait(self, limit: int, deadline: float) -> list[tuple[int, bytes]]:
        self._send_acknowledgements()
        newest, ids = self._ledger.claim(self._newest_claimed, limit)
        if not ids:
            self._ledger.wait_for_arrival(newest, deadline - time.monotonic())
            return []
        claimed, last = [], self._newest_claimed
        try:
            for each, data in self._reader.read(ids):
                if data is not None:
                    claimed.append((each, data))
                last = each
        except StoreUnavailable:
            if not claimed:
                raise
        # Only now: an answer that was lost on the way is asked for again.
        self._newest_claimed = last
        return claimed

    def _send_acknowledgements(self) -> None:
        if self._acknowledged:
            ids = sorted(self._acknowledged)
            self._ledger.acknowledge(ids)
            self._acknowledged.difference_update(ids)
            self._leftovers.delete()

    def _read_drawn(self, shares: Sequence[float]) -> list[bytes] | None:
        ids = self._ledger.draw(shares)
        if not ids:
            return None
        found = dict(self._reader.read(sorted(set(ids))))
        # One that was evicted between the draw and the reading is drawn anew by the caller.
        return [data for each in ids if (data := found[each]) is not None]

    def _try_until(self, deadline: float, attempt: Callable[[], _Result]) -> _Result | None:
        """Try until it works; None when Redis or the storage is still away at the deadline."""
        try:
            return self._persist(attempt, deadline - time.monotonic())
        except StoreUnavailable:
            return None
        except redis.RedisError as error:
            if is_outage(error):
                return None
            raise

    def _persist(self, attempt: Callable[[], _Result], patience_s: float) -> _Result:
        """Try until it works or patience ends, which raises. Logs an outage once."""
        attempts = Retrying(
            stop=stop_after_delay(max(0.0, patience_s)),
            wait=wait_random_exponential(multiplier=0.05, max=1.0),
            retry=retry_if_exception(self._may_pass),
            reraise=True,
        )
        result = attempts(attempt)
        self._outage.succeeded()
        return result

    def _may_pass(self, error: BaseException) -> bool:
        if is_outage(error):
            self._outage.failed(error)
            return True
        return isinstance(error, StoreUnavailable)
