"""A track, its pictures, and a port to show them on."""

import socket
import sys
from pathlib import Path

import pytest
from deepracer.live_video.live_pictures import LivePictures, subtitles
from deepracer_core.track import Track
from deepracer_core.track_library import load_track

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def track() -> Track:
    return load_track("pond_oval")


@pytest.fixture
def live_pictures(track: Track) -> LivePictures:
    return LivePictures(track, (0.0, 4.0), subtitles("training"))


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
