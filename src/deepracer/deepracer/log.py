"""The command line's own log: one line for each event, `name=value` pairs at its end."""

import logging
import time
from logging.handlers import MemoryHandler
from pathlib import Path

_ROOT = "deepracer"


class LineFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123Z INFO deepracer.settings text`, in UTC, never more than one line."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Format a record; line breaks, as in tracebacks, become two characters."""
        return super().format(record).replace("\n", "\\n")


def start_log(verbose: bool) -> None:
    """Keep records until there is a run folder to write them to; show them too when asked."""
    logger = logging.getLogger(_ROOT)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.addHandler(MemoryHandler(10_000, flushLevel=logging.CRITICAL + 1, flushOnClose=False))
    if verbose:
        shown = logging.StreamHandler()
        shown.setFormatter(LineFormatter())
        logger.addHandler(shown)


def log_to_file(path: Path) -> None:
    """From now on write the log to a file, the records kept so far first."""
    logger = logging.getLogger(_ROOT)
    file = logging.FileHandler(path, encoding="utf-8")
    file.setFormatter(LineFormatter())
    for handler in list(logger.handlers):
        if isinstance(handler, MemoryHandler):
            handler.setTarget(file)
            handler.flush()
            logger.removeHandler(handler)
    logger.addHandler(file)
