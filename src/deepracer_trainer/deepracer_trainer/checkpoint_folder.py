"""The newest versions in a folder beside the store, from which an interrupted training goes on."""

import logging
from collections.abc import Mapping
from typing import Any

from deepracer_core.model_store import ModelStore, StoreError

_LOG = logging.getLogger(__name__)


class CheckpointFolder:
    """Copies of the newest versions, written before the store has them.

    So a version is not lost that could not be stored before the training was interrupted. A folder
    that cannot be written costs the copies, not the training.

    Args:
        copies: the store in the folder.
        keep: how many of the newest versions stay in it.
    """

    def __init__(self, copies: ModelStore, keep: int) -> None:
        self._copies = copies
        self._keep = keep
        self._in_vain = False

    def add(self, version: int, files: Mapping[str, bytes], info: Mapping[str, Any]) -> None:
        """Copy a version, and remove those that are too many."""
        try:
            self._copies.publish(version, files, info)
            for old in self._copies.removable(self._keep):
                self._copies.remove(old)
        except StoreError as error:
            if not self._in_vain:
                _LOG.warning("no copy of version %d in %s: %s", version, self._copies.url, error)
            self._in_vain = True
            return
        self._in_vain = False
