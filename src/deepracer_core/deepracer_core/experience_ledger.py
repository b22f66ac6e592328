"""What Redis knows of a run's experience: which segments there are, in what order, and where.

All keys begin with `deepracer:{RUN}:`; the braces keep a run on one node of a Redis cluster.

    segments        hash    id -> the segment's bytes, if it lies in Redis
    places          hash    id -> size, number in its object and the object's key, if it lies there
    objects         hash    key of an object -> how many of its segments are needed
    garbage         set     of the keys of objects that are to be deleted
    order           sorted set of the ids, oldest first
    counters        hash    bytes, appended, evicted, claimed, acknowledged, lost, late, newest,
                            newest_claimed
    arrivals        stream  of the newest id alone: what a reader blocks on
    writer:NAME     the last sequence number of a writer, so that a repeated append changes nothing
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis

from deepracer_core import experience_buffer_scripts as scripts

# A blocking command must end well before the socket's timeout, or a quiet server looks dead.
_LONGEST_BLOCK_S = 2.0
_WRITER_REMEMBERED_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class BufferStats:
    """What the buffer holds now, and what has passed through it since the run began.

    Attributes:
        segments: held now.
        bytes: of the segments held now, wherever they lie.
        appended: segments ever written.
        evicted: segments that had to make room before they were acknowledged.
        claimed: segments ever handed to the trainer, each counted once.
        acknowledged: segments that the trainer has learnt from and that are therefore gone.
        lost: segments that were given up, because their object did not come.
        late: objects that were not there when they were first asked for.
    """

    segments: int
    bytes: int
    appended: int
    evicted: int
    claimed: int
    acknowledged: int
    lost: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment lies that is not in Redis itself.

    Attributes:
        key: of the object.
        index: number of the segment in it, from 0.
    """

    key: str
    index: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that the buffer holds.

    Attributes:
        segments: how many.
        bytes: of all of them.
    """

    segments: int
    bytes: int


class ExperienceLedger:
    """The keys of one run in Redis. Every method raises `redis.RedisError` when Redis is away.

    Args:
        client: from `deepracer_core.redis_connection.connect`.
        run: name of the run.
        writer: name of who appends, which no other has.
    """

    def __init__(self, client: redis.Redis, run: str, writer: str) -> None:
        self._client = client
        prefix = f"deepracer:{{{run}}}:"
        self._segments = prefix + "segments"
        self._places = prefix + "places"
        self._objects = prefix + "objects"
        self._garbage = prefix + "garbage"
        self._order = prefix + "order"
        self._counters = prefix + "counters"
        self._arrivals = prefix + "arrivals"
        self._writer = f"{prefix}writer:{writer}"
        self._all = (self._segments, self._places, self._objects, self._garbage, self._order)
        self._append = client.register_script(scripts.APPEND)
        self._remove = client.register_script(scripts.REMOVE)
        self._clear = client.register_script(scripts.CLEAR)
        self._claim = client.register_script(scripts.CLAIM)
        self._draw = client.register_script(scripts.DRAW)
        self._stats = client.register_script(scripts.STATS)

    def append(self, sequence: int, bounds: Bounds, segments: Sequence[bytes]) -> int:
        """Add segments that lie in Redis; gives how many of the oldest were evicted for them."""
        return self._add(sequence, bounds, "", segments)

    def append_object(self, sequence: int, bounds: Bounds, key: str, sizes: Sequence[int]) -> int:
        """Add the segments of an object; gives how many of the oldest were evicted for them."""
        return self._add(sequence, bounds, key, sizes)

    def claim(self, after: int, limit: int) -> tuple[int, list[int]]:
        """The newest id of all, and the ids that follow one, so many at most."""
        newest, ids = _run(self._claim, (self._order, self._counters), (after, limit))
        return int(newest), [int(each) for each in ids]

    def draw(self, shares: Sequence[float]) -> list[int]:
        """The ids at these places from oldest (0) to newest (1); none when there are none."""
        return [int(each) for each in _run(self._draw, (self._order,), [repr(x) for x in shares])]

    def look_up(self, ids: Sequence[int]) -> list[bytes | Place | None]:
        """Each one's bytes, or where they lie; None for one that is no longer there."""
        names = [str(each) for each in ids]
        found: list[bytes | Place | None] = [
            *cast("list[bytes | None]", self._client.hmget(self._segments, names))
        ]
        absent = [i for i, data in enumerate(found) if data is None]
        if absent:
            asked = self._client.hmget(self._places, [names[i] for i in absent])
            for i, text in zip(absent, cast("list[bytes | None]", asked), strict=True):
                found[i] = None if text is None else _to_place(text)
        return found

    def acknowledge(self, ids: Sequence[int]) -> None:
        """Take out segments that were learnt from."""
        _run(self._remove, (*self._all, self._counters), ("acknowledged", *ids))

    def lose(self, ids: Sequence[int]) -> int:
        """Take out segments whose object is lost; gives how many of them were still there."""
        return int(_run(self._remove, (*self._all, self._counters), ("lost", *ids)))

    def count_late(self) -> None:
        """Count an object that is late."""
        self._client.hincrby(self._counters, "late", 1)

    def clear(self) -> None:
        """Forget all segments of the run and its counters."""
        _run(self._clear, (*self._all, self._counters, self._arrivals), ())

    def stats(self) -> tuple[BufferStats, int]:
        """What the buffer holds and has seen, and the newest id."""
        *numbers, newest = map(int, _run(self._stats, (self._order, self._counters), ()))
        return BufferStats(*numbers), newest

    def wait_for_arrival(self, newest: int, block_s: float) -> None:
        """Wait until there is a newer id than this one, so long at most; two seconds at most."""
        block_ms = int(1000 * min(_LONGEST_BLOCK_S, block_s))
        if block_ms > 0:
            self._client.xread({self._arrivals: f"{newest}-0"}, count=1, block=block_ms)

    def age_s(self, identifier: int) -> float:
        """Seconds since a segment was appended, by the clock of Redis."""
        seconds, microseconds = self._client.time()
        return (seconds * 1_000_000 + microseconds - identifier) / 1e6

    def objects(self) -> set[str]:
        """The keys of the objects with segments that are needed."""
        keys = cast("list[bytes]", self._client.hkeys(self._objects))
        return {key.decode() for key in keys}

    def garbage(self, limit: int) -> list[str]:
        """Keys of objects that are to be deleted, so many at most."""
        keys = cast("list[bytes]", self._client.srandmember(self._garbage, limit))
        return [key.decode() for key in keys]

    def deleted(self, keys: Sequence[str]) -> None:
        """These objects are gone."""
        self._client.srem(self._garbage, *keys)

    def _add(
        self, sequence: int, bounds: Bounds, key: str, items: Sequence[bytes] | Sequence[int]
    ) -> int:
        keys = (*self._all, self._counters, self._arrivals, self._writer)
        limits = (_WRITER_REMEMBERED_S, bounds.segments, bounds.bytes)
        return int(_run(self._append, keys, (sequence, *limits, key, *items)))


def _run(script: Any, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
    return script(keys=keys, args=arguments)


def _to_place(text: bytes) -> Place:
    _, index, key = text.decode().split(" ", 2)
    return Place(key, int(index))
