"""Where a run's Redis is, told through the run's place in the store: `ip/ip.json`.

The machine with the trainer publishes the address of its Redis there, and the simulations on other
machines find it. The file has the public form, `{"IP": "10.0.0.7"}`; a port other than Redis' own
stands beside it as `"port"`. It has no password: that is for the environment of both sides.
"""

import json
import re
import socket
from dataclasses import dataclass
from typing import Any

from deepracer_core.errors import ConfigurationError
from deepracer_core.json_fields import parse_object, refuse
from deepracer_core.model_store import Storage

IP_KEY = "ip/ip.json"
"""Below the run's place in the store."""

REDIS_PORT = 6379

_LONGEST_RUN = 64


@dataclass(frozen=True, slots=True)
class RedisEndpoint:
    """Where a Redis server listens.

    Attributes:
        host: its IP address or name.
        port: TCP.
    """

    host: str
    port: int = REDIS_PORT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def publish(storage: Storage, endpoint: RedisEndpoint) -> None:
    """Say where Redis is; what was said before is forgotten.

    Args:
        storage: of the run.
        endpoint: as other machines reach it.

    Raises:
        StoreError: it cannot be written.
    """
    told: dict[str, Any] = {"IP": endpoint.host}
    if endpoint.port != REDIS_PORT:
        told["port"] = endpoint.port
    storage.write(IP_KEY, json.dumps(told).encode())


def find(storage: Storage, default_port: int = REDIS_PORT) -> RedisEndpoint | None:
    """Where Redis is said to be now; None when nothing has been said.

    Args:
        storage: of the run.
        default_port: where no port is said.

    Raises:
        StoreError: it cannot be read.
        ConfigurationError: what is there says no address.
    """
    stored = storage.read(IP_KEY)
    if stored is None:
        return None
    source = f"{storage.url}/{IP_KEY}"
    told = parse_object(stored.data, source)
    host, port = told.get("IP"), told.get("port", default_port)
    if not isinstance(host, str) or not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        refuse(source, "IP", "the address of the machine with Redis", repr(host)[:80])
    if type(port) is not int or not 0 < port < 65536:
        refuse(source, "port", "a port from 1 to 65535", repr(port)[:80])
    return RedisEndpoint(host, port)


def own_address(towards: str = "192.0.2.1") -> str:
    """The address of this machine that others reach it at. Nothing is sent to find it.

    Args:
        towards: address of one of the others; the default is one to which the way leads out of the
            local networks (RFC 5737).

    Raises:
        ConfigurationError: no way leads there.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Chooses the way and, with it, the address of this end.
            probe.connect((towards, REDIS_PORT))
        except OSError as error:
            raise ConfigurationError(
                f"this machine has no address towards {towards} ({error}): give it a network, or "
                "say its address"
            ) from error
        return str(probe.getsockname()[0])


def run_name(prefix: str) -> str:
    """The name under which the run at a prefix of the store is kept in Redis.

    Both sides make it of the prefix, which both are told: `models/first` is run `models-first`.

    Args:
        prefix: of the run's place in its bucket.

    Raises:
        ConfigurationError: it has no letter and no digit.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", prefix).strip("._-")[-_LONGEST_RUN:].lstrip("._-")
    if not name:
        raise ConfigurationError(
            f"expected a prefix with letters or digits, which name the run, got {prefix!r}"
        )
    return name
