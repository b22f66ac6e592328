"""The community's deepracer-utils loads what we write, from disk and S3, and agrees with us."""

from collections.abc import Callable
from pathlib import Path

import pytest
from deepracer.logs import AnalysisUtils, DeepRacerLog, LogFolderType, S3FileHandler
from deepracer.logs.metrics import TrainingMetrics
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.model_store import Storage
from deepracer_core.records import keep_inputs
from driven import TESTS, evaluate, train

CONFIG = TESTS.parent / "config"
INPUTS = ("model_metadata.json", "hyperparameters.json", "reward_function.py")

Open = Callable[[], DeepRacerLog]


@pytest.fixture(params=["disk", "S3"])
def place(request: pytest.FixtureRequest) -> tuple[Storage, Open]:
    """Somewhere to write to, and how a user opens it."""
    if request.param == "disk":
        storage = request.getfixturevalue("folder")
        return storage, lambda: DeepRacerLog(storage.url)
    storage = request.getfixturevalue("s3")
    endpoint = f"http://127.0.0.1:{request.getfixturevalue('moto_port')}"
    handler = S3FileHandler(
        bucket=request.getfixturevalue("bucket"),
        prefix="runs/first",
        s3_endpoint_url=endpoint,
        region="us-east-1",
    )
    return storage, lambda: DeepRacerLog(filehandler=handler)


def agree(table, records: list[EpisodeRecord]) -> None:
    """A row of deepracer-utils' summary for each episode, with our numbers."""
    assert len(table) == len(records)
    for row, record in zip(table.to_dict("records"), records, strict=True):
        assert row["time"] == pytest.approx(record.duration_s, abs=1e-6)
        assert row["progress"] == pytest.approx(record.progress, abs=1e-4)
        assert row["complete"] == (record.status is EpisodeStatus.LAP_COMPLETE)
        # It counts rows, and the beginning of an episode has one.
        assert row["steps"] == record.steps + 1
        if "reward" in row:
            assert row["reward"] == pytest.approx(record.reward, abs=1e-4 * record.steps)


def test_a_training_with_one_worker(place, track):
    storage, open_log = place
    keep_inputs(storage, {name: (CONFIG / name).read_bytes() for name in INPUTS})
    records = train(storage, track, episodes=10)
    log = open_log()
    log.load()
    assert log.fh.type is LogFolderType.DRFC_MODEL_SINGLE_WORKERS
    frame = log.dataframe()
    assert frame["iteration"].max() == 2
    assert sorted(frame["unique_episode"].unique()) == list(range(10))
    agree(AnalysisUtils.simulation_agg(frame), records)
    laps = sum(record.status is EpisodeStatus.LAP_COMPLETE for record in records)
    assert 0 < laps < 10
    assert (frame["episode_status"] == "lap_complete").sum() == laps
    assert (frame["episode_status"] == "prepare").sum() == 10
    assert frame["done"].sum() == 10
    assert log.hyperparameters()["num_episodes_between_training"] == 10
    assert log.agent_and_network()["sensor_list"] == ["FRONT_FACING_CAMERA"]
    assert len(log.action_space()) == 5


def test_a_training_with_several_workers(place, track):
    storage, open_log = place
    records = {
        worker: train(storage, track, worker, workers=3, episodes=episodes)
        for worker, episodes in enumerate((9, 8, 5))
    }
    log = open_log()
    log.load(ignore_metadata=True)
    assert log.fh.type is LogFolderType.DRFC_MODEL_MULTIPLE_WORKERS
    frame = log.dataframe()
    assert frame["unique_episode"].nunique() == 22
    for worker, driven in records.items():
        own = frame[frame["worker"] == worker].copy()
        agree(AnalysisUtils.simulation_agg(own, secondgroup="unique_episode"), driven)


def test_evaluations_beside_a_training(place, track):
    storage, open_log = place
    train(storage, track, episodes=2)
    evaluations = [evaluate(storage, track, trials, at=1.7e9) for trials in (4, 3)]
    log = open_log()
    log.load_evaluation_trace(ignore_metadata=True)
    frame = log.dataframe()
    # Both began in the same second, so that the later one took the next.
    assert sorted(frame["stream"].unique()) == ["20231114221320", "20231114221321"]
    agree(
        AnalysisUtils.simulation_agg(frame, firstgroup="stream", is_eval=True),
        evaluations[0] + evaluations[1],
    )


def test_an_evaluation_of_a_model_that_was_trained_elsewhere(place, track):
    storage, open_log = place
    keep_inputs(storage, {name: (CONFIG / name).read_bytes() for name in INPUTS})
    records = evaluate(storage, track)
    log = open_log()
    assert log.fh.type is LogFolderType.DRFC_MODEL_UPLOAD
    log.load_evaluation_trace()
    agree(AnalysisUtils.simulation_agg(log.dataframe(), firstgroup="stream", is_eval=True), records)


def test_the_stability_of_the_steps_is_perfect(folder, track):
    train(folder, track, episodes=5)
    log = DeepRacerLog(folder.url)
    log.load(ignore_metadata=True)
    table = log.stability.analyze()
    assert table["avg_ms"].to_numpy() == pytest.approx(1000 / 15, abs=1e-3)
    assert table["std_ms"].max() < 1e-3


def metrics_agree(metrics: TrainingMetrics, records: list[EpisodeRecord], worker: int = 0) -> None:
    table = metrics.getTraining()
    table = table[table["worker"] == worker]
    assert list(table["episode"]) == list(range(1, len(records) + 1))
    assert list(table["iteration"]) == [number // 4 for number in range(len(records))]
    for row, record in zip(table.to_dict("records"), records, strict=True):
        assert row["time"] == pytest.approx(record.duration_s, abs=1e-3)
        assert row["completion"] == pytest.approx(record.progress, abs=1e-4)
        assert row["reward"] == pytest.approx(record.reward, abs=1e-4)
        assert row["complete"] == (record.status is EpisodeStatus.LAP_COMPLETE)


def test_training_metrics_on_disk(folder, track, aws):
    records = train(folder, track, episodes=10)
    metrics = TrainingMetrics(
        None, fname=str(Path(folder.url, "metrics/TrainingMetrics.json")), region="us-east-1"
    )
    metrics_agree(metrics, records)
    summary = metrics.getSummary()
    assert list(summary["train_episodes"]) == [4, 4, 2]


def test_training_metrics_of_several_workers_in_s3(s3, track, bucket, moto_port):
    records = [train(s3, track, worker, workers=2, episodes=6) for worker in range(2)]
    metrics = TrainingMetrics(
        bucket, s3_endpoint_url=f"http://127.0.0.1:{moto_port}", region="us-east-1"
    )
    metrics.addRound("runs/first", training_round=1, workers=2)
    for worker, driven in enumerate(records):
        metrics_agree(metrics, driven, worker)
