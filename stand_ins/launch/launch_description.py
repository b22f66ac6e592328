"""Launch descriptions and where they come from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from launch.entity import LaunchDescriptionEntity
from launch.launch_context import LaunchContext
from launch.stand_in import StandIn, refuse
from launch.substitution import (
    SomeSubstitutionsType,
    normalize_to_list_of_substitutions,
    perform_substitutions,
)

if TYPE_CHECKING:
    from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription


class LaunchDescription(LaunchDescriptionEntity):
    """A list of entities, visited in order."""

    def __init__(
        self, initial_entities: Iterable[LaunchDescriptionEntity] | None = None, **others
    ) -> None:
        refuse(type(self), others)
        self.entities = [] if initial_entities is None else list(initial_entities)

    def add_entity(self, entity: LaunchDescriptionEntity) -> None:
        """Append an entity."""
        self.entities.append(entity)

    def add_action(self, action: LaunchDescriptionEntity) -> None:
        """Append an action."""
        self.add_entity(action)

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Have its entities visited."""
        return self.entities

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Its entities."""
        return self.entities

    def get_launch_arguments(self, conditional_inclusion: bool = False) -> list:
        """The DeclareLaunchArgument actions in it and in what it includes; the first of a name."""
        return [argument for argument, _ in self._arguments(conditional_inclusion)]

    def _arguments(
        self, conditional: bool
    ) -> list[tuple[DeclareLaunchArgument, list[IncludeLaunchDescription]]]:
        """The arguments, each with the includes that lead to it."""
        from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription

        found: dict[str, tuple[DeclareLaunchArgument, list[IncludeLaunchDescription]]] = {}

        def search(entities: Iterable[LaunchDescriptionEntity], conditional: bool, path: list):
            for entity in entities:
                if isinstance(entity, DeclareLaunchArgument) and entity.name not in found:
                    entity._conditionally_included = conditional or entity.condition is not None
                    found[entity.name] = (entity, path)
                deeper = [*path, entity] if isinstance(entity, IncludeLaunchDescription) else path
                search(entity.describe_sub_entities(), False, deeper)
                for _, sub_entities in entity.describe_conditional_sub_entities():
                    search(sub_entities, True, deeper)

        search(self.entities, conditional, [])
        return list(found.values())


class LaunchDescriptionSource(StandIn):
    """A launch description that is there, or that is loaded when it is needed."""

    def __init__(
        self,
        launch_description: LaunchDescription | None = None,
        location: SomeSubstitutionsType = "<string>",
        **others,
    ) -> None:
        refuse(type(self), others)
        self._description = launch_description
        self._location = normalize_to_list_of_substitutions(location)
        self._path: str | None = None

    @property
    def location(self) -> str:
        """Path of the file, once it has been loaded; what the path is made of, before."""
        return (
            " + ".join(str(part) for part in self._location) if self._path is None else self._path
        )

    def get_launch_description(self, context: LaunchContext) -> LaunchDescription:
        """The description, loaded at the first call."""
        if self._path is None:
            self._path = perform_substitutions(context, self._location)
        if self._description is None:
            self._description = self._load(self._path)
        return self._description

    def try_get_launch_description_without_context(self) -> LaunchDescription | None:
        """The description if it can be had before the launch, None if not."""
        if self._description is None:
            # Whatever the file raises, it raises again when it is launched.
            with contextlib.suppress(Exception):
                return self._load(perform_substitutions(LaunchContext(), self._location))
        return self._description

    def _load(self, path: str) -> LaunchDescription:
        raise RuntimeError("a LaunchDescriptionSource without a launch description")
