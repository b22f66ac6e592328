"""Where a training job's Redis is: a server of the container's own, or one that it is told.

    DEEPRACER_REDIS             address of a server that is there already
    REDIS_HOST                  of the one that is started, as simulations are told; else found
    REDIS_PORT                  the same; else 6379
    REDIS_PASSWORD              that simulations on other machines give (`redis_password`)
    REDIS_TLS_CERTIFICATE       PEM files; with them it speaks TLS and nothing else
    REDIS_TLS_KEY

These are the variables that say so.
"""

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deepracer_core.errors import ConfigurationError
from deepracer_core.json_fields import read_number
from deepracer_core.model_store import Storage
from deepracer_core.redis_connection import address
from deepracer_core.redis_discovery import IP_KEY, REDIS_PORT, RedisEndpoint, own_address, publish
from deepracer_core.redis_server import RedisServer, RedisServerError
from deepracer_core.redis_settings import RemoteAccess

from deepracer_trainer.sagemaker.redis_password import PASSWORD_VARIABLE, take_password

_LOG = logging.getLogger(__name__)

ADDRESS_VARIABLE = "DEEPRACER_REDIS"


@dataclass(frozen=True, slots=True)
class RedisPlace:
    """A Redis server that answers.

    Attributes:
        url: its address as this machine reaches it.
        server: the one that was started here; None if it was there.
        host: of that server, as others reach it; None: as it is found.
    """

    url: str = field(repr=False)
    server: RedisServer | None = None
    host: str | None = None

    def publish(self, storage: Storage) -> None:
        """Tell simulations on other machines where a server of our own is.

        Args:
            storage: of the run.

        Raises:
            ConfigurationError: this machine has no address.
            StoreError: it cannot be written.
        """
        if self.server is not None:
            endpoint = RedisEndpoint(self.host or own_address(), self.server.port)
            publish(storage, endpoint)
            _LOG.info("%s/%s says that Redis is at %s", storage.url, IP_KEY, endpoint)

    def look(self) -> None:
        """See to it that a server of our own still runs.

        Raises:
            RedisServerError: it has ended by itself.
        """
        if self.server is not None and (code := self.server.exit_code) is not None:
            last = self.server.last_lines[-1:] or ["it said nothing"]
            raise RedisServerError(f"redis-server ended with exit code {code}: {last[0]}")


@contextmanager
def open_redis(
    environment: MutableMapping[str, str], folder: Path, *, for_others: bool
) -> Iterator[RedisPlace]:
    """Start a server, unless the environment has the address of one; stop it at the end.

    Args:
        environment: the variables of this process.
        folder: for the data of a server that is started.
        for_others: whether simulations on other machines are to reach it.

    Raises:
        ConfigurationError: others are to reach it and there is no password, or a variable or a file
            cannot be used.
        RedisServerError: the server did not start.
    """
    told = environment.get(ADDRESS_VARIABLE)
    if told:
        take_password(environment)
        _LOG.info("Redis is the one at %s", address(told))
        yield RedisPlace(told)
        return
    port = _port(environment) if for_others else None
    remote = remote_access(environment) if for_others else None
    with RedisServer(folder, port, remote=remote) as server:
        encrypted = remote is not None and remote.certificate is not None
        kind = (
            "TLS and a password" if encrypted else "a password" if remote else "this machine only"
        )
        _LOG.info("Redis was started: port %d, %s", server.port, kind)
        yield RedisPlace(server.url, server, environment.get("REDIS_HOST") or None)


def remote_access(environment: MutableMapping[str, str]) -> RemoteAccess:
    """How the variables let other machines in; their password becomes a variable, too.

    Raises:
        ConfigurationError: there is no password, or a file is missing.
    """
    if not take_password(environment):
        raise ConfigurationError(
            "simulations on other machines need a password for this container's Redis: set "
            "REDIS_PASSWORD or REDIS_PASSWORD_FILE here and there, or DEEPRACER_REDIS to the "
            "address of another Redis server"
        )
    return RemoteAccess(
        PASSWORD_VARIABLE,
        _file(environment, "REDIS_TLS_CERTIFICATE"),
        _file(environment, "REDIS_TLS_KEY"),
    )


def _port(environment: Mapping[str, str]) -> int:
    text = environment.get("REDIS_PORT") or str(REDIS_PORT)
    expected = "a port, an integer from 1 to 65535"
    port = int(read_number("environment", "REDIS_PORT", text, expected))
    if not 1 <= port <= 65535:
        raise ConfigurationError(f"environment: REDIS_PORT: expected {expected}, got {text}")
    return port


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    if not environment.get(name):
        return None
    path = Path(environment[name])
    if not path.is_file():
        raise ConfigurationError(f"environment: {name}: expected a file, got {path}")
    return path
