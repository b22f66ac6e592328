"""The trainer of a run: its Redis is found, and then it is watched until it has ended."""

import logging
import time
from collections.abc import Callable
from typing import Any

import redis
from deepracer_core.model_store import open_storage
from deepracer_core.redis_connection import (
    RedisUnavailable,
    address,
    connect,
    is_outage,
    located,
)
from deepracer_core.redis_discovery import IP_KEY, REDIS_PORT, RedisEndpoint, find
from deepracer_core.run_status import RunStatus

from deepracer.failure import JobFailed
from deepracer.robomaker.job import RedisAccess
from deepracer.robomaker.places import RunPlace
from deepracer.robomaker.waiting import PATIENCE_S, Waiting

_ENDED = "ended"
_GONE = {_ENDED: "the last one has ended", "interrupted": "the last one was interrupted"}
"""What the trainer says last of its state, and what that means to one that looks for it."""

_ANSWER_S = 2.0
_LOOK_S = 2.0

log = logging.getLogger(__name__)


def find_redis(place: RunPlace, access: RedisAccess, waiting: Waiting) -> str:
    """Wait until ip.json names a Redis that answers.

    Args:
        place: of the run.
        access: how to speak to it.
        waiting: how long.

    Returns:
        The address, by which connections follow Redis to wherever it moves.

    Raises:
        ConfigurationError: it refuses the password, or its certificate is not trusted.
        JobFailed: there was none in time.
    """
    storage = open_storage(place.address)
    file, default_port = f"{storage.url}/{IP_KEY}", access.port or REDIS_PORT

    def look() -> RedisEndpoint | str:
        endpoint = find(storage, default_port)
        if endpoint is None:
            return f"there is no {file}"
        return _why_not(located(endpoint, **speaking)) or endpoint

    speaking: dict[str, Any] = {
        "password_variable": access.password_variable,
        "tls": access.tls,
        "authority": access.authority,
    }
    advice = (
        "see whether the trainer runs and writes to this bucket, and whether the port of its"
        " Redis can be reached from here"
    )
    endpoint = waiting.wait_for("the trainer's Redis", advice, look)
    log.info("Redis answers at %s, as %s says", endpoint, file)
    return located(endpoint, found_in=place.address, default_port=default_port, **speaking)


def wait_for_redis(url: str, waiting: Waiting) -> str:
    """Wait until the Redis at a given address answers; the address.

    Raises:
        ConfigurationError: it refuses the password, or its certificate is not trusted.
        JobFailed: it did not answer in time.
    """
    advice = "start the server, or correct DEEPRACER_REDIS"
    waiting.wait_for("Redis", advice, lambda: _why_not(url) or True)
    log.info("Redis answers at %s, as DEEPRACER_REDIS says", address(url))
    return url


def wait_for_trainer(url: str, run: str, waiting: Waiting) -> None:
    """Wait until a trainer of the run is at work: what is driven before may be for nobody.

    Raises:
        JobFailed: there was none in time.
    """
    status = RunStatus(connect(url), run)

    def look() -> dict[str, Any] | str:
        try:
            told = status.trainer()
        except redis.RedisError as error:
            if not is_outage(error):
                raise
            return f"Redis is away ({error})"
        if told is None:
            return f"no trainer of the run {run!r} has written to Redis"
        return _GONE.get(told.get("state", ""), told)

    told = waiting.wait_for("the trainer", "see whether it runs, and for the same prefix", look)
    log.info("the trainer is there: %s, version %s", told.get("state"), told.get("version"))


class TrainerWatch:
    """Sees that the trainer has ended, or has been away for too long.

    Args:
        url: of Redis.
        run: whose trainer it is.
        clock: seconds of a clock that only goes on.
    """

    def __init__(self, url: str, run: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._status = RunStatus(connect(url), run)
        self._clock = clock
        self._looked_at = clock()
        self._seen_at = clock()

    def has_ended(self) -> bool:
        """Whether the trainer has said so; looks every two seconds at most.

        Raises:
            JobFailed: Redis has been away for too long.
        """
        now = self._clock()
        if now - self._looked_at < _LOOK_S:
            return False
        self._looked_at = now
        try:
            told = self._status.trainer()
        except redis.RedisError as error:
            if not is_outage(error):
                raise
            away_s = now - self._seen_at
            if away_s >= PATIENCE_S:
                raise JobFailed(
                    f"the trainer's Redis has been away for {away_s:.0f} s ({error}): nobody"
                    " learns from what is driven; start the simulation again when it is back"
                ) from error
            return False
        self._seen_at = self._clock()
        return told is not None and told.get("state") == _ENDED


def _why_not(url: str) -> str:
    """Why no server answers there; empty when one does."""
    try:
        connect(url, _ANSWER_S).close()
    except RedisUnavailable as error:
        return str(error)
    return ""
