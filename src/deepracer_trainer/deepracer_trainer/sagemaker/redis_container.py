"""A container that is the Redis of a training, where that outlives its trainer: docs/deployment.md.

    python -m deepracer_trainer.sagemaker.redis_container FOLDER

It is told by the variables of `redis_place`, and has the settings of every Redis of this project.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from deepracer_core.errors import ConfigurationError
from deepracer_core.heartbeat import Heartbeat
from deepracer_core.redis_server import RedisServerError
from deepracer_core.telemetry.log import start_log

from deepracer_trainer.sagemaker.output import say
from deepracer_trainer.sagemaker.redis_place import ADDRESS_VARIABLE, RedisPlace, open_redis

_LOOK_S = 1.0
_WELL_S = 30.0

_LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the server until SIGTERM, which ends it with exit code 0.

    Args:
        arguments: the folder of its data.
    """
    given = sys.argv[1:] if arguments is None else arguments
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        start_log("redis", "%(asctime)s %(levelname)s %(message)s", say)
        if len(given) != 1:
            raise ConfigurationError(f"expected the folder of Redis's data, got {list(given)}")
        if os.environ.get(ADDRESS_VARIABLE):
            raise ConfigurationError(
                f"{ADDRESS_VARIABLE}: expected only where Redis is used, this is the server"
            )
        with open_redis(os.environ, Path(given[0]), for_others=True) as redis:
            _watch(redis, stop)
    except (ConfigurationError, RedisServerError) as error:
        _LOG.error("Redis cannot run: %s", error)
        sys.exit(1)
    _LOG.info("Redis was stopped")


def _watch(redis: RedisPlace, stop: threading.Event) -> None:
    heartbeat = Heartbeat.of(os.environ)
    while not stop.is_set():
        heartbeat.beat("serving", _WELL_S)
        redis.look()
        stop.wait(_LOOK_S)


if __name__ == "__main__":
    main()
