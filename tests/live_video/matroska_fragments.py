"""Matroska, taken apart while it comes, and what a real demultiplexer makes of its clusters."""

import io
import time
from dataclasses import dataclass

import av

ALLOWED = {0x1A45DFA3: "EBML", 0x1549A966: "Info", 0x1654AE6B: "Tracks", 0x1F43B675: "Cluster"}
SEGMENT, CLUSTER = 0x18538067, 0x1F43B675


@dataclass
class Received:
    """A fragment that came whole."""

    connection: int
    time_ms: int
    pictures: int
    span_ms: int
    codec: str
    at_s: float


class Matroska:
    """Takes a stream of Matroska apart while it comes."""

    def __init__(self) -> None:
        self.head = b""
        self._data = b""
        self._clusters: list[bytes] = []

    def feed(self, data: bytes) -> None:
        self._data += data
        while True:
            try:
                number, begin, size = element(self._data)
            except IndexError:
                return
            if number == SEGMENT:
                if SEGMENT.to_bytes(4, "big") in self.head:
                    raise ValueError("a second segment")
                self.head += self._data[:begin]
                self._data = self._data[begin:]
                continue
            if number not in ALLOWED:
                raise ValueError(f"element {number:#x} is not allowed")
            if len(self._data) < begin + size:
                return
            whole, self._data = self._data[: begin + size], self._data[begin + size :]
            if number == CLUSTER:
                self._clusters.append(whole)
            elif self._clusters:
                raise ValueError(f"{ALLOWED[number]} after a cluster")
            else:
                self.head += whole

    @property
    def in_cluster(self) -> bool:
        return len(self._data) > 32 and element(self._data)[0] == CLUSTER

    @property
    def cluster_time_ms(self) -> int:
        return time_of(self._data)

    def clusters(self):
        taken, self._clusters = self._clusters, []
        return taken


def element(data: bytes) -> tuple[int, int, int]:
    """Number, beginning and size of the element that data begins with (RFC 8794)."""

    def number(at: int) -> tuple[int, int]:
        length = 9 - data[at].bit_length()
        if len(data) < at + length:
            raise IndexError
        return int.from_bytes(data[at : at + length], "big"), at + length

    kind, at = number(0)
    size, begin = number(at)
    return kind, begin, size & ((1 << 7 * (begin - at)) - 1)


def time_of(cluster: bytes) -> int:
    _, begin, _ = element(cluster)
    kind, at, size = element(cluster[begin:])
    assert kind == 0xE7, "a cluster begins with its time"
    return int.from_bytes(cluster[begin + at : begin + at + size], "big")


def examine(head: bytes, cluster: bytes, connection: int) -> Received:
    """What a real demultiplexer and decoder make of a fragment."""
    with av.open(io.BytesIO(head + cluster), format="matroska") as container:
        (stream,) = container.streams
        packets = [packet for packet in container.demux(stream) if packet.size]
        if not packets[0].is_keyframe:
            raise ValueError("a fragment begins with a picture that needs others")
        times = [round(packet.pts * packet.time_base * 1000) for packet in packets]
        if times != sorted(set(times)):
            raise ValueError(f"times do not rise: {times}")
        if stream.codec_context.extradata[0] != 1:
            raise ValueError("the codec's private data is not in AVCC format")
        codec = f"{stream.codec_context.name} {stream.width}x{stream.height}"
    with av.open(io.BytesIO(head + cluster), format="matroska") as container:
        decoded = sum(1 for _ in container.decode(video=0))
    if decoded != len(packets):
        raise ValueError(f"{len(packets)} pictures, of which {decoded} can be decoded")
    if abs(times[0] - time_of(cluster)) > 1:
        raise ValueError("the first picture is not at the cluster's time")
    span_ms = times[-1] - times[0]
    return Received(connection, time_of(cluster), decoded, span_ms, codec, time.time())
