"""Keeps a Kinesis video stream supplied, over connections that break, end or are refused."""

import asyncio
import logging
import random
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from deepracer.live_video.containers import matroska_cluster, matroska_head
from deepracer.live_video.encoder import EncodedPicture, Encoder
from deepracer.live_video.kinesis_faults import KinesisFault, ended_early
from deepracer.live_video.outlet import Outlet
from deepracer.live_video.put_media import Access, find_access, put_media
from deepracer.live_video.target import KinesisTarget

CONNECTION_S = 40 * 60.0
"""Seconds after which a connection is replaced; the service ends it after 45 minutes."""

KEPT = 15
"""Fragments that are kept until they are acknowledged: half a minute. Of more the oldest go."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Seconds from a fault to the next try; doubled with each, and up to half of it longer or shorter,
so that many senders do not try at once."""

BETWEEN_FRAGMENTS_S = 0.25
"""Seconds between two fragments, when several wait: the service takes five in a second."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Fragment:
    """A cluster of Matroska.

    Attributes:
        time_ms: of its first picture, since the Unix epoch.
        data: all of it.
    """

    time_ms: int
    data: bytes


class KinesisOutlet(Outlet):
    """Sends each fragment when it is complete, and again if it was not received.

    Args:
        target: the stream.
        connection_s: seconds after which a connection is replaced.
        first_pause_s: seconds from the first fault to the next try.
    """

    def __init__(
        self,
        target: KinesisTarget,
        connection_s: float = CONNECTION_S,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        super().__init__()
        self._target = target
        self._connection_s = connection_s
        self._first_pause_s = first_pause_s
        # Of the thread that makes the pictures.
        self._encoder: Encoder | None = None
        self._pictures: list[EncodedPicture] = []
        # Of the loop's.
        self._head = b""
        self._fragments: deque[_Fragment] = deque(maxlen=KEPT)
        self._changed = asyncio.Event()
        self._said: set[str] = set()
        self._failures = 0
        self._is_received = False

    @property
    def wanted(self) -> bool:
        """A stream always wants pictures: who watches it is not known."""
        return True

    def begin(self, encoder: Encoder) -> None:
        """See `Outlet`."""
        self._encoder = encoder
        self._pictures = []
        self._loop.call_soon_threadsafe(self._take_head, matroska_head(encoder.stream))

    def add(self, picture: EncodedPicture) -> None:
        """See `Outlet`."""
        assert self._encoder is not None
        if picture.is_key and self._pictures:
            data = matroska_cluster(self._encoder.stream, self._pictures)
            fragment = _Fragment(self._pictures[0].time_ms, data)
            self._loop.call_soon_threadsafe(self._take, fragment)
            self._pictures = []
        self._pictures.append(picture)

    def end(self) -> None:
        """See `Outlet`."""

    def _take_head(self, head: bytes) -> None:
        self._head = head

    def _take(self, fragment: _Fragment) -> None:
        self._fragments.append(fragment)
        self._changed.set()

    async def _run(self) -> None:
        while not self._stop.is_set():
            await self._connect_or_pause()

    async def _connect_or_pause(self) -> None:
        try:
            await self._connect()
        except KinesisFault as fault:
            if fault.refused_ms is not None:
                self._forget(fault.refused_ms)
            self._say(fault)
            if not fault.is_passing:
                await self._pause(self._pause_s())

    async def _connect(self) -> None:
        """Send over one connection until it is old or it is time to stop."""
        await self._first_fragment()
        if self._stop.is_set():
            return
        access = await self._find_access()
        if access is None:
            return
        began_s = self._fragments[0].time_ms / 1000 if self._fragments else time.time()
        end = time.monotonic() + self._connection_s
        sending = asyncio.ensure_future(
            put_media(access, self._pieces(end), began_s, self._received)
        )
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({stopping, sending}, return_when=asyncio.FIRST_COMPLETED)
        # What is on its way may still arrive.
        await asyncio.wait({sending}, timeout=1.0)
        for task in (sending, stopping):
            task.cancel()
        outcome, _ = await asyncio.gather(sending, stopping, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome
        if not self._stop.is_set() and time.monotonic() < end:
            raise ended_early()

    async def _first_fragment(self) -> None:
        while not self._fragments and not self._stop.is_set():
            await self._next_change()

    async def _find_access(self) -> Access | None:
        """See `find_access`; None when it is time to stop. boto3 waits for the network."""
        found: asyncio.Future[Access] = self._loop.create_future()

        def work() -> None:
            # Nobody wants to know any more once the loop is closed.
            with suppress(RuntimeError):
                try:
                    access = find_access(self._target.stream)
                except KinesisFault as fault:
                    self._loop.call_soon_threadsafe(found.set_exception, fault)
                else:
                    self._loop.call_soon_threadsafe(found.set_result, access)

        # One of the loop's own threads would hold up the end of this process.
        threading.Thread(target=work, name="live-video-access", daemon=True).start()
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({found, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        return found.result() if found.done() else None

    async def _pieces(self, end: float) -> AsyncIterator[bytes]:
        """The Matroska of one connection: what was not received yet, then all that follows."""
        yield self._head
        last_ms = -1
        while time.monotonic() < end and not self._stop.is_set():
            fresh = next((each for each in self._fragments if each.time_ms > last_ms), None)
            if fresh is None:
                await self._next_change()
                continue
            last_ms = fresh.time_ms
            yield fresh.data
            if await self._pause(BETWEEN_FRAGMENTS_S):
                return

    async def _next_change(self) -> None:
        """Wait for a fragment, a second at most."""
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), 1.0)
        except asyncio.TimeoutError:
            return

    def _forget(self, time_ms: int) -> None:
        """Keep the fragments up to this one no longer."""
        while self._fragments and self._fragments[0].time_ms <= time_ms:
            self._fragments.popleft()

    def _received(self, time_ms: int) -> None:
        self._forget(time_ms)
        self._failures = 0
        self._said.clear()
        if not self._is_received:
            self._is_received = True
            _log.info("live video: %s receives it", self._target)

    def _say(self, fault: KinesisFault) -> None:
        if fault.is_passing or fault.kind in self._said:
            return
        self._said.add(fault.kind)
        self._is_received = False
        _log.warning(
            "live video: %s: %s; the simulation goes on, and it is tried again",
            self._target,
            fault,
        )

    def _pause_s(self) -> float:
        pause_s = min(self._first_pause_s * 2**self._failures, LONGEST_PAUSE_S)
        self._failures = min(self._failures + 1, 16)
        return pause_s * random.uniform(0.5, 1.5)
