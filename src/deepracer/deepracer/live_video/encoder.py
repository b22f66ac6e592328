"""H.264 of live pictures, each encoded at once, with a time of the wall clock."""

from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

RATE = 12
"""Pictures in a second, at most."""

KEY_PERIOD_MS = 2000
"""Milliseconds from one picture that can be seen without those before it to the next."""

_MILLISECONDS = Fraction(1, 1000)

_OPTIONS = {
    "preset": "superfast",
    "tune": "zerolatency",
    "crf": "25",
    "maxrate": "2M",
    "bufsize": "4M",
    # Key pictures come when they are asked for.
    "x264-params": "keyint=infinite:scenecut=0",
    "forced-idr": "1",
}


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture in H.264.

    Attributes:
        data: its bytes, with start codes (ITU-T H.264, annex B).
        time_ms: when it is shown, milliseconds since the Unix epoch.
        is_key: whether it can be seen without those before it.
    """

    data: bytes
    time_ms: int
    is_key: bool


class NoFile:
    """A file that is kept in memory until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Append; called by the container that writes."""
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


class Encoder:
    """Encodes pictures one by one; the first one is a key.

    Args:
        width: of the pictures, pixels, even.
        height: as width.

    Attributes:
        stream: from which a container learns what it is going to hold.
        codec: what browsers call it (RFC 6381), as in avc1.64001e.
    """

    def __init__(self, width: int, height: int) -> None:
        # PyAV has encoders in containers only; nothing is ever put into this one.
        self._container = av.open(NoFile(), "w", format="matroska")
        stream = self._container.add_stream("libx264", rate=RATE, options=_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = _MILLISECONDS
        # One thread: the others are the simulation's.
        context.thread_count = 1
        context.colorspace = Colorspace.ITU601
        context.color_range = ColorRange.MPEG
        self._container.start_encoding()
        self.stream = stream
        # A start code, the parameter set's type, then profile, constraints and level.
        self.codec = f"avc1.{context.extradata[5:8].hex()}"
        self._began_ms: int | None = None
        self._last_ms = self._key_ms = 0

    def encode(self, picture: NDArray[np.uint8], time_ms: int) -> EncodedPicture:
        """Encode a picture.

        Args:
            picture: uint8[height, width, 3], RGB.
            time_ms: when it is shown, milliseconds since the Unix epoch; it is moved on where that
                is not after the last one.
        """
        if self._began_ms is None:
            self._began_ms, self._last_ms = time_ms, time_ms - 1
        time_ms = max(time_ms, self._last_ms + 1)
        self._last_ms = time_ms
        # By OpenCV: a fifth of the time that FFmpeg takes.
        yuv = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
        planar = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        planar.pts, planar.time_base = time_ms - self._began_ms, _MILLISECONDS
        if time_ms - self._key_ms >= KEY_PERIOD_MS:
            planar.pict_type = PictureType.I
            self._key_ms = time_ms
        (packet,) = self.stream.encode(planar)
        return EncodedPicture(bytes(packet), time_ms, bool(packet.is_keyframe))

    def close(self) -> None:
        """Let go of the encoder."""
        self._container.close()
