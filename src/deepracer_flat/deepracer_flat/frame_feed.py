"""What a flat worker tells live video of a frame: numbers, of which the pictures are made there.

A datagram on a Unix socket, fifteen in a second of wall clock at most. It is sent if somebody takes
it at once, and lost otherwise: the worker never waits.
"""

import json
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from deepracer_core.episode import CarState, EpisodeStatus
from deepracer_core.judgement import Judgement
from deepracer_core.simulation import ObjectPose

PERIOD_S = 1.0 / 15.0
"""Seconds of wall clock between two frames that are told of, at least."""

_LONGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class FedFrame:
    """A frame.

    Attributes:
        state: of the car.
        judgement: of the frame.
        version: of the model that drives, 0 at random.
        objects: what else is on the road.
    """

    state: CarState
    judgement: Judgement
    version: int
    objects: tuple[ObjectPose, ...]


class FrameFeed:
    """Tells of frames.

    Args:
        path: of the socket.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._due = 0.0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def is_due(self) -> bool:
        """Whether it is time for the next frame."""
        return time.monotonic() >= self._due

    def tell(self, frame: FedFrame) -> None:
        """Tell of a frame, if somebody listens."""
        self._due = time.monotonic() + PERIOD_S
        try:
            self._socket.sendto(encode(frame), self._path)
        except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
            return  # nobody is there, or nobody has looked for a while

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


class FrameReceiver:
    """Receives what a feed tells.

    Args:
        path: of the socket; it is made here.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        if os.path.exists(path):
            os.unlink(path)
        self._socket.bind(path)

    def newest(self) -> FedFrame | None:
        """The newest frame that was told of since the last call."""
        newest = None
        while data := self._receive():
            newest = data
        return None if newest is None else decode(newest)

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(_LONGEST)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Take the socket away."""
        self._socket.close()
        if os.path.exists(self._path):
            os.unlink(self._path)


def encode(frame: FedFrame) -> bytes:
    """A frame as JSON."""
    return json.dumps(asdict(frame)).encode()


def decode(data: bytes) -> FedFrame:
    """What `encode` made of a frame."""
    said: dict[str, Any] = json.loads(data)
    judgement = {**said["judgement"], "status": EpisodeStatus(said["judgement"]["status"])}
    objects: Sequence[dict[str, Any]] = said["objects"]
    return FedFrame(
        state=CarState(**{**said["state"], "contacts": tuple(said["state"]["contacts"])}),
        judgement=Judgement(**judgement),
        version=said["version"],
        objects=tuple(ObjectPose(**each) for each in objects),
    )
