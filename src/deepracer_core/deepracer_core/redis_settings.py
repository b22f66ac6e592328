"""What a run's own Redis server is told: where it listens, whom it lets in, how it keeps its data.

What is appended is written to a log on the disk, flushed each second. Measured at 5 MB/s of
segments on two cores: 2 % of one core against 1 % without any persistence, and nothing is lost when
the server is killed; snapshots every few seconds cost as much and lose what came since.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from deepracer_core.errors import ConfigurationError
from deepracer_core.redis_connection import located
from deepracer_core.redis_discovery import RedisEndpoint

LOOPBACK = "127.0.0.1"

_LONGEST_SOCKET = 107
_SETTINGS = """\
{listen}
dir {folder}
daemonize no
tcp-backlog 64
databases 1
maxmemory {max_memory_bytes}
maxmemory-policy noeviction
save ""
appendonly yes
appendfsync everysec
no-appendfsync-on-rewrite yes
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 256mb
rdbcompression no
rename-command CONFIG ""
rename-command MODULE ""
rename-command REPLICAOF ""
rename-command SLAVEOF ""
rename-command DEBUG ""
"""


@dataclass(frozen=True, slots=True)
class RemoteAccess:
    """How other machines may reach a Redis server.

    Attributes:
        password_variable: the environment variable that holds the password which every client must
            give, those on this machine too.
        certificate: PEM file of the server's certificate, for TLS; without one nothing is
            encrypted.
        key: PEM file of the certificate's private key; without one it is in the same file.
    """

    password_variable: str
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class RedisSettings:
    """Where a server is and what it may use.

    Attributes:
        folder: of its data.
        port: that it listens on.
        max_memory_bytes: beyond it the server refuses to take more.
        remote: lets other machines in; without it only this one reaches the server.
    """

    folder: Path
    port: int
    max_memory_bytes: int
    remote: RemoteAccess | None = None

    @property
    def url(self) -> str:
        """Its address on this machine, for `deepracer_core.redis_connection.connect`."""
        endpoint = RedisEndpoint(LOOPBACK, self.port)
        if self.remote is None:
            return located(endpoint)
        variable = self.remote.password_variable
        if self.remote.certificate is None:
            return located(endpoint, password_variable=variable)
        # A certificate is made out to the names that others use; on a socket it is not asked for.
        return f"unix://{quote(str(self._socket))}?{urlencode({'password_variable': variable})}"

    def text(self) -> str:
        """Its configuration, to be written to the server's standard input.

        Raises:
            ConfigurationError: there is no password, or the folder's path is too long for a socket.
        """
        return _SETTINGS.format(
            listen="\n".join(self._listen()),
            folder=_quoted(self.folder),
            max_memory_bytes=self.max_memory_bytes,
        )

    @property
    def _socket(self) -> Path:
        return self.folder / "redis.sock"

    def _listen(self) -> list[str]:
        remote = self.remote
        if remote is None:
            return [f"bind {LOOPBACK}", f"port {self.port}"]
        password = os.environ.get(remote.password_variable)
        if not password:
            raise ConfigurationError(
                f"other machines are to reach the Redis server, and {remote.password_variable} is "
                "not set: set it to the password that they give"
            )
        lines = ["bind 0.0.0.0", f"requirepass {_quoted(password)}"]
        if remote.certificate is None:
            return [*lines, f"port {self.port}"]
        if len(os.fsencode(self._socket)) > _LONGEST_SOCKET:
            raise ConfigurationError(
                f"the Redis server's socket {self._socket} has a path of more than "
                f"{_LONGEST_SOCKET} bytes: choose a folder with a shorter one"
            )
        return [
            *lines,
            "port 0",
            f"tls-port {self.port}",
            f"tls-cert-file {_quoted(remote.certificate.absolute())}",
            f"tls-key-file {_quoted((remote.key or remote.certificate).absolute())}",
            "tls-auth-clients no",
            f"unixsocket {_quoted(self._socket)}",
            "unixsocketperm 700",
        ]


def _quoted(value: str | Path) -> str:
    """A word of Redis's configuration, whatever is in it."""
    bytes_ = os.fsencode(value) if isinstance(value, Path) else value.encode()
    return '"' + "".join(_escaped(byte) for byte in bytes_) + '"'


def _escaped(byte: int) -> str:
    if 32 <= byte < 127 and chr(byte) not in '"\\':
        return chr(byte)
    return f"\\x{byte:02x}"
