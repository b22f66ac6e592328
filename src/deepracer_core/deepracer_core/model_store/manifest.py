"""The list of a version's files: what makes it complete, and what it is verified against."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deepracer_core.model_store.errors import ModelCorrupt

MANIFEST = "manifest.json"

_SCHEMA = 1
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a version.

    Attributes:
        size: bytes.
        sha256: of the content, in hexadecimal digits.
    """

    size: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> "FileEntry":
        """The entry of a file with this content."""
        return cls(len(data), hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version consists of. The same content gives the same bytes.

    Attributes:
        version: number of the version, from 1.
        files: each file's name and entry.
        info: what the publisher said of the version: counters, metrics.
    """

    version: int
    files: Mapping[str, FileEntry]
    info: Mapping[str, Any]

    @classmethod
    def of(cls, version: int, files: Mapping[str, bytes], info: Mapping[str, Any]) -> "Manifest":
        """The manifest of a version that is about to be published.

        Raises:
            ValueError: the version, a file's name or the info cannot be published.
        """
        if version < 1:
            raise ValueError(f"model versions begin at 1, got {version}")
        if not files:
            raise ValueError(f"model version {version} must have at least one file")
        for name in files:
            if not _FILE_NAME.fullmatch(name) or name == MANIFEST:
                raise ValueError(
                    f"model version {version}: a file must be named by letters, digits and _.- "
                    f"and not {MANIFEST}, got {name!r}"
                )
        entries = {name: FileEntry.of(data) for name, data in files.items()}
        # Through JSON and back, so that it compares equal to what will be read.
        return cls(version, entries, json.loads(_to_json(dict(info))))

    def to_bytes(self) -> bytes:
        """The manifest as it is stored."""
        files = {
            name: {"size": entry.size, "sha256": entry.sha256} for name, entry in self.files.items()
        }
        document = {
            "schema": _SCHEMA,
            "version": self.version,
            "files": files,
            "info": dict(self.info),
        }
        return _to_json(document).encode()

    @classmethod
    def from_bytes(cls, data: bytes, source: str) -> "Manifest":
        """Read a stored manifest.

        Raises:
            ModelCorrupt: it is none; the message names the source.
        """
        try:
            document = json.loads(data)
            if document["schema"] != _SCHEMA:
                raise ModelCorrupt(
                    f"{source} has schema {document['schema']!r}, this program reads {_SCHEMA}: "
                    "use the program's version that wrote it"
                )
            files = {
                str(name): FileEntry(int(entry["size"]), str(entry["sha256"]))
                for name, entry in document["files"].items()
            }
            return cls(int(document["version"]), files, dict(document["info"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelCorrupt(
                f"{source} is not the manifest of a model version ({error!r}): "
                "restore it from a copy, or use another version"
            ) from error

    def verify(self, name: str, data: bytes | None, source: str) -> bytes:
        """Hand the content of a file on if it is what was published.

        Args:
            name: of the file; it must be in the manifest.
            data: what was read; None when there was nothing.
            source: where it was read from, for the message.

        Raises:
            ModelCorrupt: it is missing or something else.
        """
        expected = self.files[name]
        if data is None:
            found = "it is missing"
        elif len(data) != expected.size:
            found = f"it has {len(data)} bytes, its manifest says {expected.size}"
        elif (sha256 := hashlib.sha256(data).hexdigest()) != expected.sha256:
            found = f"its SHA-256 is {sha256}, its manifest says {expected.sha256}"
        else:
            return data
        raise ModelCorrupt(
            f"{source} is damaged: {found}; restore it from a copy, or use another version"
        )


def _to_json(document: Mapping[str, Any]) -> str:
    # NaN is no JSON: what other tools cannot read must not be written.
    return json.dumps(document, sort_keys=True, indent=1, allow_nan=False)
