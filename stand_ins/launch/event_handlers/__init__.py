"""Handlers of the events that launch files react to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from launch.event import Event
from launch.event_handler import EventHandler, Reaction
from launch.events import Shutdown
from launch.events.process import ProcessExited, ProcessIO, ProcessStarted
from launch.stand_in import absent_from

if TYPE_CHECKING:
    from launch.actions import ExecuteProcess
    from launch.launch_context import LaunchContext

__all__ = ["OnProcessExit", "OnProcessIO", "OnProcessStart", "OnShutdown"]

__getattr__ = absent_from(__name__)

Target: TypeAlias = "ExecuteProcess | Callable[[ExecuteProcess], bool] | None"
"""The action whose process is meant, a function that knows it, or None for every process."""


class OnProcessStart(EventHandler):
    """Reacts when a process runs."""

    def __init__(self, *, target_action: Target = None, on_start: Reaction, **others) -> None:
        super().__init__(
            matcher=_of_process(ProcessStarted, target_action), entities=on_start, **others
        )


class OnProcessExit(EventHandler):
    """Reacts when a process has ended."""

    def __init__(self, *, target_action: Target = None, on_exit: Reaction, **others) -> None:
        super().__init__(
            matcher=_of_process(ProcessExited, target_action), entities=on_exit, **others
        )


class OnProcessIO(EventHandler):
    """Reacts to what a process writes; the functions take the event alone."""

    def __init__(
        self,
        *,
        target_action: Target = None,
        on_stdout: Callable[[ProcessIO], Any] | None = None,
        on_stderr: Callable[[ProcessIO], Any] | None = None,
        **others,
    ) -> None:
        def react(event: Any, context: LaunchContext) -> Any:
            function = on_stdout if event.from_stdout else on_stderr
            return None if function is None else function(event)

        super().__init__(matcher=_of_process(ProcessIO, target_action), entities=react, **others)


class OnShutdown(EventHandler):
    """Reacts when the launched system is to end."""

    def __init__(self, *, on_shutdown: Reaction, **others) -> None:
        super().__init__(
            matcher=lambda event: isinstance(event, Shutdown), entities=on_shutdown, **others
        )


def _of_process(kind: type[Event], target: Target) -> Callable[[Event], bool]:
    def matches(event: Any) -> bool:
        if not isinstance(event, kind):
            return False
        if target is None or event.action is target:
            return True
        return callable(target) and target(event.action)

    return matches
