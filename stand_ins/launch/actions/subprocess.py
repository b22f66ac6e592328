"""A child process whose output is read as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_LAST_WORDS = 0.5
"""Seconds that an ended process's output is waited for: a child of its own may keep it open."""


class Subprocess(asyncio.SubprocessProtocol):
    """A process in the same process group and session, its three streams pipes."""

    def __init__(
        self, on_start: Callable[[int], None], on_output: Callable[[int, bytes], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        self._on_start = on_start
        self._on_output = on_output
        self._exited = loop.create_future()
        self._silent = loop.create_future()
        self._open = {1, 2}

    @classmethod
    async def start(
        cls,
        cmd: Sequence[str],
        cwd: str | None,
        env: Mapping[str, str],
        on_start: Callable[[int], None],
        on_output: Callable[[int, bytes], None],
    ) -> Subprocess:
        """Start a process.

        Args:
            cmd: program and arguments.
            cwd: working folder, this process's if None.
            env: the whole environment.
            on_start: called with the process id, before any output.
            on_output: called with the stream's number, 1 or 2, and what was written to it.

        Raises:
            OSError: the program cannot be started.
        """
        loop = asyncio.get_running_loop()
        _, process = await loop.subprocess_exec(
            lambda: cls(on_start, on_output), *cmd, cwd=cwd, env=env, close_fds=False
        )
        return process

    @property
    def return_code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self._transport.get_returncode()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._transport.send_signal(number)

    async def wait(self) -> int:
        """Wait for its end and for all that it has written; return the exit code."""
        return_code = await self._exited
        await asyncio.wait({self._silent}, timeout=_LAST_WORDS)
        self._transport.close()
        return return_code

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Pass output on (asyncio calls this)."""
        self._on_output(fd, data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note the end of a stream (asyncio calls this)."""
        self._open.discard(fd)
        if not self._open and not self._silent.done():
            self._silent.set_result(None)

    def process_exited(self) -> None:
        """Note the end of the process (asyncio calls this)."""
        self._exited.set_result(self._transport.get_returncode())

    def connection_made(self, transport: Any) -> None:
        """Note that the process runs (asyncio calls this)."""
        self._transport: asyncio.SubprocessTransport = transport
        self._on_start(transport.get_pid())
