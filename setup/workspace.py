"""The ROS workspace: colcon build, and what environment.sh needs to know."""

import shlex
import shutil

from .commands import run
from .gazebo import Gazebo, ready_gazebo
from .places import BUILD, ENVIRONMENT, INSTALL, REPOSITORY, STATE
from .python_environment import STAMP
from .report import Stopwatch, say
from .ros import InstalledRos, in_ros_shell, installed_ros
from .stamp import Stamp, files_below, fingerprint

PART = "workspace"
PLUGIN = "deepracer_gazebo_plugin"
_DATA = ("launch", "worlds", "models", "config")
_DESCRIPTIONS = ("package.xml", "setup.py", "setup.cfg")


def set_up_workspace() -> None:
    """Build the workspace when files came, went, or a package's description changed.

    The build links to the sources, so that an edit needs no build.

    Raises:
        SetupError: a package does not build.
    """
    ros, gazebo = installed_ros(), ready_gazebo()
    settings = _settings(ros, gazebo)
    stamp = Stamp(STATE / "workspace.stamp", _fingerprint(settings, gazebo))
    if stamp.holds() and (INSTALL / "local_setup.bash").exists():
        say(PART, "found, built")
        return
    say(PART, "building with colcon")
    watch = Stopwatch()
    stamp.remove()
    _forget_packages()
    (STATE / "colcon_defaults.yaml").write_text(_colcon_defaults(gazebo))
    (STATE / "environment.sh").write_text(settings)
    colcon = [str(ENVIRONMENT / "bin/colcon"), "--log-base", str(REPOSITORY / "log"), "build"]
    run(
        PART,
        in_ros_shell(ros, colcon),
        {"COLCON_DEFAULTS_FILE": str(STATE / "colcon_defaults.yaml")},
        folder=REPOSITORY,
    )
    stamp.write()
    say(PART, f"built in {watch}")


def _fingerprint(settings: str, gazebo: Gazebo) -> str:
    packages = [file.parent for file in (REPOSITORY / "src").glob("*/package.xml")]
    described = [package / name for package in packages for name in _DESCRIPTIONS]
    contents = [REPOSITORY / "colcon.meta", *(file for file in described if file.is_file())]
    if gazebo.root is None:
        contents += files_below(REPOSITORY / "src" / PLUGIN)
    names = [file for folder in _DATA for file in files_below(REPOSITORY / folder)]
    environment = STAMP.read_text()
    return fingerprint(settings, gazebo, environment, contents=contents, names=names)


def _forget_packages() -> None:
    """Remove what was built before: colcon would leave links to files that are gone."""
    for folder in (BUILD, INSTALL):
        for package in folder.glob("deepracer*"):
            if package.name != PLUGIN:
                shutil.rmtree(package)


def _colcon_defaults(gazebo: Gazebo) -> str:
    """Options of every `colcon` call in the activated environment."""
    build = ["build:", "  symlink-install: true", "  cmake-args: [-DCMAKE_BUILD_TYPE=Release]"]
    # The packages' tests share the machine's cores with Gazebo and the trainer.
    test = ["test:", "  executor: sequential"]
    skip = [] if gazebo.root is None else [f"  packages-skip: [{PLUGIN}]"]
    return "\n".join([*build, *skip, *test, *skip, ""])


def _settings(ros: InstalledRos | None, gazebo: Gazebo) -> str:
    """The lines that setup/environment.sh reads."""
    lines = ["# Written by set-up; setup/environment.sh reads it."]
    if ros:
        lines.append(
            f'if [ -n "${{BASH_VERSION:-}}" ]; then . {shlex.quote(str(ros.set_up_script))}'
        )
        lines.append(f"else . {shlex.quote(str(ros.set_up_script.with_suffix('.zsh')))}; fi")
    if gazebo.root:
        plugin = INSTALL / PLUGIN / "lib/libdeepracer_plugin.so"
        lines.append(f"export DEEPRACER_GAZEBO_ROOT={shlex.quote(str(gazebo.root))}")
        lines.append(f"export DEEPRACER_GAZEBO_PLUGIN={shlex.quote(str(plugin))}")
    defaults = shlex.quote(str(STATE / "colcon_defaults.yaml"))
    lines.append(f"export COLCON_DEFAULTS_FILE={defaults}")
    return "\n".join([*lines, ""])
