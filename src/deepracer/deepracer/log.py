"""The command line's own log: one line for each event, `name=value` pairs at its end."""

import logging
import os
import time
from logging.handlers import MemoryHandler
from pathlib import Path

from deepracer_core.credentials import keep_secrets_of
from deepracer_core.telemetry.identity import identify
from deepracer_core.telemetry.log import EventFormatter, PlainFormatter

_ROOT = "deepracer"


class LineFormatter(PlainFormatter):
    """`2026-01-31T12:00:00.123Z INFO deepracer.settings text`, in UTC, never more than one line."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Format a record; line breaks, as in tracebacks, become two characters."""
        return super().format(record).replace("\n", "\\n")


def start_log(verbose: bool, log_format: str = "plain") -> None:
    """Keep records until there is a run folder to write them to; show them too when asked.

    Args:
        verbose: show them, on standard error.
        log_format: how they are shown, plain or json.
    """
    keep_secrets_of(os.environ)
    logger = logging.getLogger(_ROOT)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.addHandler(MemoryHandler(10_000, flushLevel=logging.CRITICAL + 1, flushOnClose=False))
    if verbose:
        shown = logging.StreamHandler()
        shown.setFormatter(_formatter(log_format))
        logger.addHandler(shown)


def log_to_file(path: Path, run: str | None, log_format: str) -> None:
    """From now on write the log to a file, the records kept so far first.

    Args:
        path: of the file.
        run: name of the run that it is about, if any.
        log_format: plain or json.
    """
    identify(run=run)
    logger = logging.getLogger(_ROOT)
    file = logging.FileHandler(path, encoding="utf-8")
    file.setFormatter(_formatter(log_format))
    for handler in list(logger.handlers):
        if isinstance(handler, MemoryHandler):
            handler.setTarget(file)
            handler.flush()
            logger.removeHandler(handler)
    logger.addHandler(file)


def _formatter(log_format: str) -> logging.Formatter:
    return EventFormatter() if log_format == "json" else LineFormatter()
