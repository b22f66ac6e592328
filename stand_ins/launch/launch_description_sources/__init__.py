"""Launch files."""

import types
from importlib.machinery import SourceFileLoader

from launch.launch_description import LaunchDescription, LaunchDescriptionSource
from launch.stand_in import NotInStandIn, absent_from
from launch.substitution import SomeSubstitutionsType

__all__ = [
    "AnyLaunchDescriptionSource",
    "InvalidLaunchFileError",
    "InvalidPythonLaunchFileError",
    "PythonLaunchDescriptionSource",
    "get_launch_description_from_any_launch_file",
]

__getattr__ = absent_from(__name__)


class InvalidLaunchFileError(Exception):
    """A file that cannot be loaded as a launch file."""


class InvalidPythonLaunchFileError(InvalidLaunchFileError):
    """A Python file without `generate_launch_description()`."""


class PythonLaunchDescriptionSource(LaunchDescriptionSource):
    """A launch file in Python, loaded when it is needed."""

    def __init__(self, launch_file_path: SomeSubstitutionsType) -> None:
        super().__init__(None, launch_file_path)

    def _load(self, path: str) -> LaunchDescription:
        return _load_python(path)


class AnyLaunchDescriptionSource(LaunchDescriptionSource):
    """A launch file of any format that there is, which is Python."""

    def __init__(self, launch_file_path: SomeSubstitutionsType) -> None:
        super().__init__(None, launch_file_path)

    def _load(self, path: str) -> LaunchDescription:
        return get_launch_description_from_any_launch_file(path)


def get_launch_description_from_any_launch_file(launch_file_path: str) -> LaunchDescription:
    """Load a launch file.

    Raises:
        InvalidLaunchFileError: loading it failed; the reason is in the message.
        NotInStandIn: it is not written in Python.
    """
    if not launch_file_path.endswith(".py"):
        raise NotInStandIn(f"launch.frontend, which reads {launch_file_path}")
    try:
        return _load_python(launch_file_path)
    except (FileNotFoundError, NotInStandIn):
        raise
    except Exception as error:
        raise InvalidLaunchFileError(
            f"Caught exception when trying to load file of format [py]: {error}"
        ) from error


def _load_python(path: str) -> LaunchDescription:
    loader = SourceFileLoader("python_launch_file", path)
    module = types.ModuleType(loader.name)
    module.__file__ = path
    loader.exec_module(module)
    if not hasattr(module, "generate_launch_description"):
        raise InvalidPythonLaunchFileError(
            f"launch file at '{path}' does not contain the required function"
            " 'generate_launch_description()'"
        )
    return module.generate_launch_description()
