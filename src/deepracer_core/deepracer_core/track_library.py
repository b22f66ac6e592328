"""The tracks that are there: found by name, whether the workspace is installed or a clone.

A track has a route `models/<name>/<name>.npy` and a world `worlds/<name>.world`, both under the
share folder of the package `deepracer` or under the repository.
"""

import difflib
import os
from pathlib import Path

from deepracer_core.errors import ConfigurationError
from deepracer_core.track import Track

_PACKAGE = "deepracer"


def share_folder() -> Path:
    """The folder that holds `models/` and `worlds/`.

    Raises:
        ConfigurationError: there is none in the sourced workspace nor around this file.
    """
    installed = _installed_share()
    if installed is not None:
        return installed
    for folder in Path(__file__).resolve().parents:
        if (folder / "worlds").is_dir() and (folder / "models").is_dir():
            return folder
    raise ConfigurationError(
        "no tracks: expected worlds/ and models/ in the share folder of the package deepracer;"
        " source install/setup.bash of the workspace, or run from a clone of the repository"
    )


def track_names() -> list[str]:
    """All tracks that have a world and a route, in alphabetical order."""
    folder = share_folder()
    worlds = sorted((folder / "worlds").glob("*.world"))
    return [world.stem for world in worlds if _route(folder, world.stem).is_file()]


def route_path(name: str) -> Path:
    """The route file of a track.

    Raises:
        ConfigurationError: there is no track of that name.
    """
    _check(name)
    return _route(share_folder(), name)


def world_path(name: str) -> Path:
    """The Gazebo world of a track.

    Raises:
        ConfigurationError: there is no track of that name.
    """
    _check(name)
    return share_folder() / "worlds" / f"{name}.world"


def load_track(name: str) -> Track:
    """The geometry of a track.

    Raises:
        ConfigurationError: there is no track of that name, or its route cannot be driven.
    """
    return Track.load(route_path(name))


def _route(folder: Path, name: str) -> Path:
    return folder / "models" / name / f"{name}.npy"


def _check(name: str) -> None:
    names = track_names()
    if name in names:
        return
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
    hint = f" (nearest: {nearest[0]!r})" if nearest else ""
    raise ConfigurationError(
        f"unknown track {name!r}{hint}; there are {', '.join(names) or 'none'} in {share_folder()}"
    )


def _installed_share() -> Path | None:
    """The share folder of the package in the sourced workspace, if there is one (REP-122)."""
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        share = Path(prefix, "share", _PACKAGE)
        if prefix and (share / "worlds").is_dir():
            return share
    return None
