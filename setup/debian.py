"""The distribution's own packages, by apt-get, on Debian and Ubuntu."""

import shutil
from pathlib import Path

from .commands import answer, run
from .privileges import as_root
from .report import Exit, SetupError

_INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends"]
_PATIENCE = ["-o", "DPkg::Lock::Timeout=300"]
_QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def install_packages(part: str, packages: list[str], purpose: str) -> None:
    """Install packages that are missing.

    Args:
        part: names the log.
        packages: names in the distribution's archive.
        purpose: completes "root is needed to ...".

    Raises:
        SetupError: no apt-get, no root, no network, no such package.
    """
    if shutil.which("apt-get") is None:
        raise SetupError(
            Exit.UNSUITABLE,
            f"this system has no apt-get to {purpose}: install it by hand ({' '.join(packages)} "
            "on Debian) and run this again",
        )
    command = as_root([*_INSTALL, *_PATIENCE, *packages], purpose)
    try:
        run(part, command, _QUIET)
    except SetupError:
        # The lists of packages may be missing (fresh containers) or old.
        update_lists(part, purpose)
        run(part, command, _QUIET)


def update_lists(part: str, purpose: str) -> None:
    """Fetch the archive's lists; one broken source does not matter if the others answer."""
    try:
        run(part, as_root(["apt-get", "update", *_PATIENCE], purpose), _QUIET)
    except SetupError as error:
        if error.code is Exit.NO_ROOT:
            raise


def candidate(package: str) -> str | None:
    """The version that apt-get would install, or None when the archive has none."""
    said = answer(["apt-cache", "policy", package]) or ""
    for line in said.splitlines():
        name, _, version = line.strip().partition(": ")
        if name == "Candidate" and version != "(none)":
            return version
    return None


def os_release(file: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The fields of os-release(5), empty on a system without the file."""
    if not file.is_file():
        return {}
    pairs = (line.partition("=") for line in file.read_text().splitlines() if "=" in line)
    return {key: value.strip("\"'") for key, _, value in pairs}
