"""Connections to a Redis server that may come back at another address.

A trainer that is interrupted and started again is on another machine, and Redis with it. Before a
connection is made, the address is looked up where the trainer publishes it.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import redis

from deepracer_core.errors import ConfigurationError
from deepracer_core.model_store import Storage, StoreError
from deepracer_core.redis_discovery import REDIS_PORT, RedisEndpoint, find

_LOOK_EVERY_S = 2.0

_log = logging.getLogger(__name__)


class RedisFollower:
    """Knows where Redis is, as far as that was published; shared by the connections of a client.

    Args:
        storage: of the run.
        known: where Redis was last found.
        default_port: where no port is published.
        clock: seconds of a clock that only goes on.
    """

    def __init__(
        self,
        storage: Storage,
        known: RedisEndpoint,
        default_port: int = REDIS_PORT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self._known = known
        self._default_port = default_port
        self._clock = clock
        self._looked_at: float | None = None
        self._is_blind = False
        # Guards everything above: connections are made by several threads.
        self._lock = threading.Lock()

    def now(self) -> RedisEndpoint:
        """Where to connect to now: the place published last, or the last one known."""
        with self._lock:
            now = self._clock()
            if self._looked_at is None or now - self._looked_at >= _LOOK_EVERY_S:
                self._look()
                self._looked_at = self._clock()
            return self._known

    def _look(self) -> None:
        try:
            found = find(self._storage, self._default_port)
        except (StoreError, ConfigurationError) as error:
            if not self._is_blind:
                _log.warning("where Redis is cannot be looked up (%s): %s", error, self._known)
            self._is_blind = True
            return
        self._is_blind = False
        if found is not None and found != self._known:
            _log.warning("Redis has moved from %s to %s", self._known, found)
            self._known = found


class _Following(redis.Connection):
    """A connection that asks where to before it is made."""

    def __init__(self, *, follower: RedisFollower, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._follower = follower

    def _connect(self) -> Any:
        endpoint = self._follower.now()
        self.host, self.port = endpoint.host, endpoint.port
        return super()._connect()  # type: ignore[no-untyped-call]


class _FollowingTls(_Following, redis.SSLConnection):
    """The same with TLS."""


def follow(pool: redis.ConnectionPool, follower: RedisFollower) -> None:
    """Let a pool that has made no connection yet make ones that follow."""
    uses_tls = issubclass(pool.connection_class, redis.SSLConnection)
    pool.connection_class = _FollowingTls if uses_tls else _Following
    pool.connection_kwargs["follower"] = follower
