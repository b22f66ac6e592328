"""The virtual environment .venv: what requirements.txt asks for, as the constraints fix it."""

import shutil
from collections.abc import Collection
from pathlib import Path

from .commands import answer, run, succeeds
from .debian import install_packages
from .disk import require_room
from .interpreters import find_python, version_of
from .places import ENVIRONMENT, REPOSITORY
from .report import SetupError, Stopwatch, say
from .requirements import REQUIREMENTS, without
from .ros import InstalledRos, in_ros_shell, installed_ros
from .stamp import Stamp, files_below, fingerprint
from .stand_ins import STAND_INS, install_stand_ins

PART = "python"
CONSTRAINTS = REPOSITORY / "constraints.txt"
CONSTRAINTS_WITH_NUMPY_1 = REPOSITORY / "constraints-numpy1.txt"
STAMP = ENVIRONMENT / "deepracer.stamp"
_GIGABYTES = 4.5


def set_up_python(left_out: Collection[str] = ()) -> None:
    """Find or make the virtual environment.

    Args:
        left_out: sections of the requirements that are not needed, as in a container image.

    Raises:
        SetupError: no Python fits, the disk is full, or a package cannot be fetched.
    """
    ros = installed_ros()
    constraints = _constraints(ros)
    sources = [REQUIREMENTS, constraints, *files_below(STAND_INS)]
    stamp = Stamp(STAMP, fingerprint(ENVIRONMENT, ros, *sorted(left_out), contents=sources))
    kind = f"ROS 2 {ros.name}" if ros else "ROS 2 from PyPI"
    if stamp.holds() and (version := version_of(ENVIRONMENT / "bin/python")):
        say(PART, f"found {version} with {kind} in {ENVIRONMENT}")
        return
    watch = Stopwatch()
    # Without a stamp an installation was cut short: what is there cannot be trusted.
    is_new = not (STAMP.exists() and version_of(ENVIRONMENT / "bin/python"))
    if is_new:
        require_room(ENVIRONMENT, _GIGABYTES, "the virtual environment")
        python = ros.python if ros else find_python()
        say(PART, f"making .venv with Python {version_of(python)} and {kind} (two minutes, 3 GB)")
    else:
        say(PART, f"bringing .venv up to date, with {kind}")
    before = "" if is_new else STAMP.read_text()
    stamp.remove()
    try:
        if is_new:
            _make_environment(python, ros)
        _install(constraints, ros, left_out)
    except SetupError:
        # pip takes back what it could not finish.
        if is_new:
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        else:
            STAMP.write_text(before)
        raise
    stamp.write()
    say(PART, f"installed in {watch}")


def _make_environment(python: Path, ros: InstalledRos | None) -> None:
    if ENVIRONMENT.exists():
        shutil.rmtree(ENVIRONMENT)
    if not succeeds([python, "-I", "-c", "import ensurepip"]):
        minor = answer([python, "-I", "-c", "import sys; print(sys.version_info.minor)"])
        install_packages(PART, [f"python3.{minor}-venv"], f"install python3.{minor}-venv")
    system_packages = ["--system-site-packages"] if ros else []
    run(PART, [python, "-m", "venv", *system_packages, ENVIRONMENT])


def _install(constraints: Path, ros: InstalledRos | None, left_out: Collection[str]) -> None:
    pip = [str(ENVIRONMENT / "bin/python"), "-m", "pip", "install", "--no-input"]
    pip += ["--disable-pip-version-check", "--constraint", str(constraints)]
    # What comes as source is built with the setuptools that the constraints fix, not the newest.
    pip += ["--no-build-isolation"]
    run(PART, [*pip, "pip", "setuptools", "wheel"])
    wanted = ENVIRONMENT / "requirements.txt"
    text = without(REQUIREMENTS.read_text(), left_out)
    wanted.write_text(without_ros_wheels(text) if ros else text)
    run(PART, [*pip, "--requirement", str(wanted)])
    install_stand_ins(PART, pip, ros)


def without_ros_wheels(requirements: str) -> str:
    """The requirements less the wheels of ROS 2, which an installed ROS 2 replaces."""
    lines = requirements.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("ros-"))


def _constraints(ros: InstalledRos | None) -> Path:
    """An installed ROS 2 was compiled for one major version of NumPy; that one is kept."""
    if ros is None:
        return CONSTRAINTS
    ask = "import numpy; print(numpy.__version__)"
    version = answer(in_ros_shell(ros, [ros.python, "-c", ask])) or "1."
    return CONSTRAINTS_WITH_NUMPY_1 if version.startswith("1.") else CONSTRAINTS
