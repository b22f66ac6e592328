"""Reads what a job writes into Redis, in a thread: an absent Redis never stops the display."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType

import redis
from deepracer_core.episode import EpisodeRecord
from deepracer_core.redis_connection import RedisUnavailable, address, connect
from deepracer_core.run_status import RunStatus

from deepracer.job_progress import JobProgress

_PERIOD_S = 0.5
_CONNECT_DEADLINE_S = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _News:
    records: tuple[EpisodeRecord, ...] = ()
    trainer: Mapping[str, object] | None = None
    problem: str | None = None


class StatusFeed:
    """While entered, follows a run's episodes and its trainer.

    Args:
        url: address of the Redis server, which may come up later and go away at any time.
        run: name of the run.

    Attributes:
        problem: why nothing can be read at the moment, or None.
    """

    def __init__(self, url: str, run: str) -> None:
        self.problem: str | None = None
        self._url = url
        self._run = run
        self._news: SimpleQueue[_News] = SimpleQueue()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="status feed", daemon=True)

    def __enter__(self) -> "StatusFeed":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end.set()

    def update(self, progress: JobProgress) -> None:
        """Take what has been read since the last call into a job's sums; never waits."""
        while True:
            try:
                news = self._news.get_nowait()
            except Empty:
                return
            self.problem = news.problem
            for record in news.records:
                progress.add(record)
            if news.trainer is not None:
                progress.trainer = news.trainer

    def _follow(self) -> None:
        after = "0"
        status: RunStatus | None = None
        absent = False
        while not self._end.is_set():
            try:
                if status is None:
                    status = RunStatus(connect(self._url, _CONNECT_DEADLINE_S), self._run)
                entries = status.episodes(after)
                trainer = status.trainer()
            except (RedisUnavailable, redis.RedisError) as error:
                status = None
                if not absent:
                    log.warning("redis away: %s", error)
                absent = True
                self._news.put(_News(problem=f"Redis at {address(self._url)} does not answer"))
            else:
                if absent:
                    log.info("redis answers")
                absent = False
                after = entries[-1][0] if entries else after
                self._news.put(_News(tuple(record for _, record in entries), trainer))
            self._end.wait(_PERIOD_S)
