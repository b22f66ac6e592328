"""Two workers train one model; one is killed, comes back and drives on; the tools load it all."""

import os
import signal
import sys
from pathlib import Path

import pytest
from deepracer.logs import AnalysisUtils, DeepRacerLog
from deepracer.logs.metrics import TrainingMetrics
from deepracer.process_tree import descendants, process_name
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus
from deepracer_core.segment import decode
from end_to_end import command_line


def gazebo_of(worker: int, family: list[int]) -> list[int]:
    """The simulator of one worker, among the processes of a job."""
    launches = [pid for pid in family if f"worker:={worker}" in command_line(pid).split("\0")]
    below = [pid for launch in launches for pid in descendants(launch)]
    return [pid for pid in below if process_name(pid) == "gzserver"]


def held_of(client, worker: int) -> dict[int, str]:
    """The segments of one worker that wait in the buffer: what each is of, by its id."""
    held = client.hgetall("deepracer:{two}:segments")
    metas = {int(key): decode(data).meta for key, data in held.items()}
    return {
        key: f"episode {meta.episode} segment {meta.segment}"
        for key, meta in metas.items()
        if meta.worker == worker
    }


def learnt_in(store) -> set[int]:
    """The ids of all segments that a version was learnt from."""
    return {each for version in store.versions() for each in store.info(version)["segments"]}


def the_tools_agree(store: Path, status: RunStatus) -> None:
    """deepracer-utils loads the traces and the metrics of both workers, and counts as we do."""
    log = DeepRacerLog(str(store))
    log.load()
    episodes = AnalysisUtils.simulation_agg(log.dataframe(), secondgroup="unique_episode")
    trained = [record for _, record in status.episodes() if record.mode == "training"]
    assert len(episodes) == len(trained)
    assert episodes["complete"].sum() == sum(each.progress >= 100.0 for each in trained)
    metrics = TrainingMetrics(None, region="us-east-1")
    for worker, name in enumerate(("TrainingMetrics.json", "TrainingMetrics_1.json")):
        metrics.addRound(None, fname=str(store / "metrics" / name), worker=worker)
        found = metrics.getTraining().query("worker == @worker")
        own = sorted(record.reward for record in trained if record.worker == worker)
        assert sorted(found["reward"]) == pytest.approx(own, abs=1e-3)


def test_a_worker_that_is_killed_comes_back_and_nothing_it_drove_is_lost(
    start, redis, tmp_path, hyperparameters_with
):
    runs = tmp_path / "runs"
    # What is driven before the first models is learnt from before those are five ahead of it.
    hyperparameters = hyperparameters_with(num_episodes_between_training=40)
    job = start(
        sys.executable,
        "-c",
        "from deepracer.command_line import main; main()",
        "train",
        "--workers=2",
        "--run=two",
        f"--runs-folder={runs}",
        f"--redis={redis.url}",
        f"--hyperparameters={hyperparameters}",
        "--job-duration-in-seconds=600",
        "--evaluation-trials=0",
    )
    client = connect(redis.url)
    status = RunStatus(client, "two")

    def numbers(worker: int) -> list[int]:
        return [each.number for _, each in status.episodes() if each.worker == worker]

    job.wait_until(lambda: numbers(0) and numbers(1))
    # Side by side they begin half a lap apart.
    starts = {each.worker: each.start_distance for _, each in reversed(status.episodes())}
    assert abs(starts[1] - starts[0]) > 1.0
    before = numbers(1)
    (victim,) = gazebo_of(1, job.family())
    job.wait_until(lambda: held_of(client, worker=1) != {})
    written = held_of(client, worker=1)
    os.kill(victim, signal.SIGKILL)
    job.wait_until(lambda: len(numbers(1)) > len(before) + 1)
    after = numbers(1)
    assert after[: len(before)] == before
    assert len(set(after)) == len(after)
    # What the killed one had written waits for the trainer, or was learnt from.
    store = open_model_store(str(runs / "two" / "store"))
    job.wait_until(lambda: written.keys() <= learnt_in(store))
    stats = ExperienceBuffer(client, "two").stats()
    assert stats.evicted == 0
    assert stats.appended == stats.acknowledged + stats.segments
    assert gazebo_of(1, job.family()) not in ([], [victim])
    log = (runs / "two" / "logs" / "deepracer.log").read_text(encoding="utf-8")
    assert "worker 1: died" in log
    assert "worker 1: started again" in log
    assert "worker 0: died" not in log
    assert job.stop() == 130
    assert job.family() == []
    the_tools_agree(runs / "two" / "store", status)
