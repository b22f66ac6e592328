"""An installed ROS 2, which is used instead of the wheels from PyPI."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .commands import succeeds
from .interpreters import version_of

DISTRIBUTIONS = Path("/opt/ros")


@dataclass(frozen=True, slots=True)
class InstalledRos:
    """A ROS 2 distribution whose rclpy can be imported.

    Attributes:
        name: "humble", "jazzy", ...
        set_up_script: what a shell sources to use it.
        python: the interpreter that it was built for.
    """

    name: str
    set_up_script: Path
    python: Path


@cache
def installed_ros(distributions: Path = DISTRIBUTIONS) -> InstalledRos | None:
    """The ROS 2 of this machine: $ROS_DISTRO where that is set, else the last by name, or None.

    Args:
        distributions: the folder that holds one folder for each distribution.
    """
    found = sorted(distributions.glob("*/setup.bash"), reverse=True)
    chosen = os.environ.get("ROS_DISTRO")
    found.sort(key=lambda script: script.parent.name != chosen)
    for script in found:
        ros = InstalledRos(script.parent.name, script, Path("/usr/bin/python3"))
        if version_of(ros.python) and succeeds(
            in_ros_shell(ros, [ros.python, "-c", "import rclpy"])
        ):
            return ros
    return None


def in_ros_shell(ros: InstalledRos | None, command: Sequence[str | Path]) -> list[str]:
    """The command in an environment with the installed ROS 2, or as it is where there is none."""
    words = [str(word) for word in command]
    if ros is None:
        return words
    source = f". {shlex.quote(str(ros.set_up_script))} > /dev/null"
    return ["bash", "-c", f'{source} && exec "$@"', "bash", *words]
