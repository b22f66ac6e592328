"""The log of a process in CloudWatch Logs, in the groups that the original's services have.

Limits of a request: Amazon CloudWatch Logs API Reference, PutLogEvents.
"""

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from deepracer_core.telemetry import aws
from deepracer_core.telemetry.delivery import Bounds, Delivery
from deepracer_core.telemetry.identity import current_identity

TRAINER_GROUP = "/aws/sagemaker/TrainingJobs"
WORKER_GROUP = "/aws/robomaker/SimulationJobs"

_TRAINERS = ("trainer", "sagemaker_train")

_OVERHEAD = 26
"""Bytes that the service counts for each event, besides its text."""
_LONGEST_EVENT = 256 * 1024 - _OVERHEAD
_DAY_MS = 24 * 3600 * 1000
_LEFT_OUT = ("boto3", "botocore", "urllib3", "s3transfer")
"""Loggers whose events would come from sending events."""

BOUNDS = Bounds(
    waiting_items=50_000,
    waiting_bytes=16 * 2**20,
    batch_items=10_000,
    batch_bytes=1_000_000,
    period_s=5.0,
    close_s=2.0,
)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log.

    Attributes:
        time_ms: unix time, milliseconds.
        text: what it says, in UTF-8.
    """

    time_ms: int
    text: bytes

    @property
    def size(self) -> int:
        """Bytes that the service counts."""
        return len(self.text) + _OVERHEAD


class CloudWatchLog(logging.Handler):
    """Sends what the process logs to CloudWatch; never waits for it.

    Group and stream are named when something is sent first, by what is known of the process then.

    Args:
        bounds: how much waits and goes at once.
    """

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        super().__init__()
        self._began = time.time()
        self._client: Any = None
        self._place: dict[str, str] = {}
        self._delivery: Delivery[Event] = Delivery(
            "the log of this process", "CloudWatch", self._send, lambda event: event.size, bounds
        )

    @property
    def delivery(self) -> Delivery[Event]:
        """What is on its way."""
        return self._delivery

    def createLock(self) -> None:  # noqa: N802 - logging calls it so
        """Have none: `Delivery` has its own, and its thread must not wait for this handler."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take an event; returns at once."""
        if not record.name.startswith(_LEFT_OUT):
            self._take(self.format(record), record.created)

    def lines(self, text: str) -> None:
        """Take lines of which each is an event of now; returns at once."""
        now = time.time()
        for line in text.splitlines():
            self._take(line, now)

    def close(self) -> None:
        """Send what is left, for a moment at most."""
        left = self._delivery.close() + self._delivery.dropped
        super().close()
        if left:
            _LOG.warning("CloudWatch did not get %d events of the log", left)

    def _take(self, text: str, created: float) -> None:
        if text:  # the service refuses empty events
            self._delivery.put(Event(int(1000 * created), text.encode()[:_LONGEST_EVENT]))

    def _send(self, events: Sequence[Event]) -> int:
        try:
            if self._client is None:
                self._client = aws.open_client("logs")
            if not self._place:
                place = log_place(self._began)
                self._make(place)
                self._place = place
            return sum(self._put(batch) for batch in _days(events))
        except aws.RAISED as error:
            if isinstance(error, self._client.exceptions.ResourceNotFoundException):
                self._place = {}  # somebody has deleted it: make it anew
            if not aws.is_unfit(error):
                raise aws.explain(error) from error
            _LOG.error("CloudWatch refuses %d events for good: %s", len(events), error)
            return len(events)

    def _put(self, events: Sequence[Event]) -> int:
        """Put events of less than a day; returns how many were refused as too old or too new."""
        answer = self._client.put_log_events(
            **self._place,
            logEvents=[
                {"timestamp": event.time_ms, "message": event.text.decode(errors="ignore")}
                for event in events
            ],
        )
        refused = answer.get("rejectedLogEventsInfo") or {}
        old: int = max(
            refused.get("tooOldLogEventEndIndex", 0), refused.get("expiredLogEventEndIndex", 0)
        )
        new: int = refused.get("tooNewLogEventStartIndex", len(events))
        return old + len(events) - new

    def _make(self, place: dict[str, str]) -> None:
        """Make the stream, and the group if there is none: to ask for less needs fewer rights."""
        missing = self._client.exceptions.ResourceNotFoundException
        exists = self._client.exceptions.ResourceAlreadyExistsException
        # Another process of the run may be faster.
        with contextlib.suppress(exists):
            try:
                self._client.create_log_stream(**place)
            except missing:
                with contextlib.suppress(exists):
                    self._client.create_log_group(logGroupName=place["logGroupName"])
                self._client.create_log_stream(**place)


def log_place(began: float) -> dict[str, str]:
    """Group and stream of this process, as the arguments of requests.

    All processes of a worker have one stream, RUN/worker-0/SimulationApplicationLogs; a trainer has
    one for each time that it is started, RUN/algo-1-TIME.

    Args:
        began: when the process was started, unix time in seconds.
    """
    who = current_identity()
    run = who.run or "default"
    if who.process in _TRAINERS:
        group, stream = TRAINER_GROUP, f"{run}/algo-1-{began:.0f}"
    else:
        job = "evaluation" if who.mode == "evaluation" else "worker"
        group, stream = WORKER_GROUP, f"{run}/{job}-{who.worker or 0}/SimulationApplicationLogs"
    return {"logGroupName": group, "logStreamName": stream.replace(":", "-").replace("*", "-")}


def _days(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Events in the order of their time, no more than those of a day at once."""
    ordered = sorted(events, key=lambda event: event.time_ms)
    for _, batch in groupby(
        ordered, key=lambda event: (event.time_ms - ordered[0].time_ms) // _DAY_MS
    ):
        yield list(batch)
