"""Where things are: the repository, what set-up makes in it, and the cache of the machine."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
STATE = REPOSITORY / ".setup"
"""Set-up's own notes: stamps, logs, the settings that environment.sh reads."""
LOGS = STATE / "log"
ENVIRONMENT = REPOSITORY / ".venv"
BUILD = REPOSITORY / "build"
INSTALL = REPOSITORY / "install"


def cache() -> Path:
    """The folder of what all checkouts on this machine share: $DEEPRACER_CACHE or the user's."""
    if chosen := os.environ.get("DEEPRACER_CACHE"):
        return Path(chosen).expanduser().resolve()
    user_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(user_cache).expanduser().resolve() / "deepracer"


def gazebo_root() -> Path:
    """The root file system that has Gazebo inside: $DEEPRACER_GAZEBO_ROOT or one in the cache."""
    if chosen := os.environ.get("DEEPRACER_GAZEBO_ROOT"):
        return Path(chosen).expanduser().resolve()
    return cache() / "gazebo-11"
