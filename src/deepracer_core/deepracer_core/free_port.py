"""A TCP port for a server of the run's own."""

import contextlib
import random
import socket
from pathlib import Path

_LOOPBACK = "127.0.0.1"
_LOWEST = 10_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ATTEMPTS = 100


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses at this moment.

    Nor is it one of those that the system gives to outgoing connections, as long as one of the
    others is free: it can still be had when a server is started there some time later, or again.
    """
    # Not from the generator of the process, which a seed may have made repeat itself.
    draw = random.SystemRandom()
    for _ in range(_ATTEMPTS):
        port = draw.randrange(_LOWEST, _first_ephemeral())
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind((_LOOPBACK, port))
            return port
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _first_ephemeral() -> int:
    try:
        first = int(_EPHEMERAL.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        first = 32_768  # Linux's own default
    return max(first, _LOWEST + 1)
