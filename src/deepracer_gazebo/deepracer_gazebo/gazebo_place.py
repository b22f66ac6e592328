"""Where Gazebo is: on this machine, or in a root file system of its own in a cache folder.

A command in the root file system runs in namespaces of its own. Whatever it mounts, every process it
starts, and its /tmp vanish with it, however it ends.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepracer_core.errors import ConfigurationError

PLUGIN = "libdeepracer_plugin.so"

_HOST = "/host"
"""Where the machine's own root appears inside the root file system."""

_ENTER = """
set -e
root=$1; shift
mkdir -p "$root/host"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
if [ -d /tmp/.X11-unix ] && [ -n "$DEEPRACER_DISPLAY" ]; then
  mkdir "$root/tmp/.X11-unix"
  mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"
fi
mount --rbind / "$root/host"
exec chroot "$root" "$@"
"""


@dataclass(frozen=True, slots=True)
class GazeboPlace:
    """Where Gazebo's programs, its media and our plugin are.

    Attributes:
        root: the root file system, None when Gazebo is installed on this machine.
        plugin: folder of our plugin, as this machine sees it.
    """

    root: Path | None
    plugin: Path

    def seen_from_inside(self, path: Path) -> str:
        """The name that one of this machine's files has for Gazebo."""
        return str(path) if self.root is None else _HOST + str(path)

    def command(self, arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """What to run, so that `arguments` run where Gazebo is and die with this process.

        Args:
            arguments: program and arguments as Gazebo's place knows them.
            environment: all the variables that the program gets.
        """
        variables = [f"{name}={value}" for name, value in environment.items()]
        program = ["env", "-i", *variables, *arguments]
        die_with_us = ["setpriv", "--pdeathsig", "KILL"]
        if self.root is None:
            return [*die_with_us, *program]
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        if os.geteuid() != 0:
            namespaces += ["--user", "--map-root-user"]
        return [*die_with_us, *namespaces, "sh", "-c", _ENTER, "sh", str(self.root), *program]

    def has(self, program: str) -> bool:
        """Whether Gazebo's place has a program of that name."""
        if self.root is None:
            return shutil.which(program) is not None
        return any((self.root / folder / program).exists() for folder in ("usr/bin", "bin"))

    def media(self) -> str:
        """Gazebo's own shaders, materials and meshes, as Gazebo sees them."""
        root = self.root or Path("/")
        folders = sorted((root / "usr/share").glob("gazebo-11*"))
        if not folders:
            raise ConfigurationError(f"{root / 'usr/share'}: no gazebo-11 there: run set-up again")
        return "/" + str(folders[-1].relative_to(root))


def find_gazebo(environment: Mapping[str, str] = os.environ) -> GazeboPlace:
    """Find Gazebo 11 and our plugin.

    Raises:
        ConfigurationError: one of them is missing.
    """
    if shutil.which("gzserver", path=environment.get("PATH")):
        return _checked(GazeboPlace(None, _plugin(environment, _installed_plugins(environment))))
    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = Path(environment.get("DEEPRACER_GAZEBO_ROOT") or cache / "deepracer" / "gazebo-11")
    if not (root / "usr/bin/gzserver").exists():
        raise ConfigurationError(
            f"no Gazebo 11: neither gzserver on the PATH nor a root file system in {root}: run "
            "`make setup`, or set DEEPRACER_GAZEBO_ROOT to where it is"
        )
    root = root.resolve()
    return _checked(GazeboPlace(root, _plugin(environment, [root / "opt/deepracer/lib"])))


def _installed_plugins(environment: Mapping[str, str]) -> list[Path]:
    prefixes = environment.get("AMENT_PREFIX_PATH", "").split(":")
    prefixes += environment.get("CMAKE_PREFIX_PATH", "").split(":")
    return [Path(prefix) / "lib" for prefix in prefixes if prefix] + [Path("/opt/deepracer/lib")]


def _plugin(environment: Mapping[str, str], folders: Sequence[Path]) -> Path:
    named = environment.get("DEEPRACER_GAZEBO_PLUGIN")
    if named:
        return Path(named).resolve().parent
    return next((folder for folder in folders if (folder / PLUGIN).exists()), folders[0])


def _checked(place: GazeboPlace) -> GazeboPlace:
    if not (place.plugin / PLUGIN).exists():
        raise ConfigurationError(
            f"{place.plugin / PLUGIN}: not there: run `make setup`, or set "
            "DEEPRACER_GAZEBO_PLUGIN to where the plugin is"
        )
    for program in ("gzserver", "Xvfb"):
        if not place.has(program):
            raise ConfigurationError(f"no {program} in {place.root or 'the PATH'}: run `make setup`")
    for program in ("unshare", "setpriv") if place.root else ("setpriv",):
        if not shutil.which(program):
            raise ConfigurationError(f"no {program} on the PATH: install the package util-linux")
    return place
