"""A place on this machine that no other run uses: ROS domain, ports, and a folder for sockets."""

import contextlib
import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deepracer_core.errors import ConfigurationError

DOMAIN_IDS = range(1, 102)
"""ROS domains whose ports lie below Linux's ephemeral ones; 0 is left to other ROS systems."""

_GAZEBO_PORT_BASE = 11400

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workplace:
    """What one simulation worker has for itself until it ends.

    Attributes:
        domain_id: ROS_DOMAIN_ID.
        gazebo_port: port of the Gazebo master.
        folder: private folder, its path short enough for Unix sockets (107 bytes at most).
        lock: descriptor of the lock that all this hangs on.
    """

    domain_id: int
    gazebo_port: int
    folder: Path
    lock: int

    def environment(self) -> dict[str, str]:
        """Variables that keep a worker's traffic on this machine and apart from the others'."""
        # Newer releases warn when they are told in Humble's way.
        is_humble = os.environ.get("ROS_DISTRO") == "humble"
        local = "ROS_LOCALHOST_ONLY" if is_humble else "ROS_AUTOMATIC_DISCOVERY_RANGE"
        return {
            "ROS_DOMAIN_ID": str(self.domain_id),
            local: "1" if is_humble else "LOCALHOST",
            "GAZEBO_MASTER_URI": f"http://127.0.0.1:{self.gazebo_port}",
            "GAZEBO_IP": "127.0.0.1",
        }


@contextlib.contextmanager
def claim_workplace() -> Iterator[Workplace]:
    """Take the first free place; it is free again when this ends, even by SIGKILL.

    The lock is a name among the abstract Unix sockets (unix(7)): it is seen exactly as far as the
    ports are, by all users of a network namespace, and the kernel gives it back.

    Raises:
        ConfigurationError: all domains of this machine are in use.
    """
    for domain_id in DOMAIN_IDS:
        port = _GAZEBO_PORT_BASE + domain_id
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as lock:
            try:
                lock.bind(f"\0deepracer-domain-{domain_id}")
            except OSError:
                continue
            if not _is_free(port, _discovery_port(domain_id)):
                continue
            with tempfile.TemporaryDirectory(
                prefix=f"deepracer-{domain_id}-", dir="/tmp", ignore_cleanup_errors=True
            ) as folder:
                log.info("workplace ROS_DOMAIN_ID=%d gazebo_port=%d %s", domain_id, port, folder)
                yield Workplace(domain_id, port, Path(folder), lock.fileno())
                return
    raise ConfigurationError(
        f"no free ROS domain: {DOMAIN_IDS.start} to {DOMAIN_IDS.stop - 1} or their ports are in use"
        " on this machine; stop a run or another ROS system"
    )


def _discovery_port(domain_id: int) -> int:
    """Port on which the first DDS participant of a domain listens (RTPS 2.5, section 9.6.2)."""
    return 7400 + 250 * domain_id + 10


def _is_free(tcp_port: int, udp_port: int) -> bool:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        # A port that only lingers after its server's end can be bound by Gazebo too.
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind(("127.0.0.1", tcp_port))
            udp.bind(("127.0.0.1", udp_port))
        except OSError:
            return False
    return True
