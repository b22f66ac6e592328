"""Live video without its sources: from frames of the simulation to whoever watches."""

import time

import numpy as np
from numpy.typing import NDArray

from deepracer.live_video.encoder import Encoder
from deepracer.live_video.kinesis_outlet import KinesisOutlet
from deepracer.live_video.live_pictures import HEIGHT, WIDTH, LivePictures
from deepracer.live_video.outlet import Outlet
from deepracer.live_video.page_outlet import PageOutlet
from deepracer.live_video.snapshot import Snapshot
from deepracer.live_video.target import KinesisTarget, Target

STILL_S = 1.0
"""Seconds without a new frame after which the last picture is sent once more: who watches knows
that it goes on, and a connection does not count as dead."""


class LiveVideo:
    """Shows frames while somebody watches; costs next to nothing while nobody does.

    Args:
        outlet: takes the pictures away; it is closed with this.
        pictures: makes them.
    """

    def __init__(self, outlet: Outlet, pictures: LivePictures) -> None:
        self._outlet = outlet
        self._pictures = pictures
        self._encoder: Encoder | None = None
        self._last: NDArray[np.uint8] | None = None
        self._last_s = 0.0
        outlet.start()

    def is_watched(self) -> bool:
        """Whether there are frames to be shown; to be asked before each of them."""
        if self._outlet.wanted:
            if self._encoder is None:
                self._encoder = Encoder(WIDTH, HEIGHT)
                self._outlet.begin(self._encoder)
            return True
        if self._encoder is not None:
            self._outlet.end()
            self._encoder.close()
            self._encoder = self._last = None
        return False

    def show(self, snapshot: Snapshot | None) -> None:
        """Show a frame, or that there is no new one."""
        if snapshot is not None:
            self._last = self._pictures.compose(snapshot)
        elif self._last is None or time.monotonic() - self._last_s < STILL_S:
            return
        assert self._encoder is not None
        self._last_s = time.monotonic()
        self._outlet.add(self._encoder.encode(self._last, round(time.time() * 1000)))

    def close(self) -> None:
        """Let all go who watch."""
        self._outlet.close()


def create_outlet(target: Target) -> Outlet:
    """What sends pictures to a target."""
    return KinesisOutlet(target) if isinstance(target, KinesisTarget) else PageOutlet(target)
