"""Recorded runs on a track of the library, driven without a simulator."""

import sys
from pathlib import Path

import pytest
from deepracer.run_folder import RunFolder
from deepracer.settings import JobSettings
from deepracer.settings_sources import write_settings
from deepracer_core.model_store import open_storage
from deepracer_core.track import Track
from deepracer_core.track_library import load_track

TESTS = Path(__file__).parents[1]
for folder in (Path(__file__).parent, TESTS / "records", TESTS / "stores"):
    sys.path.insert(0, str(folder))

import driven  # noqa: E402 - found by the line above

_stores = driven.load("tests_of_stores", TESTS / "stores" / "conftest.py")
aws = _stores.aws
administrator = _stores.administrator
bucket = _stores.bucket
moto_port = _stores.moto_port

TRACK = "pond_oval"


@pytest.fixture(scope="session")
def track() -> Track:
    return load_track(TRACK)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, track: Track) -> RunFolder:
    """A run with six episodes of training and an evaluation of three trials."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "mine")
    folder.path.mkdir()
    write_settings(folder.settings_file, JobSettings(track=TRACK, runs_folder=folder.path.parent))
    storage = open_storage(str(folder.store))
    driven.train(storage, track, episodes=6)
    driven.evaluate(storage, track, trials=3)
    return folder
