"""Traces and metrics in places of their own, in a folder and in S3."""

import json
from pathlib import Path

import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_store import Storage, open_storage
from deepracer_core.record_places import RecordPlaces, open_file, open_record_places
from deepracer_core.records import EvaluationRecords, TrainingRecords
from driven import drive_traces, write_down


@pytest.fixture(params=["folder", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Beginning and end of the address of a bucket, or of a folder."""
    if request.param == "folder":
        return str(tmp_path), ""
    bucket, port = request.getfixturevalue("bucket"), request.getfixturevalue("moto_port")
    return f"s3://{bucket}", f"?endpoint_url=http://127.0.0.1:{port}"


@pytest.fixture
def places(root: tuple[str, str]) -> RecordPlaces:
    head, tail = root
    return open_record_places(
        f"{head}/traces/first{tail}", f"{head}/DeepRacer-Metrics/a.json{tail}"
    )


@pytest.fixture
def everything(root: tuple[str, str]) -> Storage:
    head, tail = root
    return open_storage(f"{head}{tail}")


def records(places: RecordPlaces, store: Storage, worker: int = 0, workers: int = 1):
    return TrainingRecords(
        store,
        worker=worker,
        workers=workers,
        episodes_per_iteration=2,
        is_discrete=True,
        places=places,
    )


def numbers(storage: Storage, key: str) -> list[int]:
    stored = storage.read(key)
    assert stored is not None
    return [entry["episode"] for entry in json.loads(stored.data)["metrics"]]


def test_a_training_is_written_to_them(places, everything, tmp_path, track):
    store = open_storage(str(tmp_path / "store"))
    write_down(records(places, store), drive_traces(track, 3))
    assert set(everything.keys("traces/")) == {
        f"traces/first/training-simtrace/{number}-iteration.csv" for number in range(2)
    }
    assert numbers(everything, "DeepRacer-Metrics/a.json") == [1, 2, 3]
    assert not list(store.keys(""))
    write_down(records(places, store), drive_traces(track, 2))
    assert numbers(everything, "DeepRacer-Metrics/a.json") == [1, 2, 3, 4, 5]


def test_each_worker_has_metrics_and_traces_of_its_own(places, everything, tmp_path, track):
    store = open_storage(str(tmp_path / "store"))
    for worker in (0, 2):
        write_down(records(places, store, worker, 3), drive_traces(track, 1, worker=worker))
    assert numbers(everything, "DeepRacer-Metrics/a.json") == [1]
    assert numbers(everything, "DeepRacer-Metrics/a_2.json") == [1]
    assert set(everything.keys("traces/")) == {
        f"traces/first/{worker}/training-simtrace/0-iteration.csv" for worker in (0, 2)
    }


@pytest.mark.parametrize(
    "content", [b'{"metrics": [{"episode": 1, "trial": 1}]}', b"of the original"]
)
def test_metrics_without_traces_are_of_another_run(places, everything, tmp_path, track, content):
    everything.write("DeepRacer-Metrics/a.json", content)
    write_down(records(places, open_storage(str(tmp_path / "store"))), drive_traces(track, 2))
    assert numbers(everything, "DeepRacer-Metrics/a.json") == [1, 2]


def test_an_evaluation_is_written_to_them_and_again(places, everything, tmp_path, track):
    store = open_storage(str(tmp_path / "store"))
    for trials in (2, 1):
        traces = drive_traces(track, trials, mode="evaluation", trials=trials)
        write_down(EvaluationRecords(store, is_discrete=True, places=places), traces)
        assert list(everything.keys("traces/")) == [
            "traces/first/evaluation-simtrace/0-iteration.csv"
        ]
        stored = everything.read("DeepRacer-Metrics/a.json")
        assert len(json.loads(stored.data)["metrics"]) == trials
    assert not list(store.keys(""))


@pytest.mark.parametrize("address", ["a.json", "s3://bucket", "s3://bucket/", "folder/"])
def test_what_is_no_file_is_refused(address):
    with pytest.raises(ConfigurationError, match="expected the address of a file"):
        open_file(address)
