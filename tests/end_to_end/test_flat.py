"""The flat world in place of Gazebo: on the graph, and in one process."""

import json
import sys

from deepracer_core.evaluation_results import read_results
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus
from end_to_end import simulation


def test_the_same_graph_drives_the_flat_world(start, workplace, redis, tmp_path):
    worker = start(
        *simulation(
            workplace, run="flat", redis=redis.url, store=tmp_path / "store", simulator="flat"
        )
    )
    status = RunStatus(connect(redis.url), "flat")
    worker.wait_until(lambda: len(status.episodes()) >= 5)
    assert worker.stop() == 0, worker.tail()
    assert {record.track for _, record in status.episodes()} == {"meadow_loop"}
    assert "gazebo_server" not in worker.tail(100_000)


def test_a_job_learns_in_the_flat_world_and_is_evaluated_there(start, tmp_path, hyperparameters):
    runs = tmp_path / "runs"
    job = start(
        sys.executable,
        "-c",
        "from deepracer.command_line import main; main()",
        "train",
        "--simulator=flat",
        "--run=fast",
        f"--runs-folder={runs}",
        f"--hyperparameters={hyperparameters}",
        "--job-duration-in-seconds=20",
        "--evaluation-trials=2",
    )
    assert job.process.wait(timeout=180) == 0, job.tail()
    store = open_model_store(str(runs / "fast" / "store"))
    assert store.latest() >= 3
    (results,) = (runs / "fast" / "evaluations").glob("*/results.json")
    assert len(read_results(results)) == 2
    metrics = (runs / "fast" / "store" / "metrics" / "TrainingMetrics.json").read_text()
    assert len(json.loads(metrics)["metrics"]) > 10
