"""The trainer of a job dies, then its Redis: both come back, and the run goes on."""

import os
import signal
import sys

from deepracer.process_tree import process_name
from deepracer_core.model_store import open_model_store
from end_to_end import command_line


def test_a_job_outlives_its_trainer_and_its_redis(start, tmp_path, hyperparameters):
    runs = tmp_path / "runs"
    job = start(
        sys.executable,
        "-c",
        "from deepracer.command_line import main; main()",
        "train",
        "--simulator=flat",
        "--run=again",
        f"--runs-folder={runs}",
        f"--hyperparameters={hyperparameters}",
        "--job-duration-in-seconds=600",
        "--evaluation-trials=0",
    )
    store = open_model_store(str(runs / "again" / "store"))

    def newest() -> int:
        return store.latest() or 0

    def the(is_it) -> int:
        (pid,) = [pid for pid in job.family() if is_it(pid)]
        return pid

    job.wait_until(lambda: newest() >= 1)
    flat_worker = the(lambda pid: "deepracer_flat" in command_line(pid))
    for is_victim in (
        lambda pid: "--keep-versions" in command_line(pid),
        lambda pid: process_name(pid) == "redis-server",
    ):
        before = newest()
        os.kill(the(is_victim), signal.SIGKILL)
        # A version may have been on its way.
        job.wait_until(lambda: newest() >= before + 2)  # noqa: B023 - called in this round
    # It drove all the while, and what it drove while nobody listened was kept.
    assert the(lambda pid: "deepracer_flat" in command_line(pid)) == flat_worker
    versions = [store.info(version) for version in range(1, newest() + 1)]
    learnt = [segment for info in versions for segment in info["segments"]]
    assert len(set(learnt)) == len(learnt)
    counted = [info["counters"]["iteration"] for info in versions]
    assert counted == list(range(1, len(versions) + 1))
    log = (runs / "again" / "logs" / "deepracer.log").read_text(encoding="utf-8")
    assert "training: died cause='trainer died with exit code -9' restart_in_s=1" in log
    assert "training: died cause='redis_server died with" in log
    assert log.count("training: started again") == 2
    assert job.stop() == 130
    assert job.family() == []
