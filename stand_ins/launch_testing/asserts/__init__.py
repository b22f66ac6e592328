"""Assertions about processes that have been launched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from launch.stand_in import absent_from

from launch_testing.util import resolveProcesses

__all__ = [
    "EXIT_OK",
    "EXIT_SIGINT",
    "EXIT_SIGKILL",
    "assertExitCodes",
    "assertInStderr",
    "assertInStdout",
]

__getattr__ = absent_from(__name__)

EXIT_OK = 0
EXIT_SIGINT = 130
EXIT_SIGKILL = 137

_ANSI_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def assertExitCodes(  # noqa: N802 (the real one's name)
    proc_info: Any,
    allowable_exit_codes: Iterable[int] = (EXIT_OK,),
    process: Any = None,
    cmd_args: Any = None,
    *,
    strict_proc_matching: bool = True,
) -> None:
    """Assert that all processes, or some, ended with one of some exit codes."""
    allowed = list(allowable_exit_codes)
    for action in resolveProcesses(
        proc_info, process=process, cmd_args=cmd_args, strict_proc_matching=strict_proc_matching
    ):
        event = proc_info[action]
        if event.returncode not in allowed:
            raise AssertionError(f"Proc {event.process_name} exited with code {event.returncode}")


def assertInStdout(  # noqa: N802 (the real one's name)
    proc_output: Any,
    expected_output: Any,
    process: Any,
    cmd_args: Any = None,
    *,
    strict_proc_matching: bool = True,
) -> None:
    """Assert that a process, or one of all, has written a text to its standard output."""
    actions = resolveProcesses(
        proc_output, process=process, cmd_args=cmd_args, strict_proc_matching=strict_proc_matching
    )
    _assert_in_stream(proc_output, expected_output, actions, "stdout")


def assertInStderr(  # noqa: N802 (the real one's name)
    proc_output: Any,
    expected_output: Any,
    process: Any,
    cmd_args: Any = None,
    *,
    strict_proc_matching: bool = True,
) -> None:
    """Assert that a process, or one of all, has written a text to its standard error."""
    actions = resolveProcesses(
        proc_output, process=process, cmd_args=cmd_args, strict_proc_matching=strict_proc_matching
    )
    _assert_in_stream(proc_output, expected_output, actions, "stderr")


def contains(proc_output: Any, expected_output: Any, action: Any, stream: str) -> bool:
    """Whether a process has written a text.

    Args:
        proc_output: what was written so far.
        expected_output: a string, a compiled regular expression, or several of them in order.
        action: the process.
        stream: "stdout" or "stderr".

    Raises:
        ValueError: there is no such stream.
    """
    if stream not in ("stdout", "stderr"):
        raise ValueError(f"stream: expected 'stdout' or 'stderr', got {stream!r}")
    pieces = [
        event.text
        for event in proc_output[action]
        if (event.from_stdout if stream == "stdout" else event.from_stderr)
    ]
    text = _ANSI_ESCAPE.sub("", b"".join(pieces).decode(errors="replace")).replace("\r\n", "\n")
    one = isinstance(expected_output, (str, re.Pattern))
    position = 0
    for expected in [expected_output] if one else expected_output:
        pattern = re.compile(re.escape(expected)) if isinstance(expected, str) else expected
        match = pattern.search(text, position)
        if match is None:
            return False
        position = match.end()
    return True


def _assert_in_stream(proc_output: Any, expected: Any, actions: list[Any], stream: str) -> None:
    if not any(contains(proc_output, expected, action, stream) for action in actions):
        names = ", ".join(sorted(action.name for action in actions))
        raise AssertionError(
            f"Did not find '{expected}' in output for any of the matching processes: {names}"
        )
