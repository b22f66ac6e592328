"""The stand-ins for ROS packages that PyPI lacks, only where the real ones cannot be imported."""

import shutil
from pathlib import Path

from .commands import answer, run, succeeds
from .places import ENVIRONMENT, REPOSITORY, STATE
from .report import Exit, SetupError
from .ros import InstalledRos, in_ros_shell

STAND_INS = REPOSITORY / "stand_ins"
_PROJECT = "deepracer-ros-stand-ins"
_PYTHON = str(ENVIRONMENT / "bin/python")
# A folder of that name without __init__.py, like the repository's launch/, has no origin.
_ASK = """
import importlib.util, sys
spec = importlib.util.find_spec(sys.argv[1])
sys.exit(spec is None or spec.origin is None)
"""


def install_stand_ins(part: str, pip_install: list[str], ros: InstalledRos | None) -> None:
    """Install the stand-ins that are needed, and take away those that are not.

    Where all are missing, as on a machine without ROS 2, the whole project is installed, with the
    command `ros2` and its plugin for pytest; where ROS 2 lacks a few, just their modules.

    Args:
        part: names the log.
        pip_install: `pip install` with its options.
        ros: the installed ROS 2, if any.

    Raises:
        SetupError: pip failed.
    """
    packages = sorted(file.parent for file in STAND_INS.glob("*/__init__.py"))
    site = _site_packages()
    run(part, [_PYTHON, "-m", "pip", "uninstall", "--yes", "--quiet", _PROJECT])
    for package in packages:
        if (site / package.name).is_dir():
            shutil.rmtree(site / package.name)
    missing = [package for package in packages if not _is_there(package.name, ros)]
    if missing and missing == packages:
        # A copy, because building leaves files beside the sources.
        copy = STATE / "stand_ins"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(STAND_INS, copy)
        run(part, [*pip_install, "--no-deps", str(copy)])
        return
    for package in missing:
        shutil.copytree(package, site / package.name)


def _is_there(module: str, ros: InstalledRos | None) -> bool:
    return succeeds(in_ros_shell(ros, [_PYTHON, "-c", _ASK, module]))


def _site_packages() -> Path:
    said = answer([_PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    if said is None:
        raise SetupError(Exit.FAILED, f"{_PYTHON} does not run: remove {ENVIRONMENT} and try again")
    return Path(said)
