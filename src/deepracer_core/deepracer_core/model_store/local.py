"""A model store in a directory: the embedded default."""

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from deepracer_core.model_store.errors import StoreConfigurationError, StoreUnavailable
from deepracer_core.model_store.storage import StoredObject

_LOCK = ".publishing"
_BESIDE = ".new"
_OPEN_ATTEMPTS = 5

# What a person must mend; any other fault of a file system (full, read error, stale) can pass.
_ADVICE = {
    errno.EACCES: "change its owner or permissions, or choose another directory",
    errno.EPERM: "change its owner or permissions, or choose another directory",
    errno.EROFS: "choose a directory that can be written",
    errno.EEXIST: "choose a path that has no file in the place of a directory",
    errno.ENOTDIR: "choose a path that has no file in the place of a directory",
    errno.EISDIR: "choose a path that has no directory in the place of a file",
    errno.ENAMETOOLONG: "choose a shorter path",
    errno.ELOOP: "mend the circle of symbolic links",
}


class LocalStorage:
    """Files below a directory, which is made when it is first written to.

    A file is written beside its place, flushed to the disk and renamed: a reader sees the old one
    or the new one, and what a killed writer leaves behind is overwritten by the next.

    Args:
        root: the directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    @property
    def url(self) -> str:
        """The path of the directory."""
        return str(self._root)

    def check(self, writing: bool) -> None:
        """Look whether the directory can be read, or made and written."""
        with _explained(self._root):
            if writing:
                with self.publishing():
                    pass
            elif self._root.exists():
                os.listdir(self._root)

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Hold a lock that the kernel lets go of should this process be killed."""
        path = self._root / _LOCK
        with _explained(path):
            self._root.mkdir(parents=True, exist_ok=True)
            lock = path.open("wb")
        with lock:
            with _explained(path):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def read(self, key: str) -> StoredObject | None:
        """See `Storage`."""
        path = self._root / key
        with _explained(path):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                return None
        return StoredObject(data, _revision(data))

    def write(self, key: str, data: bytes) -> None:
        """See `Storage`."""
        path = self._root / key
        beside = path.with_name(path.name + _BESIDE)
        with _explained(path):
            with _open_in_folder(beside) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.rename(path)
            _sync_directory(path.parent)

    def write_if(self, key: str, data: bytes, revision: str | None) -> bool:
        """See `Storage`. Only while `publishing`, which keeps others from writing in between."""
        stored = self.read(key)
        if (None if stored is None else stored.revision) != revision:
            return False
        self.write(key, data)
        return True

    def delete(self, key: str) -> None:
        """See `Storage`."""
        path = self._root / key
        with _explained(path):
            path.unlink(missing_ok=True)
            # A folder without files is none, as in a bucket.
            with suppress(OSError):
                path.parent.rmdir()

    def keys(self, prefix: str) -> Iterator[str]:
        """See `Storage`."""
        with _explained(self._root):
            for folder, _, names in os.walk(self._root / prefix, onerror=_unless_absent):
                for name in names:
                    yield (Path(folder) / name).relative_to(self._root).as_posix()

    def ages(self, prefix: str) -> Iterator[tuple[str, float]]:
        """See `Storage`."""
        for key in self.keys(prefix):
            with _explained(self._root):
                try:
                    written = (self._root / key).stat().st_mtime
                except FileNotFoundError:
                    continue
            yield key, time.time() - written


def _revision(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _unless_absent(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _open_in_folder(path: Path) -> BinaryIO:
    """Open a file for writing, in a folder that is made if it is not there.

    Who deletes its last file at the same time removes the folder, until there is the new one in it.
    """
    for _ in range(_OPEN_ATTEMPTS):
        with suppress(FileNotFoundError):
            return path.open("wb")
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            file = path.open("wb")
            _sync_directory(path.parent.parent)
            return file
    return path.open("wb")


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"the model store's {error.filename or path} cannot be used: {error.strerror}"
        if error.errno in _ADVICE:
            raise StoreConfigurationError(f"{reason}; {_ADVICE[error.errno]}") from error
        raise StoreUnavailable(
            f"{reason}; free some space or mend the disk, then it works again"
        ) from error
