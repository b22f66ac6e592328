"""The state of a launch while it runs: configurations, environment, events."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from launch.event import Event
from launch.event_handler import EventHandler
from launch.stand_in import StandIn
from launch.substitution import Substitution


class LaunchContext(StandIn):
    """What actions and substitutions read and change when they are executed.

    Attributes:
        argv: the launch arguments as they were given.
        noninteractive: no terminal passes a Ctrl-C on to the processes.
        launch_configurations: values by name, all of them strings.
        is_shutdown: the system is ending; nothing is started any more.
    """

    def __init__(self, *, argv: Iterable[str] | None = None, noninteractive: bool = False) -> None:
        self.argv = [] if argv is None else list(argv)
        self.noninteractive = noninteractive
        self.launch_configurations: dict[str, str] = {}
        self.is_shutdown = False
        self._locals: dict[str, Any] = {}
        self._scopes: list[tuple[dict[str, str], dict[str, str]]] = []
        self._handlers: deque[EventHandler] = deque()
        self._events: deque[Event] = deque()
        self._completions: set[asyncio.Future] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    @property
    def environment(self) -> MutableMapping[str, str]:
        """The environment that processes are started with: this process's own."""
        return os.environ

    @property
    def asyncio_loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop of the running launch, None when it does not run."""
        return self._loop

    @property
    def locals(self) -> SimpleNamespace:
        """What holds for the event being handled; the event itself is `locals.event`."""
        return SimpleNamespace(**self._locals)

    def get_locals_as_dict(self) -> dict[str, Any]:
        """The locals as a dictionary."""
        return dict(self._locals)

    def extend_locals(self, extensions: Mapping[str, Any]) -> None:
        """Add to the locals, until the event has been handled."""
        self._locals.update(extensions)

    def perform_substitution(self, substitution: Substitution) -> str:
        """Compute a substitution."""
        return substitution.perform(self)

    def register_event_handler(self, event_handler: EventHandler, append: bool = False) -> None:
        """Add a handler: before all others, or with `append` after them."""
        if append:
            self._handlers.append(event_handler)
        else:
            self._handlers.appendleft(event_handler)

    def unregister_event_handler(self, event_handler: EventHandler) -> None:
        """Take a handler away."""
        self._handlers.remove(event_handler)

    def emit_event_sync(self, event: Event) -> None:
        """Queue an event; it is handled after those that came before."""
        self._events.append(event)
        self._wake.set()

    def add_completion_future(self, completion_future: asyncio.Future) -> None:
        """Keep the launch running until this is done."""
        self._completions.add(completion_future)
        completion_future.add_done_callback(self._complete)

    def _complete(self, future: asyncio.Future) -> None:
        self._completions.discard(future)
        self._wake.set()

    @contextmanager
    def _event_locals(self) -> Iterator[None]:
        before = dict(self._locals)
        try:
            yield
        finally:
            self._locals = before

    def _push_scope(self) -> None:
        self._scopes.append((dict(self.launch_configurations), dict(os.environ)))

    def _pop_scope(self) -> None:
        self.launch_configurations, environment = self._scopes.pop()
        os.environ.clear()
        os.environ.update(environment)
