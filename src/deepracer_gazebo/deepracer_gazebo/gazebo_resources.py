"""Where models are, whether a world fits, and the plugins that gazebo_ros brings."""

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from pathlib import Path

from deepracer_core.errors import ConfigurationError

from deepracer_gazebo.gazebo_place import PLUGIN, GazeboPlace

_ROS_PLUGINS = ("libgazebo_ros_init.so", "libgazebo_ros_factory.so")


def model_folders(named: Iterable[Path] = ()) -> list[Path]:
    """Folders in which Gazebo looks for models: those named, then the workspace's own.

    Raises:
        ConfigurationError: a folder is not there, or none has the car.
    """
    folders = [folder.resolve() for folder in named]
    for folder in folders:
        if not folder.is_dir():
            raise ConfigurationError(f"--model-path {folder}: no such folder")
    folders += [folder for folder in _own_folders() if folder.is_dir()]
    if not any((folder / "deepracer" / "model.sdf").exists() for folder in folders):
        raise ConfigurationError(
            "no model of the car (deepracer/model.sdf) in any of "
            f"{[str(folder) for folder in folders]}: source the workspace or give --model-path"
        )
    return folders


def check_world(world: Path, folders: Sequence[Path]) -> None:
    """Look for the faults of a world file that Gazebo would only stumble over.

    Args:
        world: the world file.
        folders: where models are.

    Raises:
        ConfigurationError: it is no world, lacks our plugin, or names a model that is not there.
    """
    try:
        tree = ElementTree.parse(world)
    except ElementTree.ParseError as error:
        raise ConfigurationError(f"{world}: not XML: {error}") from error
    if tree.find("world") is None:
        raise ConfigurationError(f"{world}: expected an <sdf> file with a <world>")
    plugins = [plugin.get("filename") for plugin in tree.iterfind("world/plugin")]
    if PLUGIN not in plugins:
        raise ConfigurationError(
            f'{world}: expected <plugin name="lockstep" filename="{PLUGIN}"> in the world, which '
            f"makes the car drive; found {plugins or 'no plugin'}"
        )
    for uri in tree.iterfind("world/include/uri"):
        name = (uri.text or "").strip().removeprefix("model://")
        if not any((folder / name).is_dir() for folder in folders):
            raise ConfigurationError(
                f"{world}: includes the model {name!r}, which is in none of {[*map(str, folders)]}"
            )


def ros_plugins(place: GazeboPlace) -> list[str]:
    """gazebo_ros's system plugins, where they are installed beside Gazebo."""
    if place.root is not None:
        return []
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    return [
        name
        for name in _ROS_PLUGINS
        if any((Path(folder) / name).exists() for folder in libraries if folder)
    ]


def _own_folders() -> Iterable[Path]:
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(":"):
        if prefix:
            # `colcon build --symlink-install` links file by file to the sources, by paths that mean
            # nothing inside a root file system: what counts is where the files really are.
            car = Path(prefix, "share", "deepracer", "models", "deepracer", "model.sdf")
            yield car.resolve().parent.parent
    # In the source tree: src/deepracer_gazebo/deepracer_gazebo/ is three folders down.
    yield Path(__file__).resolve().parents[3] / "models"
