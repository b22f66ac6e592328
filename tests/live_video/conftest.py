"""A track, its pictures, and a port to show them on."""

import sys
from pathlib import Path

import pytest
from deepracer.live_video.live_pictures import LivePictures, subtitles
from deepracer_core.free_port import free_port
from deepracer_core.track import Track
from deepracer_core.track_library import load_track

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def track() -> Track:
    return load_track("pond_oval")


@pytest.fixture
def live_pictures(track: Track) -> LivePictures:
    return LivePictures(track, (0.0, 4.0), subtitles("training"))


@pytest.fixture(name="free_port")
def port_that_is_free() -> int:
    return free_port()
