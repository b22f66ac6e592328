"""What a model store needs of the place where its bytes lie."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """The bytes under a key.

    Attributes:
        data: the bytes.
        revision: changes whenever the bytes do.
    """

    data: bytes
    revision: str


class Storage(Protocol):
    """Bytes under keys like `versions/00000001/policy.tflite`. A reader sees an object whole.

    Each method raises `StoreUnavailable` for an outage, once its own retries are used up, and
    `StoreConfigurationError` for what no retry will mend.
    """

    @property
    def url(self) -> str:
        """The place, as messages name it."""

    def check(self, writing: bool) -> None:
        """Find out with as little effort as possible whether the place can be used."""

    def publishing(self) -> AbstractContextManager[None]:
        """Keep other publishers out meanwhile, where the place can do that."""

    def read(self, key: str) -> StoredObject | None:
        """The object under a key; None when there is none."""

    def write(self, key: str, data: bytes) -> None:
        """Put an object under a key, whatever is there."""

    def write_if(self, key: str, data: bytes, revision: str | None) -> bool:
        """Put an object under a key if it is still at that revision, or absent for None.

        Returns:
            Whether it was. A place that cannot tell writes and says yes.
        """

    def delete(self, key: str) -> None:
        """Remove the object under a key, if there is one."""

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with a prefix, in any order."""

    def ages(self, prefix: str) -> Iterator[tuple[str, float]]:
        """As `keys`, each with the seconds since it was written, by the clock of the place."""
