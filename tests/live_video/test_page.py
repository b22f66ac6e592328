"""The page over real HTTP: what comes plays, and no viewer is in another's way."""

import errno
import http.client
import io
import logging
import re
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator

import av
import pytest
from deepracer.live_video.audience import BACKLOG
from deepracer.live_video.live_video import LiveVideo
from deepracer.live_video.page_outlet import VIDEO_PATH, PageOutlet
from deepracer.live_video.target import LOOPBACK, PageTarget
from shots import Camera, picture, snapshot


@pytest.fixture
def outlet(free_port: int) -> Iterator[PageOutlet]:
    outlet = PageOutlet(PageTarget(LOOPBACK, free_port))
    outlet.start()
    yield outlet
    outlet.close()


class Viewer:
    """Reads a video on a thread of its own.

    Args:
        port: of the page.
        rate: bytes in a second that it takes; as many as come if None.
    """

    def __init__(self, port: int, rate: int | None = None) -> None:
        self._data = io.BytesIO()
        self._lock = threading.Lock()
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=20.0)
        self._connection.connect()
        self._socket = self._connection.sock
        if rate is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._rate = rate
        self.content_type = ""
        self.ended = threading.Event()
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            self._connection.request("GET", VIDEO_PATH)
            response = self._connection.getresponse()
            self.content_type = response.headers["Content-Type"]
            while data := response.read1(1 << 16 if self._rate is None else self._rate // 10):
                with self._lock:
                    self._data.write(data)
                if self._left.wait(0.0 if self._rate is None else 0.1):
                    break
        except (http.client.HTTPException, OSError):
            assert self._left.is_set()
        finally:
            self.ended.set()

    @property
    def data(self) -> bytes:
        with self._lock:
            return self._data.getvalue()

    def frames(self) -> list[av.VideoFrame]:
        """What can be seen of what came."""
        if not self.data:
            return []
        try:
            with av.open(io.BytesIO(self.data)) as container:
                return list(container.decode(video=0))
        except av.FFmpegError:
            return []

    def leave(self) -> None:
        self._left.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._connection.close()


def wait_for(condition, deadline_s: float = 20.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "the deadline passed before it happened"
        time.sleep(0.02)


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def test_viewers_see_the_same_pictures_from_when_they_come(outlet, free_port):
    wait_for(lambda: listening(free_port))
    assert not outlet.wanted
    first = Viewer(free_port)
    wait_for(lambda: outlet.wanted)
    camera = Camera(outlet)
    camera.shoot(40)
    wait_for(lambda: len(first.frames()) == 39)
    assert re.fullmatch(r'video/mp4; codecs="avc1\.6400[0-9a-f]{2}"', first.content_type)
    # The pictures since the last key are there at once.
    second = Viewer(free_port)
    wait_for(lambda: len(second.frames()) == 39 - 30)
    camera.shoot(10)
    wait_for(lambda: len(first.frames()) == 49 and len(second.frames()) == 19)
    ours, theirs = first.frames()[-1], second.frames()[-1]
    assert (ours.to_ndarray() == theirs.to_ndarray()).all()
    assert abs(ours.to_ndarray(format="rgb24")[..., 0].astype(int) - picture(48)[..., 0]).mean() < 8
    for viewer in (first, second):
        viewer.leave()
    wait_for(lambda: not outlet.wanted)


def test_a_viewer_that_is_slow_loses_pictures_and_holds_up_nobody(outlet, free_port):
    wait_for(lambda: listening(free_port))
    slow, quick = Viewer(free_port, rate=20_000), Viewer(free_port)
    wait_for(lambda: outlet.wanted)
    camera = Camera(outlet)
    count = 30 * 40
    took = []
    for _ in range(count):
        began = time.monotonic()
        camera.shoot()
        took.append(time.monotonic() - began)
    wait_for(lambda: len(quick.frames()) == count - 1, 60.0)
    assert max(took) < 0.5
    # What the slow one is given is bounded: kernel and server keep no more for it.
    assert not slow.ended.is_set()
    got = len(slow.data)
    assert got < 0.5 * len(quick.data)
    slow.leave()
    quick.leave()
    assert len(slow.frames()) < BACKLOG + count // 2


def test_a_viewer_that_comes_back_in_the_middle_of_a_gap_begins_with_a_key(outlet, free_port):
    from deepracer.live_video.audience import Programme, Viewer
    from deepracer.live_video.containers import Mp4Fragment

    programme = Programme(b"head", "avc1")
    viewer = Viewer(programme)
    viewer.offer(Mp4Fragment(b"before any key", False))
    assert not viewer._waiting
    viewer.offer(Mp4Fragment(b"key", True))
    for _ in range(BACKLOG):
        viewer.offer(Mp4Fragment(b"more", False))
    assert not viewer._waiting
    viewer.offer(Mp4Fragment(b"more", False))
    viewer.offer(Mp4Fragment(b"second key", True))
    assert [each.data for each in viewer._waiting] == [b"second key"]


def test_the_page_is_whole_and_is_not_stored(outlet, free_port):
    wait_for(lambda: listening(free_port))
    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/", timeout=10) as answer:
        text = answer.read().decode()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
    assert 'fetch("live.mp4"' in text
    assert "//" not in text.replace("// ", ""), "nothing is loaded from elsewhere"


def test_a_port_in_use_is_named_once_and_had_when_it_is_free(free_port, caplog):
    caplog.set_level(logging.INFO)
    with socket.socket() as other:
        other.bind((LOOPBACK, free_port))
        other.listen()
        outlet = PageOutlet(PageTarget(LOOPBACK, free_port))
        outlet.start()
        time.sleep(3.0)
        (line,) = [record.getMessage() for record in caplog.records]
        assert f"127.0.0.1 port {free_port} is in use by another program" in line
    wait_for(lambda: f"live video: http://127.0.0.1:{free_port}/" in caplog.text)
    outlet.close()
    assert not listening(free_port)


def test_an_address_that_is_not_ours_is_named(free_port, caplog):
    outlet = PageOutlet(PageTarget("192.0.2.1", free_port))
    outlet.start()
    wait_for(lambda: caplog.records)
    outlet.close()
    reason = errno.errorcode[errno.EADDRNOTAVAIL]
    assert reason == "EADDRNOTAVAIL"
    assert f"cannot listen on 192.0.2.1 port {free_port}" in caplog.records[0].getMessage()


def test_all_viewers_are_let_go_at_the_end(free_port):
    outlet = PageOutlet(PageTarget(LOOPBACK, free_port))
    outlet.start()
    wait_for(lambda: listening(free_port))
    viewer = Viewer(free_port)
    wait_for(lambda: outlet.wanted)
    Camera(outlet).shoot(20)
    wait_for(lambda: len(viewer.frames()) == 19)
    began = time.monotonic()
    outlet.close()
    assert viewer.ended.wait(5.0)
    assert time.monotonic() - began < 3.0


def test_a_picture_stands_while_the_simulation_does(outlet, free_port, live_pictures, track):
    outlet.close()
    outlet = PageOutlet(PageTarget(LOOPBACK, free_port))
    video = LiveVideo(outlet, live_pictures)
    wait_for(lambda: listening(free_port))
    viewer = Viewer(free_port)
    wait_for(video.is_watched)
    video.show(None)
    video.show(snapshot(track, 3))
    end = time.monotonic() + 3.2
    while time.monotonic() < end:
        video.show(None)
        time.sleep(0.05)
    wait_for(lambda: len(viewer.frames()) == 3)
    times = [frame.time for frame in viewer.frames()]
    assert times[2] - times[1] == pytest.approx(1.0, abs=0.2)
    viewer.leave()
    wait_for(lambda: not video.is_watched())
    video.close()
