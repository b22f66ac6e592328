"""The simulation workers of a job: a launch each, which is started anew when it dies."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil

from deepracer.exit_codes import UNUSABLE
from deepracer.failure import cause, launch_failure
from deepracer.launch_log import first_end
from deepracer.launched import LaunchedProcess

DEATHS = 4
"""A worker that dies so often within `WINDOW_S` is not started again: the job ends."""

WINDOW_S = 600.0

FIRST_PAUSE_S = 1.0
"""Seconds from a death to the next start; doubled with each death within `WINDOW_S`."""

_OUTPUT_S = 1.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Worker:
    """One simulation; while it waits for its next start, `starts_at` says when that is."""

    index: int
    launched: LaunchedProcess
    cause: str = ""
    starts_at: float | None = None
    deaths: deque[float] = field(default_factory=deque)


class Workers:
    """Keeps the simulations of a job running; what they drove is in Redis whatever becomes of them.

    Args:
        count: how many there are.
        start: starts the one of an index.
        learning: the launch of the trainer, which goes on when a worker dies; None where that is
            older than all of the workers, and no launch.
        clock: seconds of a clock that only goes on.
    """

    def __init__(
        self,
        count: int,
        start: Callable[[int], LaunchedProcess],
        learning: LaunchedProcess | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start = start
        self._learning = learning
        self._clock = clock
        self._workers: list[_Worker] = []
        for index in range(count):
            self._workers.append(_Worker(index, start(index)))

    @property
    def launches(self) -> Sequence[LaunchedProcess]:
        """The newest launch of each worker."""
        return [worker.launched for worker in self._workers]

    @property
    def problem(self) -> str | None:
        """Which workers wait for their next start, and why; None when all run."""
        now = self._clock()
        waiting = [
            f"worker {worker.index}: {worker.cause}; it starts again"
            f" in {max(ceil(worker.starts_at - now), 0)} s"
            for worker in self._workers
            if worker.starts_at is not None
        ]
        return "\n".join(waiting) or None

    def look(self) -> None:
        """Take note of workers that died, and start those anew that have waited long enough.

        Raises:
            JobFailed: a worker dies over and over, or it cannot use what it was given.
        """
        for worker in self._workers:
            if worker.starts_at is None:
                if worker.launched.exit_code is not None:
                    self._take_note(worker)
            elif self._clock() >= worker.starts_at:
                worker.starts_at = None
                worker.launched = self._start(worker.index)
                log.info("worker=%d started again", worker.index)

    def _take_note(self, worker: _Worker) -> None:
        launched = worker.launched
        # A port, a socket or the car's clock must not be shared with what is left of it.
        others = [*self.launches] if self._learning is None else [*self.launches, self._learning]
        launched.wait_for_output(_OUTPUT_S)
        launched.clear_away(beside=[each for each in others if each is not launched])
        now = self._clock()
        worker.deaths.append(now)
        while worker.deaths[0] < now - WINDOW_S:
            worker.deaths.popleft()
        worker.cause = cause(launched)
        end = first_end(launched.log_path, start=launched.log_start)
        if UNUSABLE in (launched.exit_code, None if end is None else end.exit_code):
            raise launch_failure(f"worker {worker.index} ended", launched)
        deaths = len(worker.deaths)
        if deaths >= DEATHS:
            minutes = f"{WINDOW_S / 60:.0f} minutes"
            raise launch_failure(
                f"worker {worker.index} died {deaths} times within {minutes}, the last time",
                launched,
            )
        pause_s = FIRST_PAUSE_S * 2 ** (deaths - 1)
        worker.starts_at = now + pause_s
        log.warning(
            "worker=%d died cause=%r restart_in_s=%.0f log=%s",
            worker.index,
            worker.cause,
            pause_s,
            launched.log_path,
        )
