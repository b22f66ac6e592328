"""What is done when an event comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from launch.event import Event
from launch.stand_in import StandIn, refuse

if TYPE_CHECKING:
    from launch.entity import LaunchDescriptionEntity
    from launch.launch_context import LaunchContext

Entities: TypeAlias = "LaunchDescriptionEntity | Iterable[LaunchDescriptionEntity] | None"
Reaction: TypeAlias = "Entities | Callable[[Event, LaunchContext], Entities]"
"""Entities to visit, or a function of event and context that returns them."""


class EventHandler(StandIn):
    """Matches events, and has entities visited when one matches."""

    def __init__(
        self, *, matcher: Callable[[Event], bool], entities: Reaction = None, **others
    ) -> None:
        refuse(type(self), others)
        self._matcher = matcher
        self._reaction = entities

    def matches(self, event: Event) -> bool:
        """Whether this handler is for that event."""
        return self._matcher(event)

    def handle(self, event: Event, context: LaunchContext) -> Entities:
        """Return the entities to be visited."""
        context.extend_locals({"event": event})
        return self._reaction(event, context) if callable(self._reaction) else self._reaction

    @property
    def entities(self) -> list[LaunchDescriptionEntity]:
        """The entities that are known before an event comes."""
        return [] if callable(self._reaction) else as_list(self._reaction)


def as_list(entities: Entities) -> list[LaunchDescriptionEntity]:
    """One entity, several or none as a list."""
    if entities is None:
        return []
    return list(entities) if isinstance(entities, Iterable) else [entities]
