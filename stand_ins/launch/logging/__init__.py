"""What a launch says: lines on the screen, and launch.log in a folder of its own."""

import contextlib
import logging
import os
import socket
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from launch.stand_in import NotInStandIn, StandIn, absent_from

__all__ = ["get_logger", "get_output_loggers", "launch_config"]

__getattr__ = absent_from(__name__)

_OF_LAUNCH = "[{levelname}] [{name}]: {message}"
_OF_PROCESSES = "{message}"


class LaunchConfig(StandIn):
    """Where the log goes and how much it says.

    Attributes:
        level: the least level that is logged, INFO if nothing else is set.
    """

    def __init__(self) -> None:
        self.level = logging.INFO
        self._folder: Path | None = None

    @property
    def log_dir(self) -> str:
        """The folder of launch.log, made when it is first asked for.

        It lies in ROS_LOG_DIR, or else in `log` under ROS_HOME, or else in ~/.ros/log.
        """
        if self._folder is None:
            home = os.environ.get("ROS_HOME") or os.path.join("~", ".ros")
            base = Path(os.environ.get("ROS_LOG_DIR") or os.path.join(home, "log")).expanduser()
            time = datetime.now().strftime("%Y-%m-%d-%H-%M-%S-%f")
            self._folder = base / f"{time}-{socket.gethostname()}-{os.getpid()}"
            self._folder.mkdir(parents=True)
            # The link is a convenience, and another launch may be making it at the same time.
            with contextlib.suppress(OSError):
                latest = base / "latest"
                if latest.is_symlink():
                    latest.unlink()
                latest.symlink_to(self._folder)
        return str(self._folder)


launch_config = LaunchConfig()


class _Screen(logging.Handler):
    """Writes to what standard output is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        text = self.format(record).encode(encoding, "replace").decode(encoding)
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def get_logger(name: str | None = None) -> logging.Logger:
    """The logger of launch itself or of one of its parts: to the screen and to launch.log."""
    return _logger(name or "launch", ("screen", "log"), _OF_LAUNCH)


def get_output_loggers(process_name: str, output_config: Any) -> tuple[logging.Logger, ...]:
    """The loggers of what a process writes to its standard output and error.

    Args:
        process_name: its name in the launch.
        output_config: "screen"; "log", which shows only standard error on the screen; or "both".
    """
    destinations = {
        "screen": (("screen",), ("screen",)),
        "log": (("log",), ("log", "screen")),
        "both": (("screen", "log"), ("screen", "log")),
    }
    if not isinstance(output_config, str) or output_config not in destinations:
        raise NotInStandIn(f"launch.logging, output={output_config!r}")
    streams = zip(("stdout", "stderr"), destinations[output_config], strict=True)
    return tuple(
        _logger(f"{process_name}-{stream}", where, _OF_PROCESSES) for stream, where in streams
    )


def _logger(name: str, destinations: tuple[str, ...], line: str) -> logging.Logger:
    logger = logging.getLogger(name)
    logger.setLevel(launch_config.level)
    if not any(isinstance(handler, (_Screen, logging.FileHandler)) for handler in logger.handlers):
        logger.propagate = False
        if "screen" in destinations:
            _add(logger, _Screen(), line)
        if "log" in destinations:
            path = os.path.join(launch_config.log_dir, "launch.log")
            _add(logger, logging.FileHandler(path, encoding="utf-8"), f"{{created:.7f}} {line}")
    return logger


def _add(logger: logging.Logger, handler: logging.Handler, line: str) -> None:
    handler.setFormatter(logging.Formatter(line, style="{"))
    logger.addHandler(handler)
