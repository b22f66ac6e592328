"""The flat world in place of Gazebo: on the graph, and in one process."""

import json
import sys

from deepracer_core.evaluation_results import read_results
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.experience_ledger import ExperienceLedger
from deepracer_core.model_store import open_model_store, open_storage
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus
from end_to_end import BUCKET, simulation


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


def test_a_job_learns_in_the_flat_world_and_is_evaluated_there(
    start, tmp_path, hyperparameters_with
):
    runs = tmp_path / "runs"
    job = start(
        sys.executable,
        "-c",
        "from deepracer.command_line import main; main()",
        "train",
        "--simulator=flat",
        "--run=fast",
        f"--runs-folder={runs}",
        f"--hyperparameters={hyperparameters_with(term_cond_max_episodes=12)}",
        "--job-duration-in-seconds=600",
        "--evaluation-trials=2",
    )
    assert job.process.wait(timeout=180) == 0, job.tail()
    store = open_model_store(str(runs / "fast" / "store"))
    assert store.latest() == 3
    (results,) = (runs / "fast" / "evaluations").glob("*/results.json")
    assert len(read_results(results)) == 2
    metrics = (runs / "fast" / "store" / "metrics" / "TrainingMetrics.json").read_text()
    assert len(json.loads(metrics)["metrics"]) > 10


def test_a_job_whose_experience_goes_through_s3(
    start, redis, endpoint, tmp_path, hyperparameters_with
):
    runs = tmp_path / "runs"
    address = f"s3://{BUCKET}/runs/far?endpoint_url={endpoint}"
    job = start(
        "deepracer",
        "train",
        "--simulator=flat",
        "--workers=2",
        "--run=far",
        f"--runs-folder={runs}",
        f"--redis={redis.url}",
        f"--store={address}",
        "--experience-transport=s3",
        f"--hyperparameters={hyperparameters_with(term_cond_max_episodes=8)}",
        "--job-duration-in-seconds=600",
        "--evaluation-trials=0",
    )
    assert job.process.wait(timeout=180) == 0, job.tail()
    store = open_model_store(address)
    assert store.latest() == 2
    counters = store.info(store.latest())["counters"]
    client = connect(redis.url)
    stats = ExperienceBuffer(client, "far").stats()
    assert stats.acknowledged >= counters["steps"] / 32
    assert (stats.lost, stats.late) == (0, 0)
    assert not client.exists("deepracer:{far}:segments")
    # What was learnt from is gone; what is left in the bucket is what a resumed run would need.
    left = set(open_storage(address).keys("experience/"))
    ledger = ExperienceLedger(client, "far", "nobody")
    assert left - set(ledger.garbage(100)) == ledger.objects()
