"""What a launch description is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from launch.stand_in import StandIn, refuse

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext


class Condition(StandIn):
    """Decides whether an action is executed."""

    def evaluate(self, context: LaunchContext) -> bool:
        """Decide, during the launch."""
        raise NotImplementedError(f"{type(self).__name__}.evaluate")


class LaunchDescriptionEntity(StandIn):
    """Anything that is visited during a launch."""

    def visit(self, context: LaunchContext) -> Iterable[LaunchDescriptionEntity] | None:
        """Do what is to be done; return what is to be visited next, before all else."""
        raise NotImplementedError(f"{type(self).__name__}.visit")

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """The entities in it that are visited in any case, as far as they are known."""
        return []

    def describe_conditional_sub_entities(
        self,
    ) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """The entities in it that are visited on a condition, with the condition in words."""
        return []


class Action(LaunchDescriptionEntity):
    """An intention, executed when visited if its condition holds.

    Args:
        condition: it is executed only if this holds.
        others: whatever a subclass did not take: not in the stand-in.
    """

    def __init__(self, *, condition: Condition | None = None, **others) -> None:
        refuse(type(self), others)
        self.condition = condition

    def describe(self) -> str:
        """Say what it is."""
        return repr(self)

    def execute(self, context: LaunchContext) -> Iterable[LaunchDescriptionEntity] | None:
        """Do what is to be done; return what is to be visited next."""
        raise NotImplementedError(f"{type(self).__name__}.execute")

    def visit(self, context: LaunchContext) -> Iterable[LaunchDescriptionEntity] | None:
        """Execute it if its condition holds."""
        if self.condition is None or self.condition.evaluate(context):
            return self.execute(context)
        return None

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """The entities that it would return when executed, as far as they are known."""
        return []

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Its sub-entities, unless it has a condition."""
        return self.get_sub_entities() if self.condition is None else []

    def describe_conditional_sub_entities(
        self,
    ) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """Its sub-entities, if it has a condition."""
        if self.condition is None:
            return []
        return [(f"Conditionally included by {self.describe()}", self.get_sub_entities())]
