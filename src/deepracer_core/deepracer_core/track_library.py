"""The tracks that are there: found by name, whether the workspace is installed or a clone.

A track has a route `models/<name>/<name>.npy` and a world `worlds/<name>.world`, both under the
share folder of the package `deepracer` or under the repository; or, for an imported one, under
$DEEPRACER_TRACKS or `tracks/` in the working folder. A shipped track wins over an imported one.
"""

import difflib
import os
from pathlib import Path

from deepracer_core.errors import ConfigurationError
from deepracer_core.track import Track

_PACKAGE = "deepracer"

_IMPORTED = "tracks"
"""Folder of imported tracks, in the working folder, where $DEEPRACER_TRACKS names no other."""


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


def imported_folder() -> Path:
    """The folder that holds `models/` and `worlds/` of imported tracks; it need not be there."""
    return Path(os.environ.get("DEEPRACER_TRACKS") or _IMPORTED).absolute()


def shipped_names() -> list[str]:
    """The tracks that come with the project, in alphabetical order."""
    return _names(share_folder())


def track_names() -> list[str]:
    """All tracks that have a world and a route, imported ones too, in alphabetical order."""
    return sorted({name for folder in _folders() for name in _names(folder)})


def route_path(name: str) -> Path:
    """The route file of a track.

    Raises:
        ConfigurationError: there is no track of that name.
    """
    return _route(_folder_of(name), name)


def world_path(name: str) -> Path:
    """The Gazebo world of a track.

    Raises:
        ConfigurationError: there is no track of that name.
    """
    return _folder_of(name) / "worlds" / f"{name}.world"


def load_track(name: str) -> Track:
    """The geometry of a track.

    Raises:
        ConfigurationError: there is no track of that name, or its route cannot be driven.
    """
    return Track.load(route_path(name))


def _route(folder: Path, name: str) -> Path:
    return folder / "models" / name / f"{name}.npy"


def _folders() -> list[Path]:
    return [share_folder(), imported_folder()]


def _names(folder: Path) -> list[str]:
    worlds = sorted((folder / "worlds").glob("*.world"))
    return [world.stem for world in worlds if _route(folder, world.stem).is_file()]


def _folder_of(name: str) -> Path:
    for folder in _folders():
        if name in _names(folder):
            return folder
    names = track_names()
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
    hint = f" (nearest: {nearest[0]!r})" if nearest else ""
    places = " and ".join(map(str, _folders()))
    raise ConfigurationError(
        f"unknown track {name!r}{hint}; there are {', '.join(names) or 'none'} in {places}"
    )


def _installed_share() -> Path | None:
    """The share folder of the package in the sourced workspace, if there is one (REP-122)."""
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        share = Path(prefix, "share", _PACKAGE)
        if prefix and (share / "worlds").is_dir():
            return share
    return None
