"""A root file system with Gazebo 11, for machines whose distribution no longer has it.

Debian 11 is the last Debian with Gazebo 11; its libraries clash with those of later releases, so it
lives in a folder of its own and is entered with chroot(1).
"""

import os
import shutil
from pathlib import Path

from .commands import run
from .debian import install_packages
from .disk import require_room
from .mirror import debian_mirror
from .privileges import as_root, require_own_mounts
from .report import Exit, SetupError

PART = "gazebo"
RECIPE = 1
"""Raised when root_file_system.sh installs something else; an older one is then made anew."""
_SCRIPT = Path(__file__).with_suffix(".sh")
_PURPOSE = "make a root file system with Gazebo 11"
_GIGABYTES = 3.0


def is_complete(root: Path) -> bool:
    """Whether a root file system is there, finished, and of the present recipe or a later one."""
    try:
        return int((root / "opt/deepracer/recipe").read_text()) >= RECIPE
    except (FileNotFoundError, NotADirectoryError):
        return False


def make_root_file_system(root: Path) -> None:
    """Make it beside its place and rename it when it is complete, or leave nothing behind.

    Args:
        root: its place; an older one there is replaced.

    Raises:
        SetupError: no root, no room, no network, no way to mount.
    """
    if os.uname().machine != "x86_64":
        raise SetupError(Exit.UNSUITABLE, f"x86_64 is needed, this machine is {os.uname().machine}")
    as_root([], _PURPOSE)
    require_own_mounts(_PURPOSE)
    _make_folder(root.parent)
    require_room(root.parent, _GIGABYTES, "the root file system with Gazebo 11")
    if shutil.which("debootstrap") is None:
        packages = ["debootstrap", "debian-archive-keyring"]
        install_packages(PART, packages, "install debootstrap")
    # Every process of the build holds the lock, so it is free only when all of them are gone.
    lock = [_tool("flock"), str(root) + ".lock"]
    namespaces = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--pid",
        "--fork",
        "--kill-child",
    ]
    build = ["sh", str(_SCRIPT), str(root), str(RECIPE), *filter(None, [debian_mirror()])]
    try:
        run(PART, as_root([lock[0], "--no-fork", lock[1], *namespaces, "--", *build], _PURPOSE))
    finally:
        left = [f"{root}.building", f"{root}.old"]
        if any(map(os.path.lexists, left)):
            run(PART, as_root([*lock, "rm", "-rf", "--one-file-system", "--", *left], _PURPOSE))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            Exit.FAILED,
            f"{folder} cannot be made ({error.strerror}): choose another with DEEPRACER_CACHE",
        ) from error


def _tool(name: str) -> str:
    return shutil.which(name) or name
