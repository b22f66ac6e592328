"""The experience buffer: what the simulations write and the trainer draws its batches from.

It lives in Redis and is bounded in segments and in bytes; the oldest segments make room for new
ones. On-policy learning claims each segment once, oldest first, and acknowledges it when it has
learnt from it; off-policy learning draws at random, with replacement, as often as it likes.

All keys begin with `deepracer:{RUN}:`; the braces keep a run on one node of a Redis cluster.

    segments        hash    id -> the segment's bytes
    order           sorted set of the ids, oldest first
    counters        hash    bytes, appended, evicted, claimed, acknowledged, newest, newest_claimed
    arrivals        stream  of the newest id alone: what a reader blocks on
    writer:NAME     the last sequence number of a writer, so that a repeated append changes nothing
"""

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

import numpy as np
import redis
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from deepracer_core import experience_buffer_scripts as scripts
from deepracer_core.redis_connection import is_outage
from deepracer_core.redis_outage import RedisOutage

# A blocking command must end well before the socket's timeout, or a quiet server looks dead.
_LONGEST_BLOCK_S = 2.0
_WRITER_REMEMBERED_S = 24 * 3600

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class BufferStats:
    """What the buffer holds now, and what has passed through it since the run began.

    Attributes:
        segments: held now.
        bytes: of the segments held now.
        appended: segments ever written.
        evicted: segments that had to make room before they were acknowledged.
        claimed: segments ever handed to the trainer, each counted once.
        acknowledged: segments that the trainer has learnt from and that are therefore gone.
    """

    segments: int
    bytes: int
    appended: int
    evicted: int
    claimed: int
    acknowledged: int


