"""A film as a file: MP4, H.264."""

import contextlib
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from deepracer_core.errors import ConfigurationError
from numpy.typing import NDArray

_QUALITY = {"preset": "veryfast", "crf": "21"}
"""Of x264: nothing to see is lost, at some 10 ms for a picture."""


class FilmFile:
    """Writes pictures to a film; a context manager. The file is there when all of it is.

    It is written beside and renamed; on an exception, or without a picture, nothing is left.

    Args:
        path: the file.
        width: of the pictures, pixels, even.
        height: as width.
        rate: pictures in a second.
        title: what players call it.

    Raises:
        ConfigurationError: the file cannot be written.
    """

    def __init__(self, path: Path, *, width: int, height: int, rate: int, title: str) -> None:
        self._path = path
        self._beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        if path.is_dir():
            raise ConfigurationError(f"video {path} is a folder: name a file with --output")
        self._is_new_folder = not path.parent.exists()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The index comes first, so that a browser plays what it has only begun to load.
            self._container = av.open(
                str(self._beside), "w", format="mp4", options={"movflags": "+faststart"}
            )
        except OSError as error:
            raise ConfigurationError(
                f"video {path} cannot be written ({error.strerror}): choose another file with"
                " --output"
            ) from error
        self._container.metadata["title"] = title
        stream = self._container.add_stream("libx264", rate=rate, options=_QUALITY)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        # One thread: what is filmed beside a training leaves it the other cores.
        stream.codec_context.thread_count = 1
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_range = ColorRange.MPEG
        self._stream = stream
        self.pictures = 0
        self._rate = rate

    def __enter__(self) -> "FilmFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self.pictures:
                self._container.mux(self._stream.encode())
            self._container.close()
            if kind is None and self.pictures:
                self._beside.replace(self._path)
        finally:
            self._beside.unlink(missing_ok=True)
            if self._is_new_folder and not self._path.exists():
                with contextlib.suppress(OSError):
                    self._path.parent.rmdir()

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Append a picture, uint8[height, width, 3], RGB."""
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        planar = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
        planar.pts = self.pictures
        planar.time_base = Fraction(1, self._rate)
        self.pictures += 1
        self._container.mux(self._stream.encode(planar))
