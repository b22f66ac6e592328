"""The action that starts a node."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from tempfile import NamedTemporaryFile
from typing import Any

import launch.logging
import yaml
from launch.actions import ExecuteProcess
from launch.launch_context import LaunchContext
from launch.stand_in import NotInStandIn, absent_from
from launch.substitution import (
    SomeSubstitutionsType,
    Substitution,
    normalize_to_list_of_substitutions,
    perform_substitutions,
)

from launch_ros.parameter_descriptions import ParameterValue, is_text, read_yaml
from launch_ros.substitutions import ExecutableInPackage

__all__ = ["Node"]

__getattr__ = absent_from(__name__)


class Node(ExecuteProcess):
    """Starts a node: an executable of a package, with ROS's arguments.

    Args:
        executable: name of the executable.
        package: the package that has it.
        name: name of the node, the one that it gives itself if None.
        namespace: namespace of the node, the root if None.
        exec_name: name of the process in the log, the executable's if None.
        parameters: dictionaries of parameters, and paths of files with parameters.
        remappings: pairs of a name in the node and the name that it becomes.
        arguments: arguments for the executable, before ROS's.
        others: see `launch.actions.ExecuteProcess`.
    """

    def __init__(
        self,
        *,
        executable: SomeSubstitutionsType,
        package: SomeSubstitutionsType,
        name: SomeSubstitutionsType | None = None,
        namespace: SomeSubstitutionsType | None = None,
        exec_name: SomeSubstitutionsType | None = None,
        parameters: Sequence[Any] | None = None,
        remappings: Iterable[tuple[SomeSubstitutionsType, SomeSubstitutionsType]] | None = None,
        arguments: Iterable[SomeSubstitutionsType] | None = None,
        **others,
    ) -> None:
        super().__init__(
            cmd=[ExecutableInPackage(executable, package), *(arguments or ()), "--ros-args"],
            name=exec_name,
            **others,
        )
        if parameters is not None and not isinstance(parameters, (list, tuple)):
            raise TypeError(f"Node: expected a list of parameters, got {parameters!r}")
        self._node_name = name
        self._namespace = namespace
        self._parameters = parameters or ()
        self._remappings = list(remappings or ())

    def execute(self, context: LaunchContext) -> None:
        """Start the node."""
        for unknown in ("ros_namespace", "global_params", "ros_remaps"):
            if unknown in context.launch_configurations:
                raise NotInStandIn(f"launch_ros.actions.Node, configuration {unknown}")
        name = _optional(context, self._node_name)
        namespace = _optional(context, self._namespace)
        if namespace is not None and namespace != "/":
            namespace = f"/{namespace.strip('/')}"
        self._add("-r", f"__node:={name}" if name is not None else None)
        self._add("-r", f"__ns:={namespace}" if namespace is not None else None)
        whole_name = "/**"
        if name is not None and namespace is not None:
            whole_name = f"{namespace.rstrip('/')}/{name}"
        for parameters in self._parameters:
            self._add("--params-file", _parameter_file(context, parameters, whole_name))
        for source, target in self._remappings:
            self._add("-r", f"{_text(context, source)}:={_text(context, target)}")
        super().execute(context)

    def _add(self, option: str, value: str | None) -> None:
        if value is not None:
            self.cmd += [normalize_to_list_of_substitutions(text) for text in (option, value)]


class _Quoted(str):
    """A string that stays one where its text could be read as a number."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def _text(context: LaunchContext, text: SomeSubstitutionsType) -> str:
    return perform_substitutions(context, normalize_to_list_of_substitutions(text))


def _optional(context: LaunchContext, text: SomeSubstitutionsType | None) -> str | None:
    return None if text is None else _text(context, text)


def _parameter_file(context: LaunchContext, parameters: Any, node_name: str) -> str | None:
    """The path of a parameter file, written here if the parameters are a dictionary."""
    if not isinstance(parameters, Mapping):
        text = parameters
        if not isinstance(text, (str, Substitution, list, tuple)):
            text = os.fspath(text)
        path = os.path.abspath(_text(context, text))
        if os.path.isfile(path):
            return path
        launch.logging.get_logger("launch_ros.actions.node").warning(
            "Parameter file path is not a file: %s", path
        )
        return None
    values = {
        _text(context, name): _value(context, name, value) for name, value in parameters.items()
    }
    with NamedTemporaryFile("w", prefix="launch_params_", encoding="utf-8", delete=False) as file:
        yaml.dump(
            {node_name: {"ros__parameters": values}},
            file,
            Dumper=_Dumper,
            default_flow_style=False,
            allow_unicode=True,
        )
    return file.name


def _value(context: LaunchContext, name: Any, value: Any) -> Any:
    if isinstance(value, ParameterValue):
        value = value.evaluate(context)
    elif is_text(value) and not isinstance(value, str):
        value = read_yaml(_text(context, value))
    elif isinstance(value, (list, tuple)):
        kinds = {type(item) for item in value}
        if len(kinds) != 1 or not kinds <= {bool, int, float, str}:
            raise TypeError(f"parameter {name!r}: expected values of one type, got {value!r}")
        value = list(value)
    elif not isinstance(value, (bool, int, float, str)):
        raise NotInStandIn(f"launch_ros.actions.Node, parameter {name!r} = {value!r}")
    if isinstance(value, list):
        return [_Quoted(item) if isinstance(item, str) else item for item in value]
    return _Quoted(value) if isinstance(value, str) else value