class ExperienceBuffer:
    """One run's segments in Redis. Any number of writers, one trainer.

    Args:
        client: from `deepracer_core.redis_connection.connect`.
        run: name of the run; runs on one server do not meet.
        max_segments: most segments that are kept.
        max_bytes: most bytes of segments that are kept.

    Raises:
        ValueError: a bound is not positive.
    """

    def __init__(
        self,
        client: redis.Redis,
        run: str,
        max_segments: int = 4096,
        max_bytes: int = 512 * 2**20,
    ) -> None:
        if max_segments < 1 or max_bytes < 1:
            raise ValueError(
                f"the experience buffer's bounds must be positive, not {max_segments} segments and "
                f"{max_bytes} bytes"
            )
        self._client = client
        self._max_segments = max_segments
        self._max_bytes = max_bytes
        prefix = f"deepracer:{{{run}}}:"
        self._segments = prefix + "segments"
        self._order = prefix + "order"
        self._counters = prefix + "counters"
        self._arrivals = prefix + "arrivals"
        self._writer = f"{prefix}writer:{uuid.uuid4().hex}"
        self._sequence = 0
        self._newest_claimed = 0
        self._acknowledged: set[int] = set()
        self._outage = RedisOutage("the trainer waits for it")
        self._append = client.register_script(scripts.APPEND)
        self._claim = client.register_script(scripts.CLAIM)
        self._acknowledge = client.register_script(scripts.ACKNOWLEDGE)
        self._draw = client.register_script(scripts.DRAW)
        self._stats = client.register_script(scripts.STATS)

    def append(self, data: bytes, sequence: int | None = None) -> int:
        """Add a segment as the newest; evict as many of the oldest as the bounds ask for.

        Args:
            data: an encoded segment.
            sequence: number of this segment in the order of this object's appends. Append again
                with the same number when the answer was lost: it is then added once all the same.
                Counted by itself when left out; use one of the two ways throughout.

        Returns:
            How many segments were evicted.

        Raises:
            ValueError: the segment alone is larger than the buffer.
            redis.RedisError: Redis is away, or has no memory left.
        """
        if len(data) > self._max_bytes:
            raise ValueError(
                f"a segment of {len(data)} bytes does not fit into an experience buffer of "
                f"{self._max_bytes} bytes: raise the buffer's bound or shorten the segments"
            )
        if sequence is None:
            sequence = self._sequence
            self._sequence += 1
        keys = (self._segments, self._order, self._counters, self._arrivals, self._writer)
        limits = (self._max_segments, self._max_bytes, _WRITER_REMEMBERED_S)
        return int(_run(self._append, keys, (data, sequence, *limits)))

    def claim(self, limit: int, block_s: float) -> list[tuple[int, bytes]]:
        """Take the oldest segments that this object has not yet taken, for on-policy learning.

        Waits until there is at least one, through an outage of Redis too. What a trainer that died
        had claimed and not acknowledged comes first when the next one claims.

        Args:
            limit: most segments to take.
            block_s: longest wait, seconds.

        Returns:
            (id, data) of each, oldest first; empty when the time was over.

        Raises:
            redis.RedisError: a fault of Redis that does not pass by itself.
        """
        deadline = time.monotonic() + block_s
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
            patience_s: longest wait for Redis to come back when it is away, seconds.

        Returns:
            `n` segments; empty when the buffer is.

        Raises:
            redis.RedisError: Redis stayed away.
        """
        drawn: list[bytes] = []
        while len(drawn) < n:
            shares = [repr(share) for share in rng.random(n - len(drawn)).tolist()]
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
            stats, newest = self._read_stats()
            if stats.appended < total:
                self._wait_for_arrival(newest, deadline)
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
        return self._read_stats()[0]

    def clear(self) -> None:
        """Forget all segments of the run and its counters.

        Raises:
            redis.RedisError: Redis is away.
        """
        self._client.delete(self._segments, self._order, self._counters, self._arrivals)
        self._newest_claimed = 0
        self._acknowledged.clear()

    def _claim_or_wait(self, limit: int, deadline: float) -> list[tuple[int, bytes]]:
        self._send_acknowledgements()
        keys = (self._order, self._counters)
        newest, ids = _run(self._claim, keys, (self._newest_claimed, limit))
        if not ids:
            self._wait_for_arrival(int(newest), deadline)
            return []
        found = self._read(ids)
        # Only now: an answer that was lost on the way is asked for again.
        self._newest_claimed = int(ids[-1])
        return [(int(each), found[each]) for each in ids if each in found]

    def _send_acknowledgements(self) -> None:
        if self._acknowledged:
            ids = sorted(self._acknowledged)
            _run(self._acknowledge, (self._segments, self._order, self._counters), ids)
            self._acknowledged.difference_update(ids)

    def _wait_for_arrival(self, newest: int, deadline: float) -> None:
        block_ms = int(1000 * min(_LONGEST_BLOCK_S, deadline - time.monotonic()))
        if block_ms > 0:
            self._client.xread({self._arrivals: f"{newest}-0"}, count=1, block=block_ms)

    def _read(self, ids: Sequence[bytes]) -> dict[bytes, bytes]:
        values = cast("list[bytes | None]", self._client.hmget(self._segments, list(ids)))
        return {each: data for each, data in zip(ids, values, strict=True) if data is not None}

    def _read_drawn(self, shares: Sequence[str]) -> list[bytes] | None:
        ids: list[bytes] = _run(self._draw, (self._order,), shares)
        if not ids:
            return None
        found = self._read(list(dict.fromkeys(ids)))
        # One that was evicted between the draw and the reading is drawn anew by the caller.
        return [found[each] for each in ids if each in found]

    def _read_stats(self) -> tuple[BufferStats, int]:
        *numbers, newest = map(int, _run(self._stats, (self._order, self._counters), ()))
        return BufferStats(*numbers), newest

    def _try_until(self, deadline: float, attempt: Callable[[], _Result]) -> _Result | None:
        """Try until it works; None when Redis is still away at the deadline."""
        try:
            return self._persist(attempt, deadline - time.monotonic())
        except redis.RedisError as error:
            if is_outage(error):
                return None
            raise

    def _persist(self, attempt: Callable[[], _Result], patience_s: float) -> _Result:
        """Try until it works or patience ends, which raises. Logs an outage once."""
        attempts = Retrying(
            stop=stop_after_delay(max(0.0, patience_s)),
            wait=wait_random_exponential(multiplier=0.05, max=1.0),
            retry=retry_if_exception(self._is_outage),
            reraise=True,
        )
        result = attempts(attempt)
        self._outage.succeeded()
        return result

    def _is_outage(self, error: BaseException) -> bool:
        if is_outage(error):
            self._outage.failed(error)
        return is_outage(error)


def _run(script: Any, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
    return script(keys=keys, args=arguments)
