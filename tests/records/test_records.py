"""Traces and metrics in the store: how they are cut into files, and how a resumed run goes on."""

import json

import pytest
from deepracer_core.model_store import Storage
from deepracer_core.records import EvaluationRecords, RecordsDamaged, keep_inputs
from deepracer_core.trace import TRACE_HEADER
from driven import drive_traces, evaluate, race, training, write_down


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest) -> Storage:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def traces(track):
    return drive_traces(track, 11)


def read(storage: Storage, key: str) -> str:
    stored = storage.read(key)
    assert stored is not None, key
    return stored.data.decode()


def episodes(storage: Storage, iteration: int, folder: str = "") -> list[int]:
    """The episodes in the file of an iteration, a number for each row that ends one."""
    lines = read(storage, f"{folder}training-simtrace/{iteration}-iteration.csv").splitlines()
    assert lines[0] == TRACE_HEADER
    rows = [line.split(",") for line in lines[1:]]
    assert sum(row[15] == "prepare" for row in rows) == sum(row[9] == "True" for row in rows)
    return [int(row[0]) for row in rows if row[9] == "True"]


def metrics(storage: Storage, suffix: str = "") -> list[dict]:
    document = json.loads(read(storage, f"metrics/TrainingMetrics{suffix}.json"))
    assert document["version"] == 2.0
    assert document["best_model_metric"] == "progress"
    return document["metrics"]


def test_an_iteration_is_a_file(storage, traces):
    write_down(training(storage, size=4), traces)
    assert [episodes(storage, n) for n in range(3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    assert [entry["trial"] for entry in metrics(storage)] == [1, 2, 3, 4] * 2 + [1, 2, 3]


def test_a_metrics_entry_has_the_public_fields(folder, traces):
    write_down(training(folder), traces[:3])
    entry, record = metrics(folder)[2], traces[2].record
    assert entry == {
        "reward_score": round(record.reward, 4),
        "metric_time": entry["start_time"] + round(1000 * record.duration_s),
        "start_time": round(traces[2].steps[0].state.time_ns / 1e6),
        "elapsed_time_in_milliseconds": round(1000 * record.duration_s),
        "episode": 3,
        "trial": 3,
        "phase": "training",
        "completion_percentage": round(record.progress, 4),
        "episode_status": "Off track",
    }
    assert metrics(folder)[0]["episode_status"] == "Lap complete"
    assert metrics(folder)[0]["completion_percentage"] == 100.0


@pytest.mark.parametrize("stop", [1, 3, 4, 5, 8])
def test_a_resumed_run_appends(folder, traces, stop):
    write_down(training(folder), traces)
    whole = {key: read(folder, key) for key in folder.keys("") if "Training" in key or "csv" in key}
    for key in whole:
        folder.delete(key)
    write_down(training(folder), traces[:stop])
    write_down(training(folder), traces[stop:])
    assert {key: read(folder, key) for key in whole} == whole


def test_a_writer_killed_between_trace_and_metrics_leaves_nothing_twice(folder, traces):
    write_down(training(folder), traces[:2])
    before = read(folder, "metrics/TrainingMetrics.json")
    write_down(training(folder), traces[2:6])
    folder.write("metrics/TrainingMetrics.json", before.encode())
    write_down(training(folder), traces[6:])
    assert [episodes(folder, n) for n in range(2)] == [[0, 1, 2, 3], [4, 5, 6]]
    assert len(metrics(folder)) == 7


@pytest.mark.parametrize("other", [2, 8])
def test_iterations_keep_the_size_that_the_run_began_with(folder, traces, other):
    write_down(training(folder, size=4), traces[:6])
    write_down(training(folder, size=other), traces[6:])
    assert [episodes(folder, n) for n in range(3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]


def test_a_first_iteration_is_not_made_shorter_than_it_is(folder, traces):
    write_down(training(folder, size=8), traces[:5])
    write_down(training(folder, size=2), traces[5:])
    write_down(training(folder, size=3), [])
    assert [episodes(folder, n) for n in range(3)] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10]]


def test_several_workers_have_folders_of_their_own(storage, traces):
    write_down(training(storage, worker=0, workers=2), traces[:5])
    write_down(training(storage, worker=1, workers=2), traces[5:])
    assert episodes(storage, 1, "0/") == [4]
    assert episodes(storage, 1, "1/") == [4, 5]
    assert len(metrics(storage)) == 5
    assert len(metrics(storage, "_1")) == 6
    assert not list(storage.keys("training-simtrace/"))


def test_a_run_that_gets_more_workers_moves_its_traces(storage, traces):
    write_down(training(storage), traces[:6])
    write_down(training(storage, worker=0, workers=2), traces[6:7])
    write_down(training(storage, worker=1, workers=2), traces[7:])
    assert [episodes(storage, n, "0/") for n in range(2)] == [[0, 1, 2, 3], [4, 5, 6]]
    assert episodes(storage, 0, "1/") == [0, 1, 2, 3]
    assert not list(storage.keys("training-simtrace/"))


def test_a_run_that_gets_fewer_workers_stays_where_it_is(folder, traces):
    write_down(training(folder, worker=0, workers=2), traces[:3])
    write_down(training(folder), traces[3:6])
    assert [episodes(folder, n, "0/") for n in range(2)] == [[0, 1, 2, 3], [4, 5]]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"metrics": [{"episode": 2, "trial": 1}]}', b'{"metrics": [7]}']
)
def test_damaged_metrics_are_not_overwritten(folder, content):
    folder.write("metrics/TrainingMetrics.json", content)
    with pytest.raises(RecordsDamaged, match=r"TrainingMetrics.json: expected .* move it away"):
        training(folder).resume()


