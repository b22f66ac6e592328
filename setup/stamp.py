"""Knowing that nothing is to be done: a fingerprint of what a part was made from."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


class Stamp:
    """A note beside a finished work that says what it was made from.

    It is removed before the work begins and written when it is complete, so that an interrupted
    work never looks finished.
    """

    def __init__(self, file: Path, fingerprint: str):
        self.file = file
        self._fingerprint = fingerprint

    def holds(self) -> bool:
        """Whether the work is complete and made from the same things."""
        try:
            return self.file.read_text() == self._fingerprint
        except FileNotFoundError:
            return False

    def remove(self) -> None:
        """Note that the work is about to change."""
        self.file.unlink(missing_ok=True)

    def write(self) -> None:
        """Note that the work is complete."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        beside = self.file.with_name(self.file.name + ".new")
        beside.write_text(self._fingerprint)
        beside.replace(self.file)


def fingerprint(*parts: object, contents: Iterable[Path] = (), names: Iterable[Path] = ()) -> str:
    """A hash of plain values, of files by their contents, and of files by their names alone."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part}\0".encode())
    for path in sorted(contents):
        data = path.read_bytes()
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    for path in sorted(names):
        digest.update(f"{path}\0".encode())
    return digest.hexdigest()


def files_below(folder: Path) -> list[Path]:
    """All files below a folder that matter, sorted; caches of Python are left out."""
    left_out = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not left_out.intersection(path.parts) and path.suffix != ".pyc"
    )
