"""A publisher that is killed outright, at any moment, leaves what readers can use."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.model_store import ModelNotFound, ModelStore, open_model_store
from publish_until_killed import content


def start_publisher(url: str, first: int, *more: str) -> subprocess.Popen[str]:
    program = Path(__file__).with_name("publish_until_killed.py")
    publisher = subprocess.Popen(
        [sys.executable, str(program), url, str(first), *more],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert publisher.stdout is not None
    assert publisher.stdout.readline() == "begun\n"
    return publisher


@pytest.fixture(params=["directory", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "directory":
        return str(tmp_path / "models")
    bucket = request.getfixturevalue("bucket")
    return f"s3://{bucket}/m?endpoint_url=http://127.0.0.1:{request.getfixturevalue('moto_port')}"


@pytest.mark.parametrize(
    ("key_end", "complete"),
    [("file0", False), ("file2", False), ("manifest.json", False), ("latest.json", True)],
)
def test_killed_before_each_step(url: str, key_end: str, complete: bool) -> None:
    store = open_model_store(url)
    store.publish(1, content(1), {"version": 1})
    publisher = start_publisher(url, 2, key_end)
    assert publisher.stdout is not None
    assert publisher.stdout.readline() == "standing still\n"
    publisher.kill()
    publisher.wait()

    assert store.latest() == 1
    assert store.load(1).files == content(1)
    assert store.versions() == ([1, 2] if complete else [1])
    if not complete:
        with pytest.raises(ModelNotFound):
            store.load(2)

    # The next one begins where the store says: with other content, for learning is not repeated.
    assert store.recover() == (2 if complete else 1)
    following = 3 if complete else 2
    store.publish(following, content(100), {"again": True})
    assert store.latest() == following
    for version in store.versions():
        store.load(version)
    assert store.load(following).files == content(100)


def test_killed_at_random(tmp_path: Path) -> None:
    store = open_model_store(str(tmp_path))
    rng = np.random.default_rng(7)
    next_version = 1
    for _ in range(6):
        publisher = start_publisher(str(tmp_path), next_version)
        time.sleep(rng.uniform(0.0, 0.15))
        publisher.kill()
        publisher.wait()
        latest = store.latest()
        if latest is not None:
            assert store.load(latest).files == content(latest)
        for version in store.versions():
            assert store.load(version).files == content(version)
        next_version = (store.recover() or 0) + 1
    store.publish(next_version, content(next_version), {})
    assert store.latest() == next_version
    left_over = [path.name for path in tmp_path.rglob("*.new")]
    assert len(left_over) <= 6


def test_a_publisher_waits_for_another_on_the_same_directory(tmp_path: Path) -> None:
    url = str(tmp_path)
    publisher = start_publisher(url, 1, "latest.json")
    assert publisher.stdout is not None
    assert publisher.stdout.readline() == "standing still\n"
    # A reader needs no lock.
    store: ModelStore = open_model_store(url)
    assert store.latest() is None
    assert store.versions() == [1]
    publisher.kill()
    publisher.wait()
    # The kernel has let go of the lock: this would hang otherwise.
    assert store.recover() == 1
