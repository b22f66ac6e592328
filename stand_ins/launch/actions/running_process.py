"""The life of a process that a launch has started: its output, its end, its shutdown."""

from __future__ import annotations

import asyncio
import signal
import traceback
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import launch.logging
from launch.actions.subprocess import Subprocess
from launch.event_handler import Reaction, as_list
from launch.event_handlers import OnProcessExit, OnProcessIO, OnShutdown
from launch.events.process import ProcessExited, ProcessIO, ProcessStarted
from launch.launch_context import LaunchContext
from launch.substitution import Substitution, perform_substitutions

if TYPE_CHECKING:
    from launch.actions.execute_process import ExecuteProcess


class RunningProcess:
    """A process from its start to its end.

    Args:
        action: the action that starts it.
        context: the launch.
        details: its name, cmd, cwd and env; gets its pid.
        output: "log", "screen" or "both".
        timeouts: texts of the seconds from SIGINT to SIGTERM and from there to SIGKILL.
        on_exit: what is visited when it has ended.
    """

    def __init__(
        self,
        action: ExecuteProcess,
        context: LaunchContext,
        details: dict[str, Any],
        output: str,
        timeouts: Sequence[list[Substitution]],
        on_exit: Reaction,
    ) -> None:
        self._action = action
        self._context = context
        self._details = details
        self._name: str = details["name"]
        self._timeouts = timeouts
        self._on_exit = on_exit
        self._logger = launch.logging.get_logger(self._name)
        self._loggers = launch.logging.get_output_loggers(self._name, output)
        self._unfinished_lines = [b"", b""]
        self._process: Subprocess | None = None
        self._shutdown_before_start = False
        self._escalations: list[asyncio.TimerHandle] = []

        loop = asyncio.get_running_loop()
        self._completed = loop.create_future()
        context.add_completion_future(self._completed)
        context.register_event_handler(
            OnProcessIO(target_action=action, on_stdout=self._write, on_stderr=self._write)
        )
        context.register_event_handler(OnShutdown(on_shutdown=self._on_shutdown))
        context.register_event_handler(OnProcessExit(target_action=action, on_exit=self._on_end))
        self._task = loop.create_task(self._run())

    @property
    def return_code(self) -> int | None:
        """Exit code, negative for a signal; None before the end."""
        return None if self._process is None else self._process.return_code

    async def _run(self) -> None:
        try:
            process = await Subprocess.start(
                self._details["cmd"],
                self._details["cwd"],
                self._details["env"],
                on_start=self._on_start,
                on_output=self._on_output,
            )
        except Exception:  # noqa: BLE001 (whatever the reason, it is logged whole)
            # As in the real one, a program that cannot be started is no process that has exited.
            reason = traceback.format_exc()
            self._logger.error("exception occurred while executing process:\n%s", reason)
            self._completed.set_result(None)
            return
        self._process = process
        if self._shutdown_before_start:
            self._stop(process, send_sigint=True)
        return_code = await process.wait()
        for escalation in self._escalations:
            escalation.cancel()
        self._context.emit_event_sync(ProcessExited(returncode=return_code, **self._details))
        self._completed.set_result(None)

    def _on_start(self, pid: int) -> None:
        self._details["pid"] = pid
        self._logger.info("process started with pid [%d]", pid)
        self._context.emit_event_sync(ProcessStarted(**self._details))

    def _on_output(self, fd: int, text: bytes) -> None:
        self._context.emit_event_sync(ProcessIO(text=text, fd=fd, **self._details))

    def _write(self, event: ProcessIO) -> None:
        stream = 0 if event.from_stdout else 1
        *lines, rest = (self._unfinished_lines[stream] + event.text).split(b"\n")
        self._unfinished_lines[stream] = rest
        self._write_lines(stream, lines)

    def _write_lines(self, stream: int, lines: Iterable[bytes]) -> None:
        for line in lines:
            text = self._action.format_line(line.decode(errors="replace"))
            self._loggers[stream].info("%s", text)

    def _on_end(self, event: Any, context: LaunchContext) -> Any:
        for stream, line in enumerate(self._unfinished_lines):
            if line:
                self._write_lines(stream, [line])
        if event.returncode == 0:
            self._logger.info("process has finished cleanly [pid %d]", event.pid)
        else:
            self._logger.error(
                "process has died [pid %d, exit code %d, cmd '%s'].",
                event.pid,
                event.returncode,
                " ".join(part for part in event.cmd if part.strip()),
            )
        if callable(self._on_exit):
            return self._on_exit(event, context)
        return as_list(self._on_exit)

    def _on_shutdown(self, event: Any, context: LaunchContext) -> None:
        if self._process is None:
            self._shutdown_before_start = True
        else:
            # Ctrl-C in a terminal has reached the whole process group already.
            send_sigint = not event.due_to_sigint or context.noninteractive
            self._stop(self._process, send_sigint=send_sigint)

    def _stop(self, process: Subprocess, *, send_sigint: bool) -> None:
        if self._escalations or self._completed.done() or process.return_code is not None:
            return
        texts = [perform_substitutions(self._context, timeout) for timeout in self._timeouts]
        to_sigterm, to_sigkill = float(texts[0]), float(texts[0]) + float(texts[1])
        later = asyncio.get_running_loop().call_later
        self._escalations = [
            later(to_sigterm, self._escalate, process, texts[0], "SIGINT", "SIGTERM"),
            later(to_sigkill, self._escalate, process, str(to_sigkill), "SIGTERM", "SIGKILL"),
        ]
        if send_sigint:
            self._signal(process, "SIGINT")

    def _escalate(self, process: Subprocess, seconds: str, sent: str, following: str) -> None:
        self._logger.error(
            "process[%s] failed to terminate '%s' seconds after receiving '%s', escalating to '%s'",
            self._name,
            seconds,
            sent,
            following,
        )
        self._signal(process, following)

    def _signal(self, process: Subprocess, name: str) -> None:
        self._logger.info("sending signal '%s' to process[%s]", name, self._name)
        process.send_signal(signal.Signals[name])
