"""Node parameters, each declared once: a field of a frozen dataclass is a ROS parameter."""

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

Parameters = TypeVar("Parameters")


@dataclass(frozen=True)
class _Declaration:
    description: str
    lowest: float | None
    highest: float | None


def parameter(
    default: Any, description: str, *, lowest: float | None = None, highest: float | None = None
) -> Any:
    """Declare one parameter as a dataclass field.

    Args:
        default: its value when the launch file says nothing; its type is the parameter's type.
        description: what it is, with its unit; `ros2 param describe` prints it.
        lowest: lowest value allowed, for numbers.
        highest: highest value allowed, for numbers.
    """
    return field(default=default, metadata={"ros": _Declaration(description, lowest, highest)})


def declare(node: Node, parameters_type: type[Parameters]) -> Parameters:
    """Declare every field of a dataclass on a node, read-only, and return the values it was given.

    Args:
        node: the node that gets the parameters.
        parameters_type: a dataclass whose fields were all made with `parameter`.

    Raises:
        rclpy.exceptions.ParameterException: a value of another type or out of its range.
    """
    values = {}
    for entry in fields(parameters_type):
        declaration: _Declaration = entry.metadata["ros"]
        if entry.default is MISSING:
            raise TypeError(f"{parameters_type.__name__}.{entry.name} has no default")
        descriptor = ParameterDescriptor(description=declaration.description, read_only=True)
        if declaration.lowest is not None and declaration.highest is not None:
            if isinstance(entry.default, int):
                descriptor.integer_range = [
                    IntegerRange(
                        from_value=int(declaration.lowest),
                        to_value=int(declaration.highest),
                        step=1,
                    )
                ]
            else:
                descriptor.floating_point_range = [
                    FloatingPointRange(from_value=declaration.lowest, to_value=declaration.highest)
                ]
        values[entry.name] = node.declare_parameter(entry.name, entry.default, descriptor).value
    return parameters_type(**values)
