"""Values of node parameters."""

from collections.abc import Iterable
from typing import Any

import yaml
from launch.launch_context import LaunchContext
from launch.stand_in import NotInStandIn, StandIn, absent_from, refuse
from launch.substitution import (
    Substitution,
    normalize_to_list_of_substitutions,
    perform_substitutions,
)

__all__ = ["ParameterValue"]

__getattr__ = absent_from(__name__)


class ParameterValue(StandIn):
    """A parameter's value and its type.

    Args:
        value: the value, or substitutions that make its text.
        value_type: bool, int, float or str; None takes the type that the text has in YAML.

    Raises:
        TypeError: the value is there already and has another type.
    """

    def __init__(self, value: Any, *, value_type: Any = None, **others) -> None:
        refuse(type(self), others)
        if value_type not in (None, bool, int, float, str):
            raise NotInStandIn(
                f"launch_ros.parameter_descriptions.ParameterValue(value_type={value_type})"
            )
        if is_text(value):
            value = normalize_to_list_of_substitutions(value)
        elif value_type is not None and not isinstance(value, value_type):
            raise TypeError(f"ParameterValue: expected {value_type.__name__}, got {value!r}")
        self.value = value
        self.value_type = value_type

    def evaluate(self, context: LaunchContext) -> Any:
        """Compute the value.

        Raises:
            ValueError: the text cannot be read as that type.
        """
        if not isinstance(self.value, list):
            return self.value
        return _read(perform_substitutions(context, self.value), self.value_type)


def is_text(value: Any) -> bool:
    """Whether a value is text: a string, a substitution, or a list that has one of these."""
    if isinstance(value, (str, Substitution)):
        return True
    if not isinstance(value, Iterable):
        return False
    parts = list(value)
    return any(isinstance(part, Substitution) for part in parts) and all(
        isinstance(part, (str, Substitution)) for part in parts
    )


def read_yaml(text: str) -> Any:
    """Read a scalar or a list of scalars of one type, as the launch file's reader would.

    Raises:
        ValueError: it is neither.
    """
    if not text:
        return text
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"cannot read '{text}' as YAML: {error}") from error
    items = value if isinstance(value, list) and value else [value]
    kind = type(items[0])
    if kind not in (bool, int, float, str) or any(type(item) is not kind for item in items):
        raise ValueError(f"cannot read '{text}' as a bool, int, float, str or list of one of them")
    return value


def _read(text: str, value_type: type | None) -> Any:
    if value_type is None:
        return read_yaml(text)
    if value_type is not bool:
        return value_type(text)
    value = read_yaml(text)
    if not isinstance(value, bool):
        raise ValueError(f"cannot convert value '{text}' to 'bool'")
    return value
