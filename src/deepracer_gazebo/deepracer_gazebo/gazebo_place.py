"""Where Gazebo is: on this machine, or in a root file system of its own in a cache folder.

A command in the root file system runs in namespaces of its own. Whatever it mounts, every process
that it starts, and its /tmp vanish with it, however it ends.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deepracer_core.errors import ConfigurationError

PLUGIN = "libdeepracer_plugin.so"

_HOST = "/host"
"""Where the machine's own root appears inside the root file system."""

_ENTER = f"""
set -e
root=$1; shift
mkdir -p "$root{_HOST}"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
if [ -n "$DEEPRACER_SCREEN" ]; then  # else X servers keep to themselves
  mkdir "$root/tmp/.X11-unix"
  mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"
fi
mount --rbind / "$root{_HOST}"
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
        path = path.resolve()
        return str(path) if self.root is None else _HOST + str(path)

    def command(self, *arguments: str) -> list[str]:
        """What to run, so that `arguments` run where Gazebo is and die with this process."""
        die_with_us = ["setpriv", "--pdeathsig", "KILL"]
        if self.root is None:
            return [*die_with_us, *arguments]
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        if os.geteuid() != 0:
            namespaces += ["--user", "--map-root-user"]
        return [*die_with_us, *namespaces, "sh", "-c", _ENTER, "gazebo", str(self.root), *arguments]

    def has(self, program: str) -> bool:
        """Whether Gazebo's place has a program of that name."""
        if self.root is None:
            return shutil.which(program) is not None
        return (self.root / "usr/bin" / program).exists()

    def media(self) -> str:
        """Gazebo's own shaders and materials, as Gazebo sees them."""
        return self._newest("usr/share", "gazebo-11*")

    def ogre(self) -> str:
        """The renderer's plugins, as Gazebo sees them."""
        return self._newest("usr/lib", "*/OGRE-1.*")

    def _newest(self, folder: str, pattern: str) -> str:
        root = self.root or Path("/")
        found = sorted((root / folder).glob(pattern))
        if not found:
            raise ConfigurationError(f"{root / folder}: no {pattern} there: run `make setup` again")
        return "/" + str(found[-1].relative_to(root))


def find_gazebo(environment: Mapping[str, str] = os.environ) -> GazeboPlace:
    """Find Gazebo 11 and our plugin.

    Raises:
        ConfigurationError: something is missing.
    """
    if shutil.which("gzserver", path=environment.get("PATH")):
        root = None
        folders = _installed_libraries(environment)
    else:
        root = _root(environment)
        folders = [root / "opt/deepracer/lib"]
    place = GazeboPlace(root, _plugin_folder(environment, folders))
    for program in ("gzserver", "Xvfb"):
        if not place.has(program):
            raise ConfigurationError(f"no program {program} in {root or 'PATH'}: run `make setup`")
    for program in ("setpriv", "unshare"):
        if not shutil.which(program):
            raise ConfigurationError(f"no program {program}: install the package util-linux")
    return place


def _root(environment: Mapping[str, str]) -> Path:
    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = Path(environment.get("DEEPRACER_GAZEBO_ROOT") or cache / "deepracer" / "gazebo-11")
    if not (root / "usr/bin/gzserver").exists():
        raise ConfigurationError(
            f"no Gazebo 11: neither gzserver on the PATH nor a root file system in {root}: run "
            "`make setup`, or let DEEPRACER_GAZEBO_ROOT say where it is"
        )
    return root.resolve()


def _installed_libraries(environment: Mapping[str, str]) -> Iterable[Path]:
    for name in ("AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH"):
        for prefix in environment.get(name, "").split(":"):
            if prefix:
                yield Path(prefix) / "lib"
    # Of a package that is plain cmake colcon's scripts tell the libraries, not the prefix.
    for folder in environment.get("LD_LIBRARY_PATH", "").split(":"):
        if folder:
            yield Path(folder)


def _plugin_folder(environment: Mapping[str, str], folders: Iterable[Path]) -> Path:
    named = environment.get("DEEPRACER_GAZEBO_PLUGIN")
    candidates = [Path(named)] if named else [folder / PLUGIN for folder in folders]
    for candidate in candidates:
        if candidate.is_file():
            return candidate.resolve().parent
    raise ConfigurationError(
        f"the simulator's plugin is not built: expected it as one of {[*map(str, candidates)]}: "
        "run `make setup`, or let DEEPRACER_GAZEBO_PLUGIN say where it is"
    )
