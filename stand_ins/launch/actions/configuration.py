"""Arguments, configurations and environment variables."""

from __future__ import annotations

import launch.logging
from launch.entity import Action
from launch.launch_context import LaunchContext
from launch.substitution import (
    SomeSubstitutionsType,
    Substitution,
    normalize_to_list_of_substitutions,
    perform_substitutions,
)


class DeclareLaunchArgument(Action):
    """Declares an argument: its name, its default, what it means and what it may be.

    Args:
        name: name of the argument, and of the launch configuration that has its value.
        default_value: the value if none is given; without one, the argument must be given.
        description: what it means, for `--show-args`.
        choices: the values that it may have, if they are only a few.

    Raises:
        RuntimeError: no choices, or a default that is none of them.
    """

    def __init__(
        self,
        name: str,
        *,
        default_value: SomeSubstitutionsType | None = None,
        description: str | None = None,
        choices: list[str] | None = None,
        **others,
    ) -> None:
        super().__init__(**others)
        self.name = name
        self.choices = choices
        self.default_value = (
            None if default_value is None else normalize_to_list_of_substitutions(default_value)
        )
        self._conditionally_included = False
        if choices is not None:
            if len(choices) == 0:
                raise RuntimeError(
                    "Provided choices arg is empty. Use None to ignore the choice list."
                )
            if isinstance(default_value, str) and default_value not in choices:
                raise RuntimeError(
                    f'Provided default_value "{default_value}" is not in provided choices'
                    f' "{choices}".'
                )
        self.description = _described(description, choices)

    def execute(self, context: LaunchContext) -> None:
        """Set the configuration to the default if it is not set; check what it is."""
        logger = launch.logging.get_logger("launch.actions.declare_launch_argument")
        if self.name not in context.launch_configurations:
            if self.default_value is None:
                logger.error(
                    'Required launch argument "%s" (description: "%s") was not provided',
                    self.name,
                    self.description,
                )
                raise RuntimeError(f'Required launch argument "{self.name}" was not provided.')
            value = perform_substitutions(context, self.default_value)
            context.launch_configurations[self.name] = value
        value = context.launch_configurations[self.name]
        if self.choices is not None and value not in self.choices:
            message = (
                f'Argument "{self.name}" provided value "{value}" is not valid.'
                f" Valid options are: {self.choices}"
            )
            logger.error(message)
            raise RuntimeError(message)


class SetLaunchConfiguration(Action):
    """Sets a launch configuration."""

    def __init__(self, name: SomeSubstitutionsType, value: SomeSubstitutionsType, **others) -> None:
        super().__init__(**others)
        self.name = normalize_to_list_of_substitutions(name)
        self.value = normalize_to_list_of_substitutions(value)

    def execute(self, context: LaunchContext) -> None:
        """Set it."""
        name, value = _performed(context, self.name, self.value)
        context.launch_configurations[name] = value


class SetEnvironmentVariable(Action):
    """Sets a variable of the environment in which later processes are started."""

    def __init__(self, name: SomeSubstitutionsType, value: SomeSubstitutionsType, **others) -> None:
        super().__init__(**others)
        self.name = normalize_to_list_of_substitutions(name)
        self.value = normalize_to_list_of_substitutions(value)

    def execute(self, context: LaunchContext) -> None:
        """Set it."""
        name, value = _performed(context, self.name, self.value)
        context.environment[name] = value


def _performed(context: LaunchContext, *texts: list[Substitution]) -> list[str]:
    return [perform_substitutions(context, text) for text in texts]


def _described(description: str | None, choices: list[str] | None) -> str:
    if choices is None:
        return "no description given" if description is None else description
    if description is None:
        return f"One of: {choices}"
    return f"{description}{'' if description.endswith('.') else '.'} Valid choices are: {choices}"
