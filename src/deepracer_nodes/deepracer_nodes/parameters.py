"""Node parameters: each field of a frozen dataclass is declared as a ROS parameter."""

from dataclasses import MISSING, fields
from typing import TypeVar

from deepracer_core.errors import ConfigurationError
from deepracer_core.parameters import Declaration, declaration
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import ParameterException
from rclpy.node import Node

NODE_OPTIONS = {"start_parameter_services": False}
"""Of each node in the loop: its parameters are read-only, and what it was told stands in its log.
rclpy would look through the seven services of its parameters with every message that it takes."""

Parameters = TypeVar("Parameters")


def declare(node: Node, parameters_type: type[Parameters]) -> Parameters:
    """Declare every field of a dataclass on a node, read-only, and return the values it was given.

    Args:
        node: the node that gets the parameters.
        parameters_type: a dataclass whose fields were all made with
            `deepracer_core.parameters.parameter`.

    Raises:
        ConfigurationError: a value of another type or out of its range.
    """
    values = {}
    for entry in fields(parameters_type):
        said = declaration(entry)
        if entry.default is MISSING:
            raise TypeError(f"{parameters_type.__name__}.{entry.name} has no default")
        descriptor = ParameterDescriptor(description=said.description, read_only=True)
        if said.lowest is not None and said.highest is not None:
            if isinstance(entry.default, int):
                descriptor.integer_range = [
                    IntegerRange(
                        from_value=int(said.lowest),
                        to_value=int(said.highest),
                        step=1,
                    )
                ]
            else:
                descriptor.floating_point_range = [
                    FloatingPointRange(from_value=said.lowest, to_value=said.highest)
                ]
        try:
            declared = node.declare_parameter(entry.name, entry.default, descriptor)
        except ParameterException as error:
            raise ConfigurationError(
                f"parameter {entry.name}: expected {_expected(entry.default, said)}: {error}"
            ) from error
        values[entry.name] = declared.value
    return parameters_type(**values)


def _expected(default: object, said: Declaration) -> str:
    """`int from 1 to 1000 (laps to try in an evaluation)`."""
    bounds = "" if said.lowest is None else f" from {said.lowest:.10g} to {said.highest:.10g}"
    return f"{type(default).__name__}{bounds} ({said.description})"
