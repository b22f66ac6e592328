"""Two workers train one model; one is killed, comes back and drives on."""

import os
import signal
import sys

from deepracer.process_tree import descendants, process_name
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus


def gazebo_of(worker: int, family: list[int]) -> list[int]:
    """The simulator of one worker, among the processes of a job."""
    launches = [pid for pid in family if f"worker:={worker}" in command_line(pid).split("\0")]
    below = [pid for launch in launches for pid in descendants(launch)]
    return [pid for pid in below if process_name(pid) == "gzserver"]


def command_line(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_a_worker_that_is_killed_comes_back_and_nothing_it_drove_is_lost(
    start, redis, tmp_path, hyperparameters
):
    runs = tmp_path / "runs"
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
    appended = ExperienceBuffer(client, "two").stats().appended
    (victim,) = gazebo_of(1, job.family())
    os.kill(victim, signal.SIGKILL)
    job.wait_until(lambda: len(numbers(1)) > len(before) + 1)
    after = numbers(1)
    assert after[: len(before)] == before
    assert len(set(after)) == len(after)
    assert ExperienceBuffer(client, "two").stats().appended > appended
    assert gazebo_of(1, job.family()) not in ([], [victim])
    log = (runs / "two" / "logs" / "deepracer.log").read_text(encoding="utf-8")
    assert "worker=1 died" in log
    assert "worker=1 started again" in log
    assert "worker=0 died" not in log
    assert job.stop() == 130
    assert job.family() == []
