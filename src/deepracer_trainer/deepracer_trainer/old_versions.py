"""Old versions of the model: removed when nobody needs them, and nobody can be loading them."""

import logging
import time
from collections.abc import Callable

from deepracer_core.model_store import ModelStore, StoreError

GRACE_S = 60.0
"""Seconds for which a version stays after it was the newest, the best or otherwise kept: who has
read a pointer to it has loaded it by then."""

_AT_ONCE = 4
"""So many are removed after an update at most, so that no update has to wait long for it."""

_LOG = logging.getLogger(__name__)


class OldVersions:
    """Keeps the newest versions and the best, and removes the others.

    Args:
        store: where the versions are.
        keep: how many of the newest are kept; 0 keeps all versions.
        clock: monotonic seconds.
    """

    def __init__(
        self, store: ModelStore, keep: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._keep = keep
        self._clock = clock
        self._removable_since: dict[int, float] = {}
        self._in_vain = False

    def prune(self) -> None:
        """Remove some of those that have been needless for a while, if the store is there."""
        if not self._keep:
            return
        now = self._clock()
        try:
            since = self._removable_since
            removable = self._store.removable(self._keep)
            self._removable_since = {version: since.get(version, now) for version in removable}
            due = [v for v, at in self._removable_since.items() if now - at >= GRACE_S]
            for version in due[:_AT_ONCE]:
                self._store.remove(version)
        except StoreError as error:
            if not self._in_vain:
                _LOG.warning("old versions of the model stay for now: %s", error)
            self._in_vain = True
            return
        self._in_vain = False
