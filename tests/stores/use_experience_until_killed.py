"""Run as a program: write or read experience, then stand still until it is killed.

use_experience_until_killed.py REDIS STORE RUN upload     write a batch's object, do not announce it
use_experience_until_killed.py REDIS STORE RUN claim      claim all there is, do not acknowledge it
"""

import signal
import sys
from typing import NoReturn

from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.experience_objects import ExperienceObjects
from deepracer_core.model_store import open_storage
from deepracer_core.redis_connection import connect


def stand_still(said: object) -> NoReturn:
    print(said, flush=True)
    while True:
        signal.pause()


class StandStillAfterWriting:
    """Storage that does nothing more once an object is written."""

    def __init__(self, address: str) -> None:
        self._inner = open_storage(address)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def write(self, key: str, data: bytes) -> None:
        self._inner.write(key, data)
        stand_still(key)


if __name__ == "__main__":
    redis, store, run, what = sys.argv[1:]
    if what == "upload":
        objects = ExperienceObjects(StandStillAfterWriting(store), run)  # type: ignore[arg-type]
        ExperienceBuffer(connect(redis), run, objects=objects).append_batch([b"unheard of"] * 3)
    buffer = ExperienceBuffer(connect(redis), run, objects=ExperienceObjects.open(store, run))
    stand_still([identifier for identifier, _ in buffer.claim(99, 10.0)])
