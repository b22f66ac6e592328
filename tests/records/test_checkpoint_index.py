"""The public index of the last and the best model, as the store writes it."""

import json
import time

import pytest
from deepracer_core.model_store import ModelStore, open_model_store


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> ModelStore:
    return ModelStore(request.getfixturevalue(request.param))


def index(store: ModelStore) -> dict:
    return json.loads(store._storage.read("model/deepracer_checkpoints.json").data)


def publish(store: ModelStore, version: int) -> None:
    store.publish(version, {"policy.tflite": b"%d" % version}, info(version))


def info(version: int) -> dict:
    return {"counters": {"steps": 1000 * version}}


def test_until_one_is_judged_the_best_is_the_last(store):
    for version in (1, 2):
        publish(store, version)
        last = index(store)["last_checkpoint"]
        assert last["name"] == f"{version}_Step-{version}000.ckpt"
        assert last["avg_comp_pct"] == -1.0
        assert abs(last["time_stamp"] - time.time()) < 60.0
        assert index(store)["best_checkpoint"] == last


def test_the_best_stays_when_others_follow(store):
    publish(store, 1)
    publish(store, 2)
    store.set_best(1, {"mean_completion": 87.5})
    publish(store, 3)
    assert index(store)["best_checkpoint"]["name"] == "1_Step-1000.ckpt"
    assert index(store)["best_checkpoint"]["avg_comp_pct"] == 87.5
    assert index(store)["last_checkpoint"]["name"] == "3_Step-3000.ckpt"


def test_a_last_model_that_is_the_best_is_judged_too(store):
    publish(store, 1)
    store.set_best(1, {"mean_completion": 42.0})
    assert index(store)["last_checkpoint"]["avg_comp_pct"] == 42.0
    assert index(store)["best_checkpoint"]["name"] == index(store)["last_checkpoint"]["name"]


def test_publishing_again_changes_nothing(store):
    publish(store, 1)
    before = index(store)
    publish(store, 1)
    store.recover()
    assert index(store) == before


def test_an_index_that_is_missing_or_damaged_is_written_anew(tmp_path):
    store = open_model_store(str(tmp_path))
    publish(store, 1)
    path = tmp_path / "model" / "deepracer_checkpoints.json"
    for damaged in (b"", b"[]", b'{"last_checkpoint": 3}'):
        path.write_bytes(damaged)
        store.recover()
        assert index(store)["last_checkpoint"]["name"] == "1_Step-1000.ckpt"
