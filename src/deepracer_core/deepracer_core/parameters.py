"""Parameters of a process, each declared once: a field of a frozen dataclass.

A node declares them as ROS parameters (`deepracer_nodes.parameters`), a process without ROS reads
them from a file.
"""

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from deepracer_core.json_fields import parse_object, read_text, refuse, refuse_unknown

Parameters = TypeVar("Parameters")

_KEY = "parameter"


@dataclass(frozen=True)
class Declaration:
    """What a parameter is.

    Attributes:
        description: what it is, with its unit.
        lowest: lowest value allowed, for numbers.
        highest: highest value allowed, for numbers.
    """

    description: str
    lowest: float | None
    highest: float | None


def parameter(
    default: Any, description: str, *, lowest: float | None = None, highest: float | None = None
) -> Any:
    """Declare one parameter as a dataclass field.

    Args:
        default: its value when nobody says anything; its type is the parameter's type.
        description: what it is, with its unit; `ros2 param describe` prints it.
        lowest: lowest value allowed, for numbers.
        highest: highest value allowed, for numbers.
    """
    return field(default=default, metadata={_KEY: Declaration(description, lowest, highest)})


def declaration(entry: Any) -> Declaration:
    """What was said of a field that was made with `parameter`."""
    found: Declaration = entry.metadata[_KEY]
    return found


def load_parameters(path: str | Path, parameters_type: type[Parameters]) -> Parameters:
    """Read parameters from a JSON object in a file; what it does not name keeps its default.

    Args:
        path: of the file.
        parameters_type: a dataclass whose fields were all made with `parameter`.

    Raises:
        ConfigurationError: a name is unknown, a value of another type or out of its range, or the
            file cannot be read.
    """
    source = str(path)
    values = parse_object(read_text(path, "a file of parameters"), source)
    known = {entry.name: entry for entry in fields(parameters_type)}  # type: ignore[arg-type]
    refuse_unknown(source, values, known)
    given = {name: _check(source, known[name], value) for name, value in values.items()}
    return parameters_type(**given)


def dump_parameters(values: dict[str, Any], path: str | Path) -> None:
    """Write a file that `load_parameters` reads."""
    Path(path).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _check(source: str, entry: Any, value: Any) -> Any:
    kind = type(entry.default)
    if kind is float and type(value) is int:
        value = float(value)
    said = declaration(entry)
    if type(value) is not kind:
        refuse(source, entry.name, f"{kind.__name__}: {said.description}", repr(value))
    lowest, highest = said.lowest, said.highest
    if lowest is not None and highest is not None and not lowest <= value <= highest:
        refuse(source, entry.name, f"{lowest:g} to {highest:g}", repr(value))
    return value
