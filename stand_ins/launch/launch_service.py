"""The loop that a launch runs in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import traceback
from collections.abc import Callable, Iterable

import launch.logging
from launch.entity import LaunchDescriptionEntity
from launch.event import Event
from launch.event_handler import as_list
from launch.event_handlers import OnShutdown
from launch.events import Shutdown
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.stand_in import StandIn, refuse


class _Include(Event):
    name = "launch.events.IncludeLaunchDescription"

    def __init__(self, description: LaunchDescription) -> None:
        self.description = description


class LaunchService(StandIn):
    """Visits launch descriptions and handles events until all is done.

    Args:
        argv: the launch arguments as they were given, for the context.
        noninteractive: no terminal passes a Ctrl-C on to the processes.
        debug: log at debug level.
    """

    def __init__(
        self,
        *,
        argv: Iterable[str] | None = None,
        noninteractive: bool = False,
        debug: bool = False,
        **others,
    ) -> None:
        refuse(type(self), others)
        launch.logging.launch_config.level = logging.DEBUG if debug else logging.INFO
        self._logger = launch.logging.get_logger("launch")
        self.context = LaunchContext(argv=argv, noninteractive=noninteractive)
        self.context.register_event_handler(OnShutdown(on_shutdown=self._on_shutdown))
        self._shutting_down = False
        self._interrupted = False
        self._return_code = 0

    def include_launch_description(self, launch_description: LaunchDescription) -> None:
        """Have a description visited, now or when the loop runs; from any thread."""
        self.emit_event(_Include(launch_description))

    def emit_event(self, event: Event) -> None:
        """Queue an event; from any thread."""
        if self.context.asyncio_loop is None:
            self.context.emit_event_sync(event)
        else:
            self._call(self.context.emit_event_sync, event)

    def shutdown(self) -> None:
        """End the launched system, if it runs; from any thread."""
        self._call(self._shutdown, "LaunchService.shutdown() called")

    def _call(self, function: Callable, *arguments: object) -> None:
        loop = self.context.asyncio_loop
        if loop is not None:
            # The loop may end meanwhile, if this is another thread: then there is nobody to tell.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(function, *arguments)

    def run(self, *, shutdown_when_idle: bool = True) -> int:
        """Run until the system has been shut down and all processes have ended.

        Args:
            shutdown_when_idle: shut down when no process runs and no event waits.

        Returns:
            0, or 1 if an action or a handler failed. A process that fails does not count.

        Raises:
            RuntimeError: called from a thread that is not the main one.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("LaunchService can only be run in the main thread.")
        return asyncio.run(self._run(shutdown_when_idle))

    async def _run(self, shutdown_when_idle: bool) -> int:
        context = self.context
        loop = asyncio.get_running_loop()
        # As in the real one: SIGTERM ends it at once, and an ignored SIGINT stays ignored.
        handles_sigint = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
        if handles_sigint:
            loop.add_signal_handler(signal.SIGINT, self._on_sigint)
        # An event belongs to the loop in which it was first awaited, and each run has a new loop.
        context._wake = asyncio.Event()
        context._loop = loop
        folder = launch.logging.launch_config.log_dir
        self._logger.info("All log files can be found below %s", folder)
        level = logging.getLevelName(launch.logging.launch_config.level)
        self._logger.info("Default logging verbosity is set to %s", level)
        try:
            while True:
                context._wake.clear()
                if context._events:
                    self._process(context._events.popleft())
                    # Signals and what processes write are seen between two events as well.
                    await asyncio.sleep(0)
                elif context._completions:
                    await context._wake.wait()
                elif self._shutting_down:
                    return self._return_code
                elif shutdown_when_idle:
                    self._shutdown("idle")
                else:
                    await context._wake.wait()
        finally:
            context._loop = None
            self._shutting_down = False
            if handles_sigint:
                loop.remove_signal_handler(signal.SIGINT)

    def _process(self, event: Event) -> None:
        self._logger.debug("processing event: '%s'", event.name)
        try:
            if isinstance(event, _Include):
                with self.context._event_locals():
                    self._visit(event.description)
                return
            for handler in tuple(self.context._handlers):
                if handler.matches(event):
                    with self.context._event_locals():
                        for entity in as_list(handler.handle(event, self.context)):
                            self._visit(entity)
        except Exception as error:  # noqa: BLE001 (a launch file may raise anything)
            self._logger.debug(traceback.format_exc())
            message = f"Caught exception in launch (see debug for traceback): {error}"
            self._logger.error(message)
            self._return_code = 1
            self._shutdown(message)

    def _visit(self, entity: LaunchDescriptionEntity | None) -> None:
        """Visit an entity and then, depth first, what it returns."""
        if entity is None:
            return
        for sub_entity in entity.visit(self.context) or ():
            self._visit(sub_entity)

    def _on_sigint(self) -> None:
        message = "user interrupted with ctrl-c (SIGINT)"
        if self._interrupted:
            self._logger.warning("%s again, ignoring...", message)
        else:
            self._logger.warning(message)
            self._interrupted = True
            self._shutdown("ctrl-c (SIGINT)", due_to_sigint=True)

    def _shutdown(self, reason: str, due_to_sigint: bool = False) -> None:
        if not self._shutting_down:
            self.context.emit_event_sync(Shutdown(reason=reason, due_to_sigint=due_to_sigint))
        self._on_shutdown(None, self.context)

    def _on_shutdown(self, event: Event | None, context: LaunchContext) -> None:
        self._shutting_down = True
        context.is_shutdown = True
