"""The checkpoint folder: what it gives the next container, and what it must not."""

import json
import logging
from pathlib import Path

import pytest
from deepracer_core.model_store import ModelStore, open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_trainer.checkpoint_folder import CheckpointFolder
from deepracer_trainer.sagemaker.checkpoints import Checkpoints

FILES = {"weights.safetensors": b"weights", "policy.tflite": b"policy"}


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints", "first-job")


@pytest.fixture
def copies(checkpoints: Checkpoints) -> ModelStore:
    """The store in the folder, with three versions."""
    store = open_model_store(str(checkpoints.store))
    for version in (3, 4, 5):
        store.publish(version, {**FILES, "n": b"%d" % version}, {"counters": {"steps": version}})
    return store


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """The job's store."""
    return open_model_store(str(tmp_path / "store"))


def test_versions_that_the_store_lacks_come_from_the_folder(checkpoints, copies, store):
    store.publish(3, {**FILES, "n": b"3"}, {"counters": {"steps": 3}})
    checkpoints.restore_versions(store)
    assert store.versions() == [3, 4, 5]
    assert store.latest() == 5
    assert store.load(5) == copies.load(5)
    checkpoints.restore_versions(store)
    assert store.versions() == [3, 4, 5]


def test_a_folder_without_versions(checkpoints, store):
    checkpoints.restore_versions(store)
    assert store.versions() == []


def test_a_copy_that_did_not_arrive_whole_is_left_out(checkpoints, copies, store, caplog):
    (checkpoints.store / "versions" / "00000005" / "policy.tflite").unlink()
    checkpoints.restore_versions(store)
    assert store.versions() == [3, 4]
    assert "a copy of version 5 is of no use" in caplog.text
    # It is in nobody's way: the next version of this number is copied, too.
    CheckpointFolder(copies, keep=2).add(5, FILES, {})
    assert copies.versions() == [5]


def test_the_newest_versions_are_kept_and_older_ones_go(copies):
    folder = CheckpointFolder(copies, keep=2)
    for version in (6, 7):
        folder.add(version, FILES, {"counters": {}})
    assert copies.versions() == [6, 7]


def test_a_folder_that_cannot_be_written_costs_the_copies_alone(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    folder = CheckpointFolder(open_model_store(str(tmp_path / "file")), keep=2)
    folder.add(1, FILES, {})
    folder.add(2, FILES, {})
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "no copy of version 1" in caplog.text


def test_what_redis_held_is_there_again_until_it_has_been_learnt_from(checkpoints, tmp_path):
    with RedisServer(tmp_path / "first") as server:
        connect(server.url).set("segment", b"experience")
    checkpoints.keep_redis_data(tmp_path / "first")
    checkpoints.keep_redis_data(tmp_path / "first")
    for folder in ("second", "third"):
        checkpoints.copy_redis_data(tmp_path / folder)
        with RedisServer(tmp_path / folder) as server:
            assert connect(server.url).get("segment") == b"experience"
    checkpoints.forget_redis_data()
    checkpoints.copy_redis_data(tmp_path / "fourth")
    assert not (tmp_path / "fourth").exists()


def test_the_time_is_that_of_the_job_of_the_same_name(checkpoints, tmp_path):
    assert checkpoints.trained_s() == 0.0
    checkpoints.note_trained_s(123.456)
    assert checkpoints.trained_s() == 123.5
    assert Checkpoints(tmp_path / "checkpoints", "second-job").trained_s() == 0.0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"job": "first-job"}', '{"trained_s": 1}'])
def test_a_time_that_cannot_be_read_begins_anew(checkpoints, tmp_path, caplog, text):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "job.json").write_text(text)
    assert checkpoints.trained_s() == 0.0
    assert "the job's time begins anew" in caplog.text


def test_what_is_written_down_is_plain(checkpoints, tmp_path):
    checkpoints.note_trained_s(1.0)
    said = json.loads((tmp_path / "checkpoints" / "job.json").read_text())
    assert said == {"job": "first-job", "trained_s": 1.0}
