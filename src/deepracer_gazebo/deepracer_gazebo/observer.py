"""A camera that photographs a frame while the client thinks about it."""

from collections.abc import Callable, Mapping

import numpy as np
from deepracer_core.simulation import Sight

from deepracer_gazebo import frames


class Observer:
    """Keeps track of which frames are photographed, and of the pictures that are on their way.

    Args:
        name: of the camera.
        cameras: width and height of the pictures of all cameras, in the car's order.
    """

    def __init__(self, name: str, cameras: Mapping[str, tuple[int, int]]) -> None:
        self.name = name
        self._place = list(cameras).index(name)
        self._size = cameras[name]
        self._looks = False
        # Frame and request of which a picture follows the reply.
        self._awaited: tuple[int, int] | None = None
        self._sight: Sight | None = None

    def look(self) -> None:
        """Have it photograph the next frame."""
        self._looks = True

    def seen(self) -> Sight | None:
        """What it photographed, once."""
        sight, self._sight = self._sight, None
        return sight

    @property
    def flag(self) -> int:
        """Of the next request: whether it takes a picture."""
        return (frames.LATER if self._looks else frames.OMIT) << self._place

    def replied(self, time_ns: int, sequence: int) -> None:
        """The reply to a request has come, with the frame of this time."""
        self._awaited = (time_ns, sequence) if self._looks else None
        self._looks = False

    def receive(self, fill: Callable[[memoryview], None]) -> None:
        """Receive the picture that comes before the next reply, if one does.

        Args:
            fill: receives so much.

        Raises:
            ValueError: something else comes; with what was expected and what came.
        """
        if self._awaited is None:
            return
        (time_ns, sequence), self._awaited = self._awaited, None
        head = bytearray(frames.AFTER_REPLY.size)
        fill(memoryview(head))
        magic, number, render_ns, size, _ = frames.AFTER_REPLY.unpack(head)
        width, height = self._size
        if (magic, number, size) != (frames.LATER_MAGIC, sequence, 3 * width * height):
            raise ValueError(
                f"expected the picture of {self.name} of request {sequence}, got"
                f" {magic:#x}/{number} with {size} bytes"
            )
        image = np.empty((height, width, 3), np.uint8)
        fill(image.reshape(-1).data)
        self._sight = Sight(time_ns, image, render_ns / 1e9)
