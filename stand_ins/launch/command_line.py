"""Launch arguments on the command line."""

from collections.abc import Iterable

from launch.launch_description import LaunchDescription
from launch.substitution import describe_substitutions


def parse_launch_arguments(launch_arguments: Iterable[str]) -> list[tuple[str, str]]:
    """Split arguments of the form NAME:=VALUE into names and values; of a name the last one counts.

    Raises:
        RuntimeError: one is not of that form.
    """
    parsed: dict[str, str] = {}
    for argument in launch_arguments:
        name, separator, value = argument.partition(":=")
        if not (name and separator and value):
            raise RuntimeError(
                f"malformed launch argument '{argument}', expected format '<name>:=<value>'"
            )
        parsed[name] = value
    return list(parsed.items())


def print_arguments(launch_description: LaunchDescription) -> None:
    """Print the arguments of a description: names, what they mean, defaults."""
    print("Arguments (pass arguments as '<name>:=<value>'):")
    arguments = launch_description.get_launch_arguments()
    for argument in arguments:
        mark = "*" if argument._conditionally_included else ""
        print(f"\n    '{argument.name}':{mark}\n        {argument.description}")
        if argument.default_value is not None:
            print(f"        (default: {describe_substitutions(argument.default_value)})")
    if not arguments:
        print("\n  No arguments.")
    elif any(argument._conditionally_included for argument in arguments):
        print("\n* argument(s) which are only used if specific conditions occur")
