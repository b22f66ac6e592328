"""What takes encoded pictures away: an event loop on a thread of its own."""

import asyncio
import threading
from abc import ABC, abstractmethod

from deepracer.live_video.encoder import EncodedPicture, Encoder

_END_S = 3.0
"""Seconds for an outlet to say good-bye; shorter than a launch's patience."""


class Outlet(ABC):
    """Takes pictures on one thread and sends them on another, so that nobody waits for a network.

    `begin`, `add`, `end` and `close` are called by the thread that makes the pictures; `_run` is
    the other one's work, which ends when `_stop` is set.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name="live-video", daemon=True)

    @property
    @abstractmethod
    def wanted(self) -> bool:
        """Whether somebody watches; pictures need to be made only then."""

    @abstractmethod
    def begin(self, encoder: Encoder) -> None:
        """The pictures that follow come from this encoder; the first of them is a key."""

    @abstractmethod
    def add(self, picture: EncodedPicture) -> None:
        """Take a picture."""

    @abstractmethod
    def end(self) -> None:
        """No pictures follow until the next `begin`."""

    @abstractmethod
    async def _run(self) -> None:
        """Send, until `_stop` is set."""

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def close(self) -> None:
        """End the work."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_END_S)

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._run())
        finally:
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _pause(self, seconds: float) -> bool:
        """Wait, or until it is time to stop; whether it is."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True
