"""Which processes a test means."""

from __future__ import annotations

from typing import Any, Protocol

from launch.actions import ExecuteProcess
from launch.stand_in import NotInStandIn, absent_from

__all__ = ["NoMatchingProcessException", "resolveProcesses"]

__getattr__ = absent_from(__name__)


class _KnowsProcesses(Protocol):
    def processes(self) -> list[ExecuteProcess]: ...


class NoMatchingProcessException(Exception):
    """There is no such process, or it has not done anything yet."""


def resolveProcesses(  # noqa: N802 (the real one's name)
    info_obj: _KnowsProcesses,
    *,
    process: ExecuteProcess | str | None = None,
    cmd_args: Any = None,
    strict_proc_matching: bool = True,
) -> list[ExecuteProcess]:
    """Find processes among those that something is known about.

    Args:
        info_obj: what knows processes: the tests' proc_info or proc_output.
        process: an action, a part of a process's name, or None for all processes.
        cmd_args: not in the stand-in.
        strict_proc_matching: a part of a name must mean one process only.

    Raises:
        NoMatchingProcessException: there is none.
        ValueError: there are several and there must be one.
    """
    if cmd_args is not None:
        raise NotInStandIn("launch_testing.util.resolveProcesses(cmd_args=...)")
    known = list(info_obj.processes())
    if process is None:
        found = known
    elif isinstance(process, str):
        found = [action for action in known if process in str(action.name)]
    else:
        found = [action for action in known if action is process]
    names = ", ".join(sorted(str(action.name) for action in known))
    if not found:
        raise NoMatchingProcessException(f"no process matches {process!r}; known: {names}")
    if isinstance(process, str) and strict_proc_matching and len(found) > 1:
        raise ValueError(f"several processes match {process!r}; known: {names}")
    return found
