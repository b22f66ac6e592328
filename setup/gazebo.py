"""Gazebo 11: the machine's own, the distribution's, or one in a root file system of its own."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .commands import succeeds
from .debian import candidate, install_packages, os_release, update_lists
from .places import gazebo_root
from .report import Exit, SetupError, Stopwatch, say
from .root_file_system import is_complete, make_root_file_system

PART = "gazebo"
_PURPOSE = "install Gazebo 11"
_PACKAGES = {
    "gzserver": ["gazebo", "gazebo-plugin-base", "libgl1-mesa-dri"],
    "Xvfb": ["xvfb", "xauth"],
    "headers": ["libgazebo-dev", "pkg-config"],
    "cmake": ["cmake", "make"],
    "g++": ["g++"],
}


@dataclass(frozen=True, slots=True)
class Gazebo:
    """Where Gazebo is.

    Attributes:
        version: "11.10.2".
        root: the root file system that it is in; None where it belongs to the machine.
    """

    version: str
    root: Path | None


def set_up_gazebo() -> None:
    """Find or install Gazebo 11 and what it takes to render and to build its plugin.

    Raises:
        SetupError: no root, no room, no network, or a machine on which none of the ways is open.
    """
    if gazebo := found_gazebo():
        place = gazebo.root or shutil.which("gzserver")
        say(PART, f"found {gazebo.version} in {place}")
        return
    watch = Stopwatch()
    if _distribution_has_it():
        missing = [name for name in _PACKAGES if not _is_there(name)]
        say(PART, f"installing Gazebo 11 from this distribution ({', '.join(missing)})")
        install_packages(PART, [p for name in missing for p in _PACKAGES[name]], _PURPOSE)
    else:
        say(PART, f"installing Gazebo 11 into {gazebo_root()} (about three minutes, 2 GB)")
        make_root_file_system(gazebo_root())
    say(PART, f"installed {ready_gazebo().version} in {watch}")


def ready_gazebo() -> Gazebo:
    """The Gazebo that its part has found or installed.

    Raises:
        SetupError: there is none.
    """
    gazebo = found_gazebo()
    if gazebo is None:
        raise SetupError(Exit.FAILED, "Gazebo 11 is missing: run set-up without --only")
    return gazebo


def found_gazebo() -> Gazebo | None:
    """The Gazebo 11 that is ready for use, or None.

    Raises:
        SetupError: DEEPRACER_GAZEBO_ROOT names a folder without Gazebo.
    """
    root = gazebo_root()
    if os.environ.get("DEEPRACER_GAZEBO_ROOT"):
        if not (root / "usr/bin/gzserver").exists():
            raise SetupError(
                Exit.UNSUITABLE,
                f"DEEPRACER_GAZEBO_ROOT is {root}, which has no usr/bin/gzserver: "
                "name a root file system with Gazebo 11, or unset it",
            )
        return Gazebo(_version_in(root), root)
    version = _native_version()
    if version and all(_is_there(name) for name in _PACKAGES):
        return Gazebo(version, None)
    if not version and is_complete(root):
        return Gazebo(_version_in(root), root)
    return None


def _native_version() -> str | None:
    """Read off the name, gzserver-11.10.2: asking the program itself would leave logs behind."""
    program = shutil.which("gzserver")
    found = re.search(r"-(11\.[\d.]*\d)$", os.path.realpath(program)) if program else None
    return found[1] if found else None


def _version_in(root: Path) -> str:
    libraries = root.glob("usr/lib/*/libgazebo.so.11.*")
    return min((file.name.partition(".so.")[2] for file in libraries), default="11")


def _is_there(name: str) -> bool:
    if name == "headers":
        return succeeds(["pkg-config", "--exists", "gazebo"])
    return shutil.which(name) is not None


def _distribution_has_it() -> bool:
    if os_release().get("ID") == "ubuntu" and candidate("gazebo") is None:
        update_lists(PART, _PURPOSE)
    return (candidate("gazebo") or "").startswith("11.")
