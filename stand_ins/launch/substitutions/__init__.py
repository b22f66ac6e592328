"""The substitutions that launch files use."""

import math
import os
from collections.abc import Iterable
from typing import Any

from launch.launch_context import LaunchContext
from launch.stand_in import absent_from
from launch.substitution import (
    SomeSubstitutionsType,
    Substitution,
    SubstitutionFailure,
    TextSubstitution,
    describe_substitutions,
    normalize_to_list_of_substitutions,
    perform_substitutions,
)

__all__ = [
    "EnvironmentVariable",
    "LaunchConfiguration",
    "PathJoinSubstitution",
    "PythonExpression",
    "SubstitutionFailure",
    "TextSubstitution",
]

__getattr__ = absent_from(__name__)


class LaunchConfiguration(Substitution):
    """The value of a launch argument, or of whatever else set a configuration of that name."""

    def __init__(self, variable_name: SomeSubstitutionsType, *, default: Any = None) -> None:
        self._name = normalize_to_list_of_substitutions(variable_name)
        self._default = None if default is None else _as_substitutions(default)

    def describe(self) -> str:
        """Name the configuration."""
        return f"LaunchConfig({describe_substitutions(self._name)})"

    def perform(self, context: LaunchContext) -> str:
        """Look the value up; fail when there is neither a value nor a default."""
        name = perform_substitutions(context, self._name)
        if name in context.launch_configurations:
            return context.launch_configurations[name]
        if self._default is None:
            raise SubstitutionFailure(f"launch configuration '{name}' does not exist")
        return perform_substitutions(context, self._default)


class EnvironmentVariable(Substitution):
    """The value of a variable of the launch's environment at that time."""

    def __init__(
        self, name: SomeSubstitutionsType, *, default_value: SomeSubstitutionsType | None = None
    ) -> None:
        self._name = normalize_to_list_of_substitutions(name)
        self._default = (
            None if default_value is None else normalize_to_list_of_substitutions(default_value)
        )

    def describe(self) -> str:
        """Name the variable."""
        return f"EnvVar({describe_substitutions(self._name)})"

    def perform(self, context: LaunchContext) -> str:
        """Look the value up; fail when there is neither a value nor a default."""
        name = perform_substitutions(context, self._name)
        if name in context.environment:
            return context.environment[name]
        if self._default is None:
            raise SubstitutionFailure(f"environment variable '{name}' does not exist")
        return perform_substitutions(context, self._default)


class PathJoinSubstitution(Substitution):
    """Parts of a path, joined."""

    def __init__(self, substitutions: Iterable[str | Substitution]) -> None:
        self._parts = normalize_to_list_of_substitutions(substitutions)

    def describe(self) -> str:
        """Describe the parts."""
        return f"PathJoin('{describe_substitutions(self._parts)}')"

    def perform(self, context: LaunchContext) -> str:
        """Join the parts as `os.path.join` does."""
        return os.path.join(*(part.perform(context) for part in self._parts))


class PythonExpression(Substitution):
    """The value of a Python expression, as a string."""

    def __init__(self, expression: SomeSubstitutionsType) -> None:
        self._expression = normalize_to_list_of_substitutions(expression)

    def describe(self) -> str:
        """Describe the expression and the module that it may use."""
        return f"PythonExpr({describe_substitutions(self._expression)}, ['math'])"

    def perform(self, context: LaunchContext) -> str:
        """Evaluate; the names of `math` are there."""
        # A launch file is code already: what it evaluates is as trusted as itself.
        return str(eval(perform_substitutions(context, self._expression), {}, dict(vars(math))))


def _as_substitutions(default: Any) -> list[Substitution]:
    """Accept numbers among the defaults, as the real one does."""
    items = default if isinstance(default, (list, tuple, str, Substitution)) else (default,)
    if isinstance(items, (str, Substitution)):
        return normalize_to_list_of_substitutions(items)
    return normalize_to_list_of_substitutions(
        [item if isinstance(item, (str, Substitution)) else str(item) for item in items]
    )
