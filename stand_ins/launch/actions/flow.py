"""Actions that hold other actions, and actions that react to events."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import launch.logging
from launch.entity import Action, LaunchDescriptionEntity
from launch.event import Event
from launch.event_handler import EventHandler
from launch.events import Shutdown as ShutdownEvent
from launch.events.process import ProcessExited
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescriptionSource
from launch.launch_description_sources import AnyLaunchDescriptionSource
from launch.substitution import (
    SomeSubstitutionsType,
    normalize_to_list_of_substitutions,
    perform_substitutions,
)

from .configuration import SetLaunchConfiguration


class IncludeLaunchDescription(Action):
    """Visits another launch description; the arguments are set for what follows as well.

    Args:
        launch_description_source: the description, or the path of a launch file.
        launch_arguments: pairs of an argument's name and value.
    """

    def __init__(
        self,
        launch_description_source: LaunchDescriptionSource | SomeSubstitutionsType,
        *,
        launch_arguments: Iterable[tuple[SomeSubstitutionsType, SomeSubstitutionsType]] = (),
        **others,
    ) -> None:
        super().__init__(**others)
        if not isinstance(launch_description_source, LaunchDescriptionSource):
            launch_description_source = AnyLaunchDescriptionSource(launch_description_source)
        self.launch_description_source = launch_description_source
        self.launch_arguments = tuple(launch_arguments or ())

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """The description, if it can be loaded before the launch."""
        found = self.launch_description_source.try_get_launch_description_without_context()
        return [] if found is None else [found]

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Load the description; set its arguments, then visit it.

        Raises:
            RuntimeError: an argument without a default is not given.
        """
        description = self.launch_description_source.get_launch_description(context)
        location = self.launch_description_source.location
        path = os.path.abspath(location)
        folder = os.path.dirname(path) if os.path.exists(path) else location
        context.extend_locals(
            {"current_launch_file_path": path, "current_launch_file_directory": folder}
        )
        names = self._argument_names(context)
        for argument, includes in description._arguments(conditional=False):
            if argument._conditionally_included or argument.default_value is not None:
                continue
            # Those that the nested includes give are known without the context only.
            given = names + [name for one in includes for name in one._argument_names(context)]
            if argument.name not in given:
                raise RuntimeError(
                    f"Included launch description missing required argument '{argument.name}'"
                    f" (description: '{argument.description}'), given: [{', '.join(given)}]"
                )
        settings = [SetLaunchConfiguration(name, value) for name, value in self.launch_arguments]
        return [*settings, description]

    def _argument_names(self, context: LaunchContext) -> list[str]:
        names = [normalize_to_list_of_substitutions(name) for name, _ in self.launch_arguments]
        return [perform_substitutions(context, name) for name in names]


class _EnterScope(Action):
    def execute(self, context: LaunchContext) -> None:
        context._push_scope()


class _LeaveScope(Action):
    def execute(self, context: LaunchContext) -> None:
        context._pop_scope()


class GroupAction(Action):
    """Visits actions; what they set in configurations and environment is undone after them.

    Args:
        actions: they.
        scoped: False leaves what they set.
    """

    def __init__(self, actions: Iterable[Action], *, scoped: bool = True, **others) -> None:
        super().__init__(**others)
        self._actions = list(actions)
        if scoped:
            self._actions = [_EnterScope(), *self._actions, _LeaveScope()]

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """The actions."""
        return list(self._actions)

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Have the actions visited."""
        return self.get_sub_entities()


class OpaqueFunction(Action):
    """Calls a function of the context, which may return entities to visit."""

    def __init__(
        self,
        *,
        function: Callable,
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        **others,
    ) -> None:
        super().__init__(**others)
        self._function = function
        self._args = () if args is None else tuple(args)
        self._kwargs = {} if kwargs is None else dict(kwargs)

    def execute(self, context: LaunchContext) -> Iterable[LaunchDescriptionEntity] | None:
        """Call the function."""
        return self._function(context, *self._args, **self._kwargs)


class LogInfo(Action):
    """Logs a message."""

    def __init__(self, *, msg: SomeSubstitutionsType, **others) -> None:
        super().__init__(**others)
        self.msg = normalize_to_list_of_substitutions(msg)

    def execute(self, context: LaunchContext) -> None:
        """Log it."""
        launch.logging.get_logger("launch.user").info(perform_substitutions(context, self.msg))


class RegisterEventHandler(Action):
    """Has a handler react from now on."""

    def __init__(self, event_handler: EventHandler, **others) -> None:
        super().__init__(**others)
        self.event_handler = event_handler

    def execute(self, context: LaunchContext) -> None:
        """Register the handler."""
        context.register_event_handler(self.event_handler)

    def describe_conditional_sub_entities(
        self,
    ) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """What the handler would have visited."""
        entities = self.event_handler.entities
        return [("Event handler", entities)] if entities else []


class EmitEvent(Action):
    """Queues an event."""

    def __init__(self, *, event: Event, **others) -> None:
        super().__init__(**others)
        self.event = event

    def execute(self, context: LaunchContext) -> None:
        """Queue it."""
        context.emit_event_sync(self.event)


class Shutdown(EmitEvent):
    """Ends the launched system.

    Args:
        reason: why.
    """

    def __init__(self, *, reason: str = "reason not given", **others) -> None:
        super().__init__(event=ShutdownEvent(reason=reason), **others)

    def execute(self, context: LaunchContext) -> None:
        """Say which process was required, if it is because of one; queue the event."""
        event = context.get_locals_as_dict().get("event")
        if isinstance(event, ProcessExited):
            launch.logging.get_logger("launch").info(
                "process[%s] was required: shutting down launched system", event.process_name
            )
        super().execute(context)
