"""Set up what this machine lacks to train and to test; at once when nothing is missing."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

from .browser import set_up_browser
from .gazebo import set_up_gazebo
from .lock import locked
from .network import set_up_network
from .places import REPOSITORY, STATE
from .plugin import set_up_plugin
from .python_environment import set_up_python
from .redis_server import set_up_redis
from .report import Exit, SetupError, say
from .requirements import REQUIREMENTS, sections
from .workspace import set_up_workspace

PARTS = {
    "python": set_up_python,
    "gazebo": set_up_gazebo,
    "redis": set_up_redis,
    "plugin": set_up_plugin,
    "workspace": set_up_workspace,
    "browser": set_up_browser,
    "network": set_up_network,
}

FOR_TESTS = frozenset({"browser", "network"})
"""Parts that are set up only when they are asked for."""


def main() -> int:
    """Set up all parts but those for tests alone, or those asked for, in order.

    Returns:
        an exit code of `Exit`.
    """
    parser = argparse.ArgumentParser(prog="python3 -m setup", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="this part alone; repeatable"
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=sections(REQUIREMENTS.read_text()),
        help="leave out a section of requirements.txt; repeatable",
    )
    given = parser.parse_args()
    chosen = given.only or PARTS.keys() - FOR_TESTS
    parts: dict[str, Callable[[], None]] = {
        **PARTS,
        "python": partial(set_up_python, given.without),
    }
    signal.signal(signal.SIGTERM, _interrupt)
    os.chdir(REPOSITORY)
    part = "set-up"
    try:
        with locked(STATE / "lock", part):
            for part in filter(chosen.__contains__, PARTS):
                parts[part]()
    except SetupError as error:
        say(part, f"failed: {error}")
        return error.code
    except KeyboardInterrupt:
        say(part, "interrupted; the next set-up goes on from here")
        return Exit.INTERRUPTED
    return Exit.DONE


def _interrupt(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
