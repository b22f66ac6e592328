"""Batches of segments as objects in the storage of the run's model store.

    experience/RUN/WRITER-00000012.segments

An object is the number of its segments and the size of each (unsigned integers of 8 bytes,
little-endian), then the segments one after the other, each the bytes that Redis would hold. It is
written whole before anybody is told its key, is never changed, and is deleted when none of its
segments is needed any more. One that nobody was ever told of, because its writer died, expires.
"""

import logging
import struct
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote

import redis

from deepracer_core.experience_ledger import ExperienceLedger
from deepracer_core.model_store import Storage, StoreError, open_storage
from deepracer_core.redis_connection import is_outage

FOLDER = "experience"
"""Where the objects of all runs lie in a store; a lifecycle rule of the bucket can name it."""

_SIZE_BYTES = 8
_EXPIRE_AFTER_S = 3600.0
_EXPIRE_EVERY_S = 300.0
_DELETE_AT_ONCE = 16

_log = logging.getLogger(__name__)


class ExperienceObjects:
    """The objects of one run's experience.

    Every method that reaches for the storage raises `StoreUnavailable` in an outage and
    `StoreConfigurationError` when the storage refuses; an outage is told at once, so that the
    caller can do other things before it tries again.

    Args:
        storage: where they lie.
        run: name of the run.
        expire_after_s: an object that nobody knows is deleted when it is so old, seconds. An object
            whose announcement is still to come is written again before that, see `refresh_after_s`.
    """

    def __init__(self, storage: Storage, run: str, expire_after_s: float = _EXPIRE_AFTER_S) -> None:
        self._storage = storage
        self._prefix = f"{FOLDER}/{quote(run, safe='')}/"
        self._expire_after_s = expire_after_s
        self._last: tuple[str, list[bytes]] | None = None

    @classmethod
    def open(cls, store: str, run: str) -> "ExperienceObjects":
        """Those of a run, in the storage at its model store's address.

        Raises:
            StoreConfigurationError: it is no such address.
        """
        return cls(open_storage(store, is_patient=False), run)

    @property
    def url(self) -> str:
        """The place, as messages name it."""
        return f"{self._storage.url}/{self._prefix}".rstrip("/")

    @property
    def refresh_after_s(self) -> float:
        """An object that waits so long for its announcement is to be written again, seconds."""
        return self._expire_after_s / 4

    def check(self) -> None:
        """Find out whether the storage can be written, before it matters."""
        self._storage.check(writing=True)

    def key(self, writer: str, number: int) -> str:
        """The key of a writer's batch."""
        return f"{self._prefix}{writer}-{number:08d}.segments"

    def write(self, key: str, segments: Sequence[bytes]) -> None:
        """Put a batch under a key."""
        self._storage.write(key, pack(segments))

    def read(self, key: str) -> list[bytes] | None:
        """The segments of a batch; None when there is no such object, or it is no batch.

        The last one is kept, since a batch is read in several pieces.
        """
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        stored = self._storage.read(key)
        if stored is None:
            return None
        try:
            segments = unpack(stored.data)
        except ValueError:
            return None
        self._last = (key, segments)
        return segments

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        if self._last is not None and self._last[0] == key:
            self._last = None
        self._storage.delete(key)

    def expire(self, known: Callable[[], Collection[str]]) -> int:
        """Delete old objects that nobody knows: their writer died before it could tell of them.

        Args:
            known: gives the keys of those that are needed; called when the old ones are known.

        Returns:
            How many were deleted.
        """
        ages = list(self._storage.ages(self._prefix))
        old = {key for key, age_s in ages if age_s > self._expire_after_s}
        unknown = old - set(known()) if old else set()
        for key in sorted(unknown):
            self._storage.delete(key)
        return len(unknown)


class Leftovers:
    """Objects that nobody needs: deleted when the last of their segments is gone, or they are old.

    A store that is away or refuses is told once and tried again later: it holds up nobody.

    Args:
        ledger: knows which objects are needed.
        objects: where they lie; None: there are none.
    """

    def __init__(self, ledger: ExperienceLedger, objects: ExperienceObjects | None) -> None:
        self._ledger = ledger
        self._objects = objects
        self._expire_at = time.monotonic()
        self._in_vain = False

    def delete(self) -> None:
        """Delete those of which the last segment was learnt from, evicted or given up."""
        if self._objects is None:
            return
        with self._bearing_outages():
            while keys := self._ledger.garbage(_DELETE_AT_ONCE):
                for key in keys:
                    self._objects.delete(key)
                self._ledger.deleted(keys)

    def expire(self) -> None:
        """Now and then delete what writers left that died before they could announce it."""
        if self._objects is None or time.monotonic() < self._expire_at:
            return
        self._expire_at = time.monotonic() + _EXPIRE_EVERY_S
        with self._bearing_outages():
            expired = self._objects.expire(self._ledger.objects)
            if expired:
                _log.info("%d old objects of experience that nobody needs are deleted", expired)

    @contextmanager
    def _bearing_outages(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            if not self._in_vain:
                _log.warning("objects of experience that nobody needs stay for now: %s", error)
            self._in_vain = True
        except redis.RedisError as error:
            if not is_outage(error):
                raise
        else:
            self._in_vain = False


def pack(segments: Sequence[bytes]) -> bytes:
    """The bytes of a batch."""
    sizes = [len(segment) for segment in segments]
    return b"".join([struct.pack(f"<{1 + len(sizes)}Q", len(sizes), *sizes), *segments])


def unpack(data: bytes) -> list[bytes]:
    """The segments of a batch.

    Raises:
        ValueError: the bytes are no batch: cut off, or something else.
    """
    count = int.from_bytes(data[:_SIZE_BYTES], "little")
    begin = _SIZE_BYTES * (1 + count)
    if len(data) < max(begin, _SIZE_BYTES):
        raise ValueError(f"expected a batch of segments, got {len(data)} bytes that are none")
    sizes = struct.unpack(f"<{count}Q", data[_SIZE_BYTES:begin])
    if begin + sum(sizes) != len(data):
        raise ValueError(
            f"expected a batch of {begin + sum(sizes)} bytes, as its beginning says, "
            f"got {len(data)}"
        )
    segments = []
    for size in sizes:
        segments.append(data[begin : begin + size])
        begin += size
    return segments
