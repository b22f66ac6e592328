"""Where live video goes: to a page on a port of this machine, or to a Kinesis video stream."""

import re
import socket
from dataclasses import dataclass, replace

from deepracer_core.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
"""Where a page is seen unless another address is named: on this machine alone."""

_KINESIS = "kinesis:"
_STREAM_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,256}")
_PAGE = re.compile(r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+)\]:|(?P<host>[^\s:/\[\]]+):)?(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True)
class PageTarget:
    """A page.

    Attributes:
        host: address that it listens on.
        port: on which it listens.
    """

    host: str
    port: int

    def __str__(self) -> str:
        """Where a browser finds it."""
        host = LOOPBACK if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    @property
    def setting(self) -> str:
        """What `parse_target` reads."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class KinesisTarget:
    """A Kinesis video stream.

    Attributes:
        stream: its name.
    """

    stream: str

    def __str__(self) -> str:
        """What people call it."""
        return f"Kinesis video stream {self.stream}"

    @property
    def setting(self) -> str:
        """What `parse_target` reads."""
        return f"{_KINESIS}{self.stream}"


Target = PageTarget | KinesisTarget


def parse_target(text: str) -> Target:
    """Read [HOST:]PORT or kinesis:STREAM.

    Raises:
        ConfigurationError: it is something else.
    """
    if text.startswith(_KINESIS):
        stream = text.removeprefix(_KINESIS)
        if not _STREAM_NAME.fullmatch(stream):
            raise ConfigurationError(
                "live_video: expected kinesis:STREAM with the name of a stream (letters, digits,"
                f" _ . -, at most 256 of them), got {text!r}"
            )
        return KinesisTarget(stream)
    found = _PAGE.fullmatch(text)
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise ConfigurationError(
            f"live_video: expected a port such as 8080, HOST:PORT or kinesis:STREAM, got {text!r}"
        )
    return PageTarget(found["ipv6"] or found["host"] or LOOPBACK, int(found["port"]))


def addresses(text: str, workers: int) -> str:
    """Where the live video of all workers of a job is found, for people.

    Raises:
        ConfigurationError: see `target_of_worker`.
    """
    targets = [target_of_worker(text, worker) for worker in range(workers)]
    first, last = targets[0], targets[-1]
    if workers > 1 and isinstance(last, PageTarget):
        return f"{first} to {last}"
    return str(first)


def check_free(text: str, workers: int) -> None:
    """See whether the pages of all workers can listen.

    Raises:
        ConfigurationError: one cannot; or see `target_of_worker`.
    """
    for worker in range(workers):
        target = target_of_worker(text, worker)
        if not isinstance(target, PageTarget):
            continue
        family = socket.AF_INET6 if ":" in target.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((target.host, target.port))
            except OSError as error:
                raise ConfigurationError(
                    f"live_video: cannot listen on {target.setting} ({error.strerror}): choose"
                    " another port, or end the program that has it"
                ) from error


def target_of_worker(text: str, worker: int) -> Target | None:
    """Where the live video of one of several simulations goes.

    Each has a page of its own, on the next port. A stream takes pictures from one sender only.

    Raises:
        ConfigurationError: the text is no target, or its port is too high for so many workers.
    """
    target = parse_target(text)
    if isinstance(target, KinesisTarget):
        return target if worker == 0 else None
    return parse_target(replace(target, port=target.port + worker).setting)
