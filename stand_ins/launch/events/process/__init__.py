"""Events of the processes that a launch has started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.event import Event
from launch.stand_in import absent_from

if TYPE_CHECKING:
    from launch.actions import ExecuteProcess

__all__ = ["ProcessExited", "ProcessIO", "ProcessStarted"]

__getattr__ = absent_from(__name__)


class _ProcessEvent(Event):
    """Base of them.

    Attributes:
        action: the action that started the process.
        process_name: its name in this launch, unique by its number.
        cmd: program and arguments.
        cwd: its working folder, None for the launch's.
        env: its environment.
        pid: process id.
    """

    def __init__(
        self,
        *,
        action: ExecuteProcess,
        name: str,
        cmd: list[str],
        cwd: str | None,
        env: dict[str, str],
        pid: int,
    ) -> None:
        self.action = action
        self.process_name = name
        self.cmd = cmd
        self.cwd = cwd
        self.env = env
        self.pid = pid


class ProcessStarted(_ProcessEvent):
    """A process runs."""

    name = "launch.events.process.ProcessStarted"


class ProcessExited(_ProcessEvent):
    """A process has ended.

    Attributes:
        returncode: its exit code, or the negative number of the signal that ended it.
    """

    name = "launch.events.process.ProcessExited"

    def __init__(self, *, returncode: int, **details) -> None:
        super().__init__(**details)
        self.returncode = returncode


class ProcessIO(_ProcessEvent):
    """A process has written something.

    Attributes:
        text: what it wrote, as it came: several lines, or parts of lines.
        from_stdout: whether it wrote that to its standard output.
        from_stderr: whether it wrote that to its standard error.
    """

    name = "launch.events.process.ProcessIO"

    def __init__(self, *, text: bytes, fd: int, **details) -> None:
        super().__init__(**details)
        self.text = text
        self.from_stdout = fd == 1
        self.from_stderr = fd == 2
