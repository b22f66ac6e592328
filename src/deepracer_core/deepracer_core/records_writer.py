"""What a rollout drove on its way to the run's records, so that the simulation never waits."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from tenacity import Retrying, retry_if_exception, wait_random_exponential
from tenacity.nap import sleep_using_event
from tenacity.stop import stop_when_event_set

from deepracer_core.model_store import StoreError
from deepracer_core.records import Records
from deepracer_core.telemetry.log import TraceLog
from deepracer_core.trace import TRACE_LOG, TracedEpisode

_LEAST_PAUSE_S = 5.0
_PAUSE_PER_WRITE = 20.0
"""A pause is so many times as long as the write before: the records grow, their cost does not."""

_log = logging.getLogger(__name__)


class RecordsWriter:
    """Writes episodes down on a thread of its own, several at once.

    While the store is away the episodes wait; when too many do, the oldest are dropped, as if they
    had not been driven.

    Args:
        records: where they are written down.
        trace_log: also gets a line for each step; None: nothing does.
        max_steps: so many steps wait at most.
        least_pause_s: seconds from one write to the next, at least.
    """

    def __init__(
        self,
        records: Records,
        trace_log: TraceLog | None = None,
        max_steps: int = 200_000,
        least_pause_s: float = _LEAST_PAUSE_S,
    ) -> None:
        self.dropped = 0
        self._records = records
        self._trace_log = trace_log
        self._max_steps = max_steps
        self._least_pause_s = least_pause_s
        self._backlog: deque[TracedEpisode] = deque()
        self._steps = 0
        self._writing = 0
        # Guards everything above; told of each episode that comes, and of the end.
        self._changed = threading.Condition()
        self._closing = False
        self._given_up = threading.Event()
        self._away_since: float | None = None
        self._thread = threading.Thread(target=self._write_all, name="records writer", daemon=True)
        self._thread.start()

    def episode(self, episode: TracedEpisode) -> None:
        """Hand over an episode that ended; returns at once."""
        with self._changed:
            self._backlog.append(episode)
            self._steps += len(episode.steps)
            while self._steps > self._max_steps and len(self._backlog) > 1:
                self._steps -= len(self._backlog.popleft().steps)
                self.dropped += 1
                if self.dropped == 1:
                    _log.warning("too many episodes wait for the store: the oldest leave no trace")
            self._changed.notify_all()

    def close(self, deadline_s: float = 3.0) -> int:
        """Write what is left, for so long at most, and stop.

        Args:
            deadline_s: longest wait, seconds.

        Returns:
            How many episodes were not written down. Closing twice is allowed.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(deadline_s)
        self._given_up.set()
        with self._changed:
            return len(self._backlog) + self._writing

    def _write_all(self) -> None:
        if not self._do(self._records.resume):
            return
        while batch := self._take():
            for episode in batch:
                self._print(self._records.add(episode))
            began = time.monotonic()
            if not self._do(self._records.write):
                return
            took_s = time.monotonic() - began
            with self._changed:
                self._writing = 0
                pause_s = max(self._least_pause_s, _PAUSE_PER_WRITE * took_s)
                self._changed.wait_for(lambda: self._closing, timeout=pause_s)

    def _take(self) -> list[TracedEpisode]:
        """What waits, as soon as there is something; nothing when closed and all is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._backlog or self._closing)
            batch = list(self._backlog)
            self._backlog.clear()
            self._steps = 0
            self._writing = len(batch)
            return batch

    def _print(self, rows: list[str]) -> None:
        if self._trace_log is None:
            return
        try:
            self._trace_log.write("".join(f"{TRACE_LOG}{row}\n" for row in rows))
            self._trace_log.flush()
        except OSError as error:
            _log.warning("the trace is no longer printed: %s", error)
            self._trace_log = None

    def _do(self, request: Callable[[], None]) -> bool:
        """Do it as soon as the store is there; whether it was done before the end."""
        attempts = Retrying(
            stop=stop_when_event_set(self._given_up),
            wait=wait_random_exponential(multiplier=0.1, max=5.0),
            sleep=sleep_using_event(self._given_up),
            retry=retry_if_exception(self._is_outage),
            reraise=True,
        )
        try:
            attempts(request)
        except StoreError:
            return False
        if self._away_since is not None:
            _log.warning(
                "the run's records are written again after %.1f s",
                time.monotonic() - self._away_since,
            )
            self._away_since = None
        return True

    def _is_outage(self, error: BaseException) -> bool:
        if not isinstance(error, StoreError):
            return False
        if self._away_since is None:
            self._away_since = time.monotonic()
            _log.warning("the run's records cannot be written, they wait: %s", error)
        return True
