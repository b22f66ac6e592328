"""The log of a process: one event a line, for people or as JSON, and without credentials."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from math import isfinite
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from pythonjsonlogger.json import JsonFormatter

from deepracer_core.credentials import keep_secrets_of, redact
from deepracer_core.telemetry.identity import current_identity, identify
from deepracer_core.telemetry.settings import TelemetrySettings, read_settings

if TYPE_CHECKING:
    from deepracer_core.telemetry.cloudwatch_log import CloudWatchLog

PLAIN = "%(levelname)s %(message)s"
"""How an event looks to people, unless a process says otherwise."""

_LOG = logging.getLogger(__name__)


class PlainFormatter(logging.Formatter):
    """What people read; fields that are not in the message are left out.

    Args:
        line: format of a line, as `logging` has it.
    """

    def __init__(self, line: str = PLAIN) -> None:
        super().__init__(line)

    def format(self, record: logging.LogRecord) -> str:
        """The event, without credentials."""
        return redact(super().format(record))


class EventFormatter(JsonFormatter):
    """A JSON object in one line: when, how grave, who, what, and the fields of the event.

    `run`, `worker`, `episode` and `version` are always there, null where they are not known.
    """

    def __init__(self) -> None:
        super().__init__(rename_fields={"exc_info": "exception"})

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Put an event together; its own fields win over those of its process."""
        who = current_identity()
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        log_data.update(
            time=f"{moment}.{int(record.msecs):03d}Z",
            level=record.levelname,
            process=who.process,
            run=who.run,
            worker=who.worker,
            mode=who.mode,
            episode=who.episode,
            version=who.version,
            logger=record.name,
        )
        super().add_fields(log_data, record, message_dict)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Hide credentials; what is no number is null, since JSON knows no other."""
        return {name: _plain(value) for name, value in log_data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    return None if isinstance(value, float) and not isfinite(value) else value


def to_standard_error(line: str) -> None:
    """Write a line to what standard error is at that moment."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Console(logging.Handler):
    """Shows events.

    Args:
        formatter: makes lines of them.
        write: writes a line.
    """

    def __init__(self, formatter: logging.Formatter, write: Callable[[str], None]) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Write an event."""
        try:
            self._write(self.format(record))
        except (OSError, ValueError):
            self.handleError(record)


class TraceLog(Protocol):
    """Where SIM_TRACE_LOG lines are printed."""

    def write(self, text: str, /) -> object:
        """Print whole lines."""

    def flush(self) -> object:
        """See to it that they are seen."""


class _Printed:
    """Prints on standard output, and sends to CloudWatch if the log goes there."""

    def write(self, text: str, /) -> None:
        sys.stdout.write(text)
        if _state.cloudwatch is not None:
            _state.cloudwatch.lines(text)

    def flush(self) -> None:
        sys.stdout.flush()


class _State:
    """Of this process: which handlers are there because of this module."""

    console: logging.Handler | None = None
    cloudwatch: "CloudWatchLog | None" = None


_state = _State()


def start_log(
    process: str,
    line: str = PLAIN,
    write: Callable[[str], None] = to_standard_error,
    environment: Mapping[str, str] | None = None,
) -> TelemetrySettings:
    """Log what this process does, from its beginning on; and what ends it, if that is a fault.

    Args:
        process: name of the program.
        line: format of a plain line.
        write: writes a line where it is seen.
        environment: variables with the settings; the process's own if None.

    Returns:
        What the variables say of log and metrics.

    Raises:
        ConfigurationError: one of them cannot be used.
    """
    environment = os.environ if environment is None else environment
    keep_secrets_of(environment)
    identify(process=process)
    # Until it is known better: what is wrong with the settings has to be said, too.
    formatter: logging.Formatter = PlainFormatter(line)
    show_events(Console(formatter, write))
    logging.getLogger().setLevel(logging.INFO)
    # It tells of the same credentials with every client.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    sys.excepthook = _log_fault
    threading.excepthook = _log_fault_of_thread
    settings = read_settings(environment)
    if settings.is_json:
        formatter = EventFormatter()
        show_events(Console(formatter, write))
    if settings.sends_log and _state.cloudwatch is None:
        # boto3 takes a third of a second to import: only those wait for it who use it.
        from deepracer_core.telemetry.cloudwatch_log import CloudWatchLog

        _state.cloudwatch = CloudWatchLog()
        _state.cloudwatch.setFormatter(formatter)
        logging.getLogger().addHandler(_state.cloudwatch)
    return settings


def show_events(handler: logging.Handler) -> logging.Handler | None:
    """Show events by this handler from now on; returns the one so far."""
    root = logging.getLogger()
    before = _state.console
    if before is not None:
        root.removeHandler(before)
    root.addHandler(handler)
    _state.console = handler
    return before


def trace_log() -> TraceLog:
    """Where SIM_TRACE_LOG lines go: to standard output, and to wherever the log goes besides."""
    return _Printed()


def undelivered_events() -> int:
    """Events of this process that CloudWatch did not get."""
    return 0 if _state.cloudwatch is None else _state.cloudwatch.delivery.dropped


def _log_fault(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    _LOG.critical("ended by a fault in the program", exc_info=(kind, error, traceback))


def _log_fault_of_thread(fault: threading.ExceptHookArgs) -> None:
    if fault.exc_value is not None:
        name = fault.thread.name if fault.thread is not None else "?"
        information = (fault.exc_type, fault.exc_value, fault.exc_traceback)
        _LOG.critical("thread %s ended by a fault in the program", name, exc_info=information)
