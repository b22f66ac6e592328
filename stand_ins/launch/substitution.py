"""Text that is not known before the launch: substitutions, and lists of them and of strings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from launch.stand_in import StandIn

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext


class Substitution(StandIn):
    """Stands for a string that is computed during the launch."""

    def describe(self) -> str:
        """Say what it is, as `--show-args` prints it."""
        return repr(self)

    def perform(self, context: LaunchContext) -> str:
        """Compute the string.

        Raises:
            SubstitutionFailure: it cannot be computed.
        """
        raise NotImplementedError(f"{type(self).__name__}.perform")


SomeSubstitutionsType: TypeAlias = str | Substitution | Iterable[str | Substitution]
"""What is accepted wherever text is: a string, a substitution, or several to be joined."""


class SubstitutionFailure(RuntimeError):
    """A substitution that cannot be computed."""


class TextSubstitution(Substitution):
    """A plain string."""

    def __init__(self, *, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"TextSubstitution: expected a string, got {text!r}")
        self.text = text

    def describe(self) -> str:
        """Return the string in quotes."""
        return f"'{self.text}'"

    def perform(self, context: LaunchContext) -> str:
        """Return the string."""
        return self.text


def normalize_to_list_of_substitutions(subject: SomeSubstitutionsType) -> list[Substitution]:
    """Turn a string, a substitution or several of both into a list of substitutions."""
    if isinstance(subject, Substitution):
        return [subject]
    if isinstance(subject, str):
        return [TextSubstitution(text=subject)]
    if not isinstance(subject, Iterable):
        raise TypeError(f"expected text, a substitution or a list of these, got {subject!r}")
    parts = list(subject)
    for part in parts:
        if not isinstance(part, (str, Substitution)):
            raise TypeError(f"expected text or a substitution in a list, got {part!r}")
    return [
        part if isinstance(part, Substitution) else TextSubstitution(text=part) for part in parts
    ]


def perform_substitutions(context: LaunchContext, substitutions: Iterable[Substitution]) -> str:
    """Compute all of them and join the strings."""
    return "".join(substitution.perform(context) for substitution in substitutions)


def describe_substitutions(substitutions: Iterable[Substitution]) -> str:
    """Describe all of them, joined by plus signs."""
    return " + ".join(substitution.describe() for substitution in substitutions)
