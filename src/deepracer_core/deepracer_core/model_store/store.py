"""The model store: immutable, verified versions of the model, and pointers to two of them.

    versions/00000012/policy.tflite ...     the files of a version, written first
    versions/00000012/manifest.json         size and SHA-256 of each: now the version is complete
    latest.json                             {"version": 12}, moved last and never backwards
    best.json                               {"version": 9, "info": {...}}
    model/deepracer_checkpoints.json        both in their public form, written after either moved

A version without a manifest is not there for any reader; publishing it again overwrites the rest.
One that is removed loses its manifest first. A reader whom that overtakes is told `ModelNotFound`,
and finds by the pointer what has come instead.
"""

import json
import logging
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from deepracer_core.model_store.checkpoint_index import (
    CHECKPOINT_INDEX,
    checkpoint,
    with_best,
    with_last,
)
from deepracer_core.model_store.errors import ModelCorrupt, ModelNotFound, StoreError, VersionExists
from deepracer_core.model_store.manifest import MANIFEST, Manifest
from deepracer_core.model_store.storage import Storage

_LATEST = "latest.json"
_BEST = "best.json"
_VERSION_KEY = re.compile(r"versions/(\d{8,})/")
_MANIFEST_KEY = re.compile(r"versions/(\d{8,})/" + re.escape(MANIFEST))
_POINTER_ATTEMPTS = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A version that was loaded and verified.

    Attributes:
        version: its number, from 1.
        files: name and content of each file that was asked for.
        info: what the publisher said of it.
    """

    version: int
    files: Mapping[str, bytes]
    info: Mapping[str, Any]


class ModelStore:
    """Versions of one model in some storage. One trainer publishes, anybody reads.

    Every method may take seconds in an outage, and then raises `StoreUnavailable`; it raises
    `StoreConfigurationError` when the storage cannot be used as it is configured.

    Args:
        storage: where the bytes lie.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @property
    def url(self) -> str:
        """The address of the store, without credentials."""
        return self._storage.url

    def check(self, writing: bool = False) -> None:
        """Find out whether the store can be read, and written if asked, before it matters."""
        self._storage.check(writing)

    def publish(self, version: int, files: Mapping[str, bytes], info: Mapping[str, Any]) -> None:
        """Store a version and make it the latest, if it is newer than the latest.

        Doing it again with the same content changes nothing, so it can be retried.

        Args:
            version: its number, from 1.
            files: name and content of each of its files.
            info: anything that JSON can hold: counters, metrics.

        Raises:
            VersionExists: the version is there with other content.
            ValueError: the version, a name or the info cannot be published.
        """
        manifest = Manifest.of(version, files, info)
        with self._storage.publishing():
            existing = self._find_manifest(version)
            if existing is None:
                for name, data in files.items():
                    self._storage.write(_key(version, name), data)
                if not self._storage.write_if(
                    _key(version, MANIFEST), manifest.to_bytes(), revision=None
                ):
                    existing = self._find_manifest(version)
            if existing is not None and existing != manifest:
                raise VersionExists(
                    f"{self.url} has version {version} already, with other content; versions never "
                    "change: publish a higher one, or use another store for a new run"
                )
            self._point_latest_to(version)
            self._index_last(version, manifest)

    def recover(self) -> int | None:
        """Finish what a publisher that was killed had begun. For a publisher, at its start.

        A version that is complete, but whose publisher died before it could point to it, becomes
        the latest.

        Returns:
            The latest version; None when there is none.
        """
        with self._storage.publishing():
            newest = max(self.versions(), default=None)
            if newest is not None:
                self._point_latest_to(newest)
                self._index_last(newest, self._manifest(newest))
        return newest

    def latest(self) -> int | None:
        """The newest version; None before the first. One small read."""
        pointer = self._read_pointer(_LATEST)
        return None if pointer is None else int(pointer["version"])

    def set_best(self, version: int, info: Mapping[str, Any]) -> None:
        """Mark a version as the best so far.

        Args:
            version: which one.
            info: why: anything that JSON can hold.

        Raises:
            ModelNotFound: there is no such version.
        """
        manifest = self._manifest(version)
        with self._storage.publishing():
            self._storage.write(_BEST, _pointer(version, info=dict(info)))
            best = checkpoint(version, manifest.info, time.time(), info)
            self._storage.write(CHECKPOINT_INDEX, with_best(self._read_index(), best))

    def best(self) -> int | None:
        """The version that was marked as the best; None before the first."""
        pointer = self._read_pointer(_BEST)
        return None if pointer is None else int(pointer["version"])

    def best_info(self) -> dict[str, Any] | None:
        """What was said of the best version; None before the first."""
        pointer = self._read_pointer(_BEST)
        return None if pointer is None else dict(pointer.get("info", {}))

    def versions(self) -> list[int]:
        """The complete versions, ascending."""
        keys = self._storage.keys("versions/")
        return sorted(int(match[1]) for key in keys if (match := _MANIFEST_KEY.fullmatch(key)))

    def removable(self, keep: int) -> list[int]:
        """The versions that are neither among the newest ones nor the best, ascending.

        Among them are older ones that were begun and never completed.

        Args:
            keep: how many of the newest are left out.
        """
        keys = list(self._storage.keys("versions/"))
        begun = {int(match[1]) for key in keys if (match := _VERSION_KEY.match(key))}
        complete = {int(match[1]) for key in keys if (match := _MANIFEST_KEY.fullmatch(key))}
        latest = self.latest() or 0
        kept = {*sorted(complete)[-keep:], self.best()}
        return sorted(version for version in begun if version < latest and version not in kept)

    def remove(self, version: int) -> None:
        """Remove a version for good, or what is left of it.

        Raises:
            ValueError: a pointer is on it.
        """
        with self._storage.publishing():
            if version in (self.latest(), self.best()):
                raise ValueError(f"version {version} in {self.url} is the latest or the best")
            # From here on it is not there for any reader.
            self._storage.delete(_key(version, MANIFEST))
            for key in list(self._storage.keys(_key(version, ""))):
                self._storage.delete(key)

    def info(self, version: int) -> dict[str, Any]:
        """What the publisher said of a version.

        Raises:
            ModelNotFound: there is no such version.
            ModelCorrupt: its manifest is damaged.
        """
        return dict(self._manifest(version).info)

    def files(self, version: int) -> Collection[str]:
        """The names of a version's files.

        Raises:
            ModelNotFound: there is no such version.
            ModelCorrupt: its manifest is damaged.
        """
        return self._manifest(version).files.keys()

    def load(self, version: int, names: Collection[str] | None = None) -> StoredModel:
        """Read a version and verify each file against its manifest.

        Args:
            version: which one.
            names: of the files that are wanted; all when left out.

        Raises:
            ModelNotFound: there is no such version, or no such file in it.
            ModelCorrupt: a file is missing, cut short or changed; the message names it.
        """
        manifest = self._manifest(version)
        files = {}
        for name in manifest.files if names is None else names:
            if name not in manifest.files:
                raise ModelNotFound(
                    f"version {version} in {self.url} has no file {name}; "
                    f"it has {', '.join(sorted(manifest.files))}"
                )
            key = _key(version, name)
            stored = self._storage.read(key)
            if stored is None:
                self._manifest(version)  # It may have been removed meanwhile.
            data = None if stored is None else stored.data
            files[name] = manifest.verify(name, data, f"{self.url}/{key}")
        return StoredModel(version, files, manifest.info)

    def _find_manifest(self, version: int) -> Manifest | None:
        key = _key(version, MANIFEST)
        stored = self._storage.read(key)
        return None if stored is None else Manifest.from_bytes(stored.data, f"{self.url}/{key}")

    def _manifest(self, version: int) -> Manifest:
        manifest = self._find_manifest(version)
        if manifest is None:
            raise ModelNotFound(f"{self.url} has no complete version {version}")
        return manifest

    def _point_latest_to(self, version: int) -> None:
        # Another publisher may move it between the look and the write: then look again.
        for _ in range(_POINTER_ATTEMPTS):
            stored = self._storage.read(_LATEST)
            if stored is not None and self._newest_pointed_to(stored.data) >= version:
                return
            revision = None if stored is None else stored.revision
            if self._storage.write_if(_LATEST, _pointer(version), revision):
                return
        raise StoreError(f"{self.url}/{_LATEST} is moved by others all the time: one trainer a run")

    def _index_last(self, version: int, manifest: Manifest) -> None:
        if self.latest() != version:
            return
        last = checkpoint(version, manifest.info, time.time(), {})
        index = with_last(self._read_index(), last)
        if index is not None:
            self._storage.write(CHECKPOINT_INDEX, index)

    def _read_index(self) -> bytes | None:
        stored = self._storage.read(CHECKPOINT_INDEX)
        return None if stored is None else stored.data

    def _newest_pointed_to(self, data: bytes) -> int:
        try:
            return int(self._parse_pointer(_LATEST, data)["version"])
        except ModelCorrupt as error:
            _log.warning("%s; it is written anew", error)
            return 0

    def _read_pointer(self, key: str) -> dict[str, Any] | None:
        stored = self._storage.read(key)
        return None if stored is None else self._parse_pointer(key, stored.data)

    def _parse_pointer(self, key: str, data: bytes) -> dict[str, Any]:
        try:
            pointer = json.loads(data)
            return {**pointer, "version": int(pointer["version"])}
        except (ValueError, KeyError, TypeError) as error:
            raise ModelCorrupt(
                f"{self.url}/{key} does not name a version ({error!r}): delete it, and the next "
                "version that is published writes it anew"
            ) from error


def _key(version: int, name: str) -> str:
    return f"versions/{version:08d}/{name}"


def _pointer(version: int, **more: Any) -> bytes:
    return json.dumps({"version": version, **more}, sort_keys=True, allow_nan=False).encode()
