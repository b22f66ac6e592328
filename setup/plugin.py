"""The Gazebo plugin, built by the compiler that fits the Gazebo it is loaded into."""

from pathlib import Path

from .commands import run
from .gazebo import ready_gazebo
from .places import INSTALL, REPOSITORY, STATE
from .privileges import in_own_mounts, require_own_mounts
from .report import Stopwatch, say
from .stamp import Stamp, files_below, fingerprint

PART = "plugin"
SOURCES = REPOSITORY / "src/deepracer_gazebo_plugin"
_SCRIPT = Path(__file__).with_suffix(".sh")


def set_up_plugin() -> None:
    """Build the plugin when its sources or Gazebo have changed.

    Where Gazebo belongs to the machine, colcon builds it together with the workspace.

    Raises:
        SetupError: it does not compile, or the root file system cannot be entered.
    """
    gazebo = ready_gazebo()
    if gazebo.root is None:
        say(PART, "is built with the workspace")
        return
    sources = files_below(SOURCES)
    stamp = Stamp(STATE / "plugin.stamp", fingerprint(gazebo, INSTALL, contents=sources))
    built = INSTALL / SOURCES.name / "lib"
    if stamp.holds() and any(built.glob("*.so")):
        say(PART, f"found, built for Gazebo {gazebo.version}")
        return
    require_own_mounts(f"enter {gazebo.root}")
    say(PART, f"building for Gazebo {gazebo.version}")
    watch = Stopwatch()
    stamp.remove()
    arguments = [gazebo.root, REPOSITORY, SOURCES.name]
    run(PART, in_own_mounts(["sh", str(_SCRIPT), *map(str, arguments)]))
    stamp.write()
    say(PART, f"built in {watch}")
