"""What a stand-in does when it is asked for more than it has: an error that names it."""

import importlib.abc
import sys
from collections.abc import Callable, Mapping
from typing import Any

_PACKAGES = ("launch", "launch_ros", "launch_testing")


class NotInStandIn(NotImplementedError):
    """A construct of the real package that its stand-in does not have."""

    def __init__(self, construct: str) -> None:
        super().__init__(_absent(construct))


class StandIn:
    """Base of the stand-ins' classes: a missing attribute says where it is missing."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(_absent(f"{public_name(type(self))}.{name}"))


def public_name(kind: type) -> str:
    """The name by which launch files know a class, such as launch.actions.ExecuteProcess."""
    return ".".join([*kind.__module__.split(".")[:2], kind.__qualname__])


def refuse(kind: type, arguments: Mapping[str, Any]) -> None:
    """Raise NotInStandIn for keyword arguments that a constructor was given and does not know."""
    if arguments:
        names = ", ".join(f"{name}=..." for name in arguments)
        raise NotInStandIn(f"{public_name(kind)}({names})")


def absent_from(module: str) -> Callable[[str], Any]:
    """Make the `__getattr__` of a module (PEP 562)."""

    def module_getattr(name: str) -> Any:
        raise AttributeError(_absent(f"{module}.{name}"))

    return module_getattr


def _absent(construct: str) -> str:
    package = construct.partition(".")[0]
    return (
        f"{construct}: the stand-in for ROS 2's {package} does not have it;"
        " write it otherwise, add it to stand_ins/, or use the real package"
    )


class _AbsentModules(importlib.abc.MetaPathFinder):
    """Names the missing one in `from launch.actions import X` and `import launch.x`."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        if fullname.startswith(tuple(f"{package}." for package in _PACKAGES)):
            raise ImportError(_absent(fullname), name=fullname)


# Last of all finders: asked only for what is nowhere.
sys.meta_path.append(_AbsentModules())
