"""Reads what a job writes into Redis, in a thread: an absent Redis never stops the display."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any

import redis
from deepracer_core.episode import EpisodeRecord
from deepracer_core.redis_connection import RedisUnavailable, address, connect
from deepracer_core.run_status import RunStatus

from deepracer.job_progress import JobProgress

_PERIOD_S = 0.5
_CONNECT_DEADLINE_S = 1.0
_LAST_LOOK_S = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _News:
    records: tuple[EpisodeRecord, ...] = ()
    trainer: Mapping[str, Any] | None = None
    problem: str | None = None
    came_at: float = 0.0


class StatusFeed:
    """While entered, follows a run's episodes and its trainer.

    Args:
        url: address of the Redis server, which may come up later and go away at any time.
        run: name of the run.

    Attributes:
        answers: whether Redis has ever answered.
        problem: why nothing can be read at the moment, or None.
        ends_at: when the job's time is over, seconds of the monotonic clock; None before the
            trainer's clock runs.
    """

    def __init__(self, url: str, run: str) -> None:
        self.answers = False
        self.problem: str | None = None
        self.ends_at: float | None = None
        self._url = url
        self._run = run
        self._news: SimpleQueue[_News] = SimpleQueue()
        self._end = threading.Event()
        self._looks_once_more = False
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
            self.answers = self.answers or news.problem is None
            for record in news.records:
                progress.add(record)
            if news.trainer is not None:
                progress.trainer = news.trainer
                self.ends_at = news.came_at + float(news.trainer.get("seconds_left", 0.0))

    def finish(self, progress: JobProgress) -> None:
        """End with one more look, at what came while the job was stopped; waits for it a little.

        For a Redis that is still there then; one of the job's own has ended with the rest.
        """
        self._looks_once_more = True
        self._end.set()
        self._thread.join(_LAST_LOOK_S)
        self.update(progress)

    def _follow(self) -> None:
        after = "0"
        told: dict[str, Any] | None = None
        is_first = True
        status: RunStatus | None = None
        absent = False
        while True:
            is_over = self._end.is_set()
            if is_over and not self._looks_once_more:
                return
            try:
                if status is None:
                    status = RunStatus(connect(self._url, _CONNECT_DEADLINE_S), self._run)
                entries = status.episodes(after)
                trainer = status.trainer()
                # What is there at first may be the last word of the run's job before this one.
                news = None if is_first or trainer == told else trainer
                told, is_first = trainer, False
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
                records = tuple(record for _, record in entries)
                self._news.put(_News(records, news, came_at=time.monotonic()))
            if is_over:
                return
            self._end.wait(_PERIOD_S)
