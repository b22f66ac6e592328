"""What the tests are given: which processes have started and ended, and what they have written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from launch.actions import ExecuteProcess
from launch.events.process import ProcessExited, ProcessIO, ProcessStarted
from launch.stand_in import NotInStandIn, StandIn

from launch_testing.asserts import contains
from launch_testing.util import NoMatchingProcessException, resolveProcesses


class ProcInfo(StandIn):
    """The last event of each process: ProcessStarted, then ProcessExited."""

    def __init__(self) -> None:
        self._events: dict[ExecuteProcess, ProcessStarted | ProcessExited] = {}
        self._changed = threading.Condition()

    def append(self, event: ProcessStarted | ProcessExited) -> None:
        """Take note of an event."""
        with self._changed:
            self._events[event.action] = event
            self._changed.notify_all()

    def __iter__(self) -> Iterator[ProcessStarted | ProcessExited]:
        with self._changed:
            return iter(list(self._events.values()))

    def __getitem__(self, key: ExecuteProcess | str) -> ProcessStarted | ProcessExited:
        """The last event of a process, given by its action or a part of its name."""
        with self._changed:
            if not isinstance(key, str):
                return self._events[key]
            for action, event in self._events.items():
                if key in str(action.name):
                    return event
        raise KeyError(key)

    def processes(self) -> list[ExecuteProcess]:
        """The actions of all processes that have started."""
        with self._changed:
            return list(self._events)

    def process_names(self) -> list[str]:
        """The names of all processes that have started."""
        return [str(action.name) for action in self.processes()]

    def assertWaitForStartup(  # noqa: N802 (the real one's name)
        self, process: ExecuteProcess | str, cmd_args: Any = None, *, timeout: float = 10
    ) -> None:
        """Wait for the start of a process, `timeout` seconds at most."""
        if not self._wait(process, cmd_args, ProcessStarted | ProcessExited, timeout):
            raise AssertionError(f"Timed out waiting for process '{process}' to start")

    def assertWaitForShutdown(  # noqa: N802 (the real one's name)
        self, process: ExecuteProcess | str, cmd_args: Any = None, *, timeout: float = 10
    ) -> None:
        """Wait for the end of a process, `timeout` seconds at most."""
        if not self._wait(process, cmd_args, ProcessExited, timeout):
            raise AssertionError(f"Timed out waiting for process '{process}' to finish")

    def _wait(self, process: Any, cmd_args: Any, kind: Any, timeout: float) -> bool:
        def has_come() -> bool:
            try:
                (action,) = resolveProcesses(self, process=process, cmd_args=cmd_args)
            except NoMatchingProcessException:
                return False
            return isinstance(self._events[action], kind)

        with self._changed:
            return self._changed.wait_for(has_come, timeout)


class ProcOutput(StandIn):
    """What the processes have written, piece by piece."""

    def __init__(self) -> None:
        self._events: list[ProcessIO] = []
        self._changed = threading.Condition()

    def append(self, event: ProcessIO) -> None:
        """Take note of what was written."""
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def __iter__(self) -> Iterator[ProcessIO]:
        with self._changed:
            return iter(list(self._events))

    def __getitem__(self, key: ExecuteProcess | str) -> list[ProcessIO]:
        """What a process has written, given by its action or its whole name."""
        return [event for event in self if key in (event.action, event.process_name)]

    def processes(self) -> list[ExecuteProcess]:
        """The actions of all processes that have written something."""
        return list(dict.fromkeys(event.action for event in self))

    def waitFor(  # noqa: N802 (the real one's name)
        self,
        expected_output: Any,
        process: ExecuteProcess | str | None = None,
        cmd_args: Any = None,
        *,
        strict_proc_matching: bool = True,
        timeout: float = 10,
        stream: str = "stderr",
        **others: Any,
    ) -> bool:
        """Wait until a process has written a text, `timeout` seconds at most.

        Args:
            expected_output: a string, a compiled regular expression, or several of them in order.
            process: an action, a part of a process's name, or None for all processes.
            cmd_args: not in the stand-in.
            strict_proc_matching: a part of a name must mean one process only.
            timeout: seconds to wait.
            stream: "stderr" or "stdout".
            others: not in the stand-in.
        """
        if others:
            raise NotInStandIn(f"launch_testing, proc_output.waitFor({', '.join(others)}=...)")

        def has_come() -> bool:
            try:
                actions = resolveProcesses(
                    self,
                    process=process,
                    cmd_args=cmd_args,
                    strict_proc_matching=strict_proc_matching,
                )
            except NoMatchingProcessException:
                return False
            return any(contains(self, expected_output, action, stream) for action in actions)

        with self._changed:
            return self._changed.wait_for(has_come, timeout)

    def assertWaitFor(self, *args: Any, **kwargs: Any) -> None:  # noqa: N802 (the real one's name)
        """Wait as `waitFor` does, and fail if it was in vain."""
        if not self.waitFor(*args, **kwargs):
            raise AssertionError("Waiting for output timed out")
