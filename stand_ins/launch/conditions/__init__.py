"""Conditions on which an action is executed."""

from launch.entity import Condition
from launch.launch_context import LaunchContext
from launch.stand_in import absent_from
from launch.substitution import (
    SomeSubstitutionsType,
    normalize_to_list_of_substitutions,
    perform_substitutions,
)

__all__ = ["IfCondition", "InvalidConditionExpressionError", "UnlessCondition"]

__getattr__ = absent_from(__name__)

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class InvalidConditionExpressionError(RuntimeError):
    """A condition whose text is neither true nor false."""


class IfCondition(Condition):
    """Holds when its text is `true` or `1`, in any case of letters."""

    def __init__(self, predicate_expression: SomeSubstitutionsType) -> None:
        self._expression = normalize_to_list_of_substitutions(predicate_expression)

    def evaluate(self, context: LaunchContext) -> bool:
        """Compute the text and decide.

        Raises:
            InvalidConditionExpressionError: it is none of true, 1, false, 0.
        """
        text = perform_substitutions(context, self._expression).strip().lower()
        if text not in _TRUTH:
            raise InvalidConditionExpressionError(
                f"invalid condition expression, expected one of {list(_TRUTH)} but got '{text}'"
            )
        return _TRUTH[text]


class UnlessCondition(IfCondition):
    """Holds when its text is `false` or `0`, in any case of letters."""

    def evaluate(self, context: LaunchContext) -> bool:
        """Compute the text and decide, as IfCondition the other way round."""
        return not super().evaluate(context)
