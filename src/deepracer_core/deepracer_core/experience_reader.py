"""From the ids of segments to their bytes, wherever they lie."""

import logging
from collections.abc import Iterator, Sequence

from deepracer_core.errors import ConfigurationError
from deepracer_core.experience_ledger import ExperienceLedger, Place
from deepracer_core.experience_objects import ExperienceObjects
from deepracer_core.model_store import StoreUnavailable
from deepracer_core.outage import Outage

LATE_S = 10.0
"""Seconds after its announcement for which an object that is not there is waited for."""

_log = logging.getLogger(__name__)


class ObjectLate(StoreUnavailable):
    """An object was announced and is not there yet."""


class SegmentReader:
    """Reads segments out of Redis, and out of the objects of a store.

    An object is there before it is announced. One that is missing all the same is asked for again
    until `LATE_S` after its announcement, and counted as late; then its segments are taken out of
    the buffer, and counted as lost.

    Args:
        ledger: knows where each segment lies.
        objects: where those lie that are not in Redis; None: there are none.
    """

    def __init__(self, ledger: ExperienceLedger, objects: ExperienceObjects | None) -> None:
        self._ledger = ledger
        self._objects = objects
        self._late: set[str] = set()
        self._outage = Outage("the store of the experience", "the trainer waits for it")

    def read(self, ids: Sequence[int]) -> Iterator[tuple[int, bytes | None]]:
        """Each segment, in the order given; None for one that is no longer there, or lost.

        Raises:
            ObjectLate: the next one's object is not there yet.
            StoreUnavailable: the storage of the objects is away.
            ConfigurationError: there are objects, and the storage refuses or was not given.
            redis.RedisError: Redis is away.
        """
        found = dict(zip(ids, self._ledger.look_up(ids), strict=True))
        wanted: dict[str, dict[int, int]] = {}
        for each, data in found.items():
            if isinstance(data, Place):
                wanted.setdefault(data.key, {})[each] = data.index
        lost: set[str] = set()
        for each, data in found.items():
            if not isinstance(data, Place):
                yield each, data
                continue
            batch = None if data.key in lost else self._batch(data.key, wanted[data.key])
            if batch is None:
                lost.add(data.key)
            yield each, None if batch is None else batch[data.index]

    def _batch(self, key: str, wanted: dict[int, int]) -> list[bytes] | None:
        """The batch with these segments (id -> number in it); None when it is lost."""
        if self._objects is None:
            raise ConfigurationError(
                f"there is experience in an object of a store, {key}, and this reader was given no "
                "store"
            )
        try:
            batch = self._objects.read(key)
        except StoreUnavailable as error:
            self._outage.failed(error)
            raise
        self._outage.succeeded()
        if batch is not None and max(wanted.values()) < len(batch):
            self._late.discard(key)
            return batch
        self._miss(key, list(wanted))
        return None

    def _miss(self, key: str, ids: Sequence[int]) -> None:
        """An object is not there, or not as it was announced: wait for it, or give it up."""
        # Its segments may have been evicted between the look and the reading.
        is_needed = any(data is not None for data in self._ledger.look_up(ids))
        # The clock of Redis may have been set back meanwhile.
        if is_needed and abs(self._ledger.age_s(max(ids))) < LATE_S:
            if key not in self._late:
                self._late.add(key)
                self._ledger.count_late()
            raise ObjectLate(f"{key} is announced and not in the store yet")
        self._late.discard(key)
        if is_needed:
            lost = self._ledger.lose(ids)
            _log.error("%d segments are lost: %s is not in the store, or damaged", lost, key)
