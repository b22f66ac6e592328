"""A training and an evaluation by the command line, with the store in S3, read by the community."""

import re

import pytest
from agreement import agree
from deepracer.logs import DeepRacerLog, S3FileHandler
from deepracer.logs.metrics import TrainingMetrics
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.evaluation_results import read_results
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus
from end_to_end import BUCKET

PREFIX = "runs/first"


def laps(records: list[EpisodeRecord]) -> int:
    return sum(record.status is EpisodeStatus.LAP_COMPLETE for record in records)


def test_what_is_in_the_bucket_is_what_was_driven(
    start, redis, endpoint, tmp_path, hyperparameters
):
    store = f"s3://{BUCKET}/{PREFIX}?endpoint_url={endpoint}"
    status = RunStatus(connect(redis.url), "first")
    models = open_model_store(store)
    training = start(
        "deepracer",
        "train",
        "--simulator=flat",
        "--run=first",
        f"--runs-folder={tmp_path / 'runs'}",
        f"--redis={redis.url}",
        f"--store={store}",
        f"--hyperparameters={hyperparameters}",
        "--job-duration-in-seconds=900",
    )
    training.wait_until(
        lambda: len(status.episodes()) >= 6 and models.latest() is not None, deadline_s=300.0
    )
    assert training.stop() == 130, training.tail()
    records = [record for _, record in status.episodes() if record.mode == "training"]

    files = S3FileHandler(
        bucket=BUCKET, prefix=PREFIX, s3_endpoint_url=endpoint, region="us-east-1"
    )
    log = DeepRacerLog(filehandler=files)
    log.load()
    agree(log.dataframe(), records)
    assert log.hyperparameters()["num_episodes_between_training"] == 4
    metrics = TrainingMetrics(BUCKET, s3_endpoint_url=endpoint, region="us-east-1")
    metrics.addRound(PREFIX, training_round=1)
    table = metrics.getTraining()
    assert table["completion"].tolist() == pytest.approx(
        [record.progress for record in records], abs=1e-4
    )
    assert table["reward"].tolist() == pytest.approx(
        [record.reward for record in records], abs=1e-4
    )
    summary = re.search(r"Training: (\d+) episodes, (\d+) steps, (\d+) comp", training.tail())
    assert summary is not None, training.tail()
    assert [int(number) for number in summary.groups()] == [
        len(records),
        sum(record.steps for record in records),
        laps([record for _, record in status.episodes()]),
    ]

    evaluation = start(
        "deepracer",
        "evaluate",
        "--run=first",
        f"--runs-folder={tmp_path / 'runs'}",
        "--model=latest",
        "--evaluation-trials=2",
    )
    assert evaluation.process.wait(timeout=240) == 0, evaluation.tail()
    (results,) = (tmp_path / "runs" / "first" / "evaluations").glob("*/results.json")
    trials = read_results(results)
    race = DeepRacerLog(filehandler=files)
    race.load_evaluation_trace()
    agree(race.dataframe(), trials, is_eval=True)
    assert f"{laps(trials)} of 2 laps complete" in evaluation.tail()
