"""The page in a real browser: pictures within seconds, close to the newest, and after an end."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import web_driver
from deepracer.live_video.live_video import LiveVideo
from deepracer.live_video.page_outlet import PageOutlet
from deepracer.live_video.target import LOOPBACK, PageTarget
from shots import snapshot
from web_driver import Browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not web_driver.is_installed(), reason="no chromium and chromedriver on this system"
    ),
]

STATE = """
const video = document.getElementById("video");
const end = video.buffered.length ? video.buffered.end(video.buffered.length - 1) : 0;
return {
  time: video.currentTime, behind: end - video.currentTime, width: video.videoWidth,
  height: video.videoHeight, decoded: video.getVideoPlaybackQuality().totalVideoFrames,
  words: document.getElementById("state").textContent,
};
"""


class Simulation:
    """Drives and is shown, on a thread of its own, until it is closed."""

    def __init__(self, port: int, live_pictures, track) -> None:
        self._track = track
        self._video = LiveVideo(PageOutlet(PageTarget(LOOPBACK, port)), live_pictures)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drive)
        self._thread.start()

    def _drive(self) -> None:
        step = 0
        while not self._stop.wait(1 / 15):
            if self._video.is_watched():
                self._video.show(snapshot(self._track, step))
                step += 1

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._video.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with web_driver.chromium(tmp_path / "profile") as browser:
        yield browser


def wait_for(browser: Browser, condition, deadline_s: float = 30.0) -> dict:
    end = time.monotonic() + deadline_s
    while not condition(state := browser.run(STATE)):
        assert time.monotonic() < end, state
        time.sleep(0.05)
    return state


def test_the_page_plays_the_newest_pictures(browser, free_port, live_pictures, track, tmp_path):
    simulation = Simulation(free_port, live_pictures, track)
    try:
        browser.open(f"http://127.0.0.1:{free_port}/")
        opened = time.monotonic()
        first = wait_for(browser, lambda state: state["time"] > 0 and state["width"])
        assert time.monotonic() - opened < 5.0
        assert (first["width"], first["height"]) == (854, 480)
        later = wait_for(browser, lambda state: state["decoded"] > first["decoded"] + 45)
        assert later["time"] > first["time"] + 1.5
        assert later["words"] == ""
        assert later["behind"] < 1.5
        shot = tmp_path / "page.png"
        browser.screenshot(shot)
        seen = cv2.imread(str(shot))[..., ::-1].astype(int)
        # The chase camera's green in the middle, the car's own camera in blue to the right of it.
        for color, share in (((40, 120, 60), 0.15), ((10, 20, 200), 0.03)):
            near = np.abs(seen - color).max(axis=-1) < 25
            assert near.mean() > share
    finally:
        simulation.close()
    wait_for(browser, lambda state: "trying again" in state["words"])
    # The next simulation, an evaluation for one, is shown without anybody's doing.
    simulation = Simulation(free_port, live_pictures, track)
    try:
        wait_for(browser, lambda state: state["words"] == "" and state["time"] > 0)
    finally:
        simulation.close()


def test_nobody_costs_anything_once_the_page_is_left(browser, free_port, live_pictures, track):
    outlet = PageOutlet(PageTarget(LOOPBACK, free_port))
    video = LiveVideo(outlet, live_pictures)
    try:
        assert not video.is_watched()
        browser.open(f"http://127.0.0.1:{free_port}/")
        deadline = time.monotonic() + 20.0
        while not video.is_watched():
            assert time.monotonic() < deadline
        video.show(snapshot(track, 0))
        browser.open("about:blank")
        while video.is_watched():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        video.close()
