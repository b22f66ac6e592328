"""Room on the disk, asked before a big work begins rather than found wanting in its middle."""

import os
import shutil
from pathlib import Path

from .report import Exit, SetupError


def require_room(folder: Path, gigabytes: float, purpose: str) -> None:
    """Check that there is room, and that it may be used.

    Args:
        folder: where the files will go; it need not exist yet.
        gigabytes: how much is needed at the fullest moment.
        purpose: what for, completing "... needs".

    Raises:
        SetupError: less is free there, or the folder cannot be written.
    """
    there = folder
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK):
        raise SetupError(
            Exit.FAILED,
            f"{purpose} needs to write below {there}, which user {os.geteuid()} may not: "
            "choose another place with DEEPRACER_CACHE",
        )
    free = shutil.disk_usage(there).free / 1e9
    if free < gigabytes:
        raise SetupError(
            Exit.NO_DISK,
            f"{purpose} needs {gigabytes:.1f} GB below {folder}, {free:.1f} GB are free there: "
            "free some space, or choose another place with DEEPRACER_CACHE",
        )
