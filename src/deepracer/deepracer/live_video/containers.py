"""Encoded pictures in containers, piece by piece: fragments of MP4, clusters of Matroska."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from deepracer.live_video.encoder import EncodedPicture, NoFile

_MILLISECONDS = Fraction(1, 1000)

_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
"""Matroska's elements (RFC 9559, section 5.1) that are sent."""

_EBML = 0x1A45DFA3
_SEGMENT_OF_ANY_LENGTH = _SEGMENT.to_bytes(4, "big") + b"\x01" + b"\xff" * 7


@dataclass(frozen=True, slots=True)
class Mp4Fragment:
    """A piece of MP4 with one picture.

    Attributes:
        data: a `moof` and its `mdat`.
        is_key: whether a player can begin with it.
    """

    data: bytes
    is_key: bool


class Mp4Fragments:
    """Fragmented MP4 (ISO/IEC 14496-12), as Media Source Extensions take it.

    Args:
        stream: of the encoder.

    Attributes:
        head: what comes before all fragments: `ftyp` and `moov`.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._file = NoFile()
        options = {"movflags": "empty_moov+default_base_moof+frag_every_frame"}
        self._container = av.open(self._file, "w", format="mp4", options=options)
        self._stream = self._container.add_stream_from_template(stream)
        self._container.start_encoding()
        self.head = self._file.take()
        self._began_ms: int | None = None
        self._waiting: EncodedPicture | None = None

    def add(self, picture: EncodedPicture) -> Mp4Fragment | None:
        """Append a picture; the fragment is that of the one before, whose duration is known now."""
        if self._began_ms is None:
            self._began_ms = picture.time_ms
        _mux(self._container, self._stream, picture, picture.time_ms - self._began_ms)
        before, self._waiting = self._waiting, picture
        return None if before is None else Mp4Fragment(self._file.take(), before.is_key)

    def close(self) -> None:
        """Let go of the container."""
        self._container.close()


def matroska_head(stream: VideoStream) -> bytes:
    """What comes before all clusters: the head of the file, a segment's, its info and its track."""
    file, container, _ = _matroska(stream)
    container.start_encoding()
    head = file.take()
    container.close()
    inside = dict(_elements(head))
    return inside[_EBML] + _SEGMENT_OF_ANY_LENGTH + inside[_INFO] + inside[_TRACKS]


def matroska_cluster(stream: VideoStream, pictures: Sequence[EncodedPicture]) -> bytes:
    """A cluster with pictures, of which the first is a key; its times count from the Unix epoch."""
    file, container, track = _matroska(stream)
    container.start_encoding()
    for picture in pictures:
        _mux(container, track, picture, picture.time_ms)
    container.close()
    return dict(_elements(file.take()))[_CLUSTER]


def _matroska(stream: VideoStream) -> tuple[NoFile, OutputContainer, VideoStream]:
    file = NoFile()
    # However long and large it is, it is one cluster.
    limits = {"cluster_time_limit": "30000", "cluster_size_limit": str(50 << 20)}
    container = av.open(file, "w", format="matroska", options={**limits, "write_crc32": "0"})
    return file, container, container.add_stream_from_template(stream)


def _mux(
    container: OutputContainer, stream: VideoStream, picture: EncodedPicture, time_ms: int
) -> None:
    # A container changes the packet that it is given: each gets its own.
    packet = av.Packet(picture.data)
    packet.stream = stream
    packet.time_base = _MILLISECONDS
    packet.pts = packet.dts = time_ms
    packet.is_keyframe = picture.is_key
    container.mux(packet)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a Matroska file, those in its segment too, with their heads (RFC 8794)."""
    at = 0
    while at < len(data):
        number, id_end = _number(data, at)
        size, begin = _number(data, id_end)
        if number == _SEGMENT:
            at = begin
            continue
        # A size's first bit that is set says how long it is, and is not part of it.
        size -= 1 << 7 * (begin - id_end)
        yield number, data[at : begin + size]
        at = begin + size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, with the bit that marks its length, and where it ends."""
    end = at + 9 - data[at].bit_length()
    return int.from_bytes(data[at:end], "big"), end
