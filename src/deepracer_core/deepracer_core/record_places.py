"""Where a run's records go when they are not to lie with its models."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from deepracer_core.model_store import Storage, StoreConfigurationError, open_storage


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a store.

    Attributes:
        storage: of the folder that it is in.
        key: its name there.
    """

    storage: Storage
    key: str

    def of_worker(self, worker: int) -> "StoredFile":
        """The file of one worker: that of worker 2 has `_2` before its ending, the first's none."""
        if not worker:
            return self
        name = PurePosixPath(self.key)
        return StoredFile(self.storage, str(name.with_stem(f"{name.stem}_{worker}")))


@dataclass(frozen=True, slots=True)
class RecordPlaces:
    """The places of records that have one of their own.

    Attributes:
        traces: what `training-simtrace/` and `evaluation-simtrace/` are below; None for the usual
            place in the run's store.
        metrics: their file; None likewise.
    """

    traces: Storage | None = None
    metrics: StoredFile | None = None


def open_record_places(traces: str, metrics: str) -> RecordPlaces:
    """The places at two addresses, see `open_storage`; empty ones leave the usual places.

    Raises:
        StoreConfigurationError: one is no such address.
    """
    return RecordPlaces(
        open_storage(traces) if traces else None, open_file(metrics) if metrics else None
    )


def open_file(url: str) -> StoredFile:
    """The file at an address, which is that of its folder, a slash and its name.

    Raises:
        StoreConfigurationError: it is no such address.
    """
    path, separator, query = url.partition("?")
    folder, _, name = path.rpartition("/")
    if not folder or not name or folder.endswith(":/"):
        raise StoreConfigurationError(
            f"expected the address of a file, a path or s3://bucket/key, got {path}"
        )
    return StoredFile(open_storage(f"{folder}{separator}{query}"), name)
