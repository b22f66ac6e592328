"""The program redis-server. No system service is installed, enabled or started."""

import os
import re
import shutil
from pathlib import Path

from .commands import answer
from .debian import install_packages
from .places import ENVIRONMENT
from .report import Exit, SetupError, Stopwatch, say

PART = "redis"
_SAME_PROGRAM = "redis-check-rdb"


def set_up_redis() -> None:
    """Find or install redis-server.

    Debian's package redis-server is a link and a system service; the program itself comes with
    redis-tools under another name and looks at the name by which it is called. So redis-tools is
    installed, and the link is made in the virtual environment.

    Raises:
        SetupError: no root, no network, no such package.
    """
    if found := _redis_server():
        say(PART, f"found {_version(found)} in {found}")
        return
    watch = Stopwatch()
    if shutil.which(_SAME_PROGRAM) is None:
        say(PART, "installing redis-server (the program only, no service)")
        install_packages(PART, ["redis-tools"], "install redis-server")
    program = shutil.which(_SAME_PROGRAM)
    if program is None:
        raise SetupError(Exit.FAILED, f"the package redis-tools did not bring {_SAME_PROGRAM}")
    link = ENVIRONMENT / "bin/redis-server"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(program)
    say(PART, f"installed {_version(link)} in {watch}")


def _redis_server() -> Path | None:
    path = f"{ENVIRONMENT / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    found = shutil.which("redis-server", path=path)
    return Path(found) if found else None


def _version(program: Path) -> str:
    found = re.search(r"v=([\d.]+)", answer([program, "--version"]) or "")
    return found[1] if found else "unknown version"
