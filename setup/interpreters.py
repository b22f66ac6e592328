"""Finding a Python that the requirements have wheels for."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from .commands import answer
from .report import Exit, SetupError

OLDEST, NEWEST = (3, 10), (3, 12)
_ASK_VERSION = "import sys; print('.'.join(map(str, sys.version_info[:3])))"


def version_of(python: Path | str) -> str | None:
    """Its version, like 3.11.7, for an interpreter that runs and fits; None for any other."""
    said = answer([python, "-I", "-c", _ASK_VERSION])
    if not said or not OLDEST <= tuple(map(int, said.split(".")[:2])) <= NEWEST:
        return None
    return said


def find_python() -> Path:
    """The interpreter that runs this, or another one on PATH, when this one does not fit.

    Raises:
        SetupError: none fits.
    """
    for candidate in _candidates():
        if version_of(candidate):
            return candidate
    raise SetupError(
        Exit.UNSUITABLE,
        f"Python {_text(OLDEST)} to {_text(NEWEST)} is needed, this is {sys.version.split()[0]} "
        "and PATH has no other: install one, for example python3.11, and run this again",
    )


def _candidates() -> Iterator[Path]:
    # Inside a virtual environment the link leads to the interpreter that it was made from.
    yield Path(sys.executable).resolve()
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        if found := shutil.which(f"python3.{minor}"):
            yield Path(found)


def _text(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