def test_an_evaluation_has_the_public_fields(folder, track):
    records = evaluate(folder, track, trials=3, at=1.7e9)
    document = json.loads(read(folder, "metrics/EvaluationMetrics-20231114221320.json"))
    assert document["version"] == 2.0
    assert [entry["trial"] for entry in document["metrics"]] == [1, 2, 3]
    entry, record = document["metrics"][2], records[2]
    assert entry == {
        "completion_percentage": round(record.progress, 4),
        "metric_time": entry["start_time"] + round(1000 * record.duration_s),
        "start_time": entry["start_time"],
        "elapsed_time_in_milliseconds": round(1000 * record.duration_s),
        "episode_status": "Off track",
        "crash_count": 0,
        "immobilized_count": 0,
        "off_track_count": 1,
        "reversed_count": 0,
        "reset_count": 0,
        "trial": 3,
    }
    trace = read(folder, "evaluation-20231114221320/evaluation-simtrace/0-iteration.csv")
    assert trace.startswith(TRACE_HEADER + "\n0,0,")
    assert trace.endswith("\n")


def test_an_evaluation_without_a_trial_leaves_nothing(folder):
    write_down(EvaluationRecords(folder, is_discrete=True), [])
    assert not list(folder.keys(""))


def test_the_inputs_lie_where_tools_look(storage):
    keep_inputs(storage, {"model_metadata.json": b"{}", "hyperparameters.json": b"[]"})
    assert read(storage, "model/model_metadata.json") == "{}"
    assert read(storage, "ip/hyperparameters.json") == "[]"
    assert storage.read("reward_function.py") is None


def test_evaluations_stand_in_the_metrics_between_the_training_episodes(folder, track):
    driven = race(track, evaluation_share=0.3)
    driven.drive(12)
    traces = driven.traces[:12]
    write_down(training(folder), traces)
    entries = metrics(folder)
    assert [entry["phase"] for entry in entries] == [trace.record.mode for trace in traces]
    trained = [entry for entry in entries if entry["phase"] == "training"]
    assert 0 < len(trained) < 12
    assert [entry["episode"] for entry in trained] == list(range(1, len(trained) + 1))
    before = 0
    for entry in entries:
        if entry["phase"] == "evaluation":
            assert (entry["episode"], entry["trial"]) == (before, 1)
        before = entry["episode"]
    numbered = [number for n in range(len(trained) // 4) for number in episodes(folder, n)]
    assert numbered == list(range(len(trained) // 4 * 4))


def test_a_resumed_run_counts_training_episodes_only(folder, track):
    driven = race(track, evaluation_share=0.3)
    driven.drive(12)
    write_down(training(folder), driven.traces[:5])
    write_down(training(folder), driven.traces[5:12])
    again = metrics(folder)
    write_down(training(folder, worker=1, workers=2), driven.traces[:12])
    at_once = metrics(folder, "_1")
    assert [entry["episode"] for entry in again] == [entry["episode"] for entry in at_once]
    assert [entry["trial"] for entry in again] == [entry["trial"] for entry in at_once]
