"""The container that trains and simulates: all of it in one job, with real parts."""

import os
import re
import signal
from pathlib import Path

import pytest
from deepracer.process_tree import descendants
from deepracer_core.model_store import open_model_store
from opt_ml import PREFIX, SECRET_KEY, OptMl, Process

pytestmark = pytest.mark.slow


@pytest.fixture
def asked(request_of_a_user: dict[str, str]) -> dict[str, str]:
    """What the job is asked for: two simulations in the flat world."""
    return {
        **request_of_a_user,
        "world_name": "meadow_loop",
        "num_workers": "2",
        "simulator": "flat",
    }


@pytest.fixture
def run(opt_ml: OptMl):
    """Start the job's container; whatever is left of it at the end is killed."""
    started: list[tuple[Process, list[int]]] = []

    def run(**variables: str) -> Process:
        process = opt_ml.start("job.sh", REDIS_PASSWORD="", **variables)
        started.append((process, []))
        return process

    yield run
    for process, _ in started:
        for pid in descendants(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.kill()


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_job_trains_with_its_own_simulations(opt_ml, bucket, asked, run):
    opt_ml.give({**asked, "term_cond_max_episodes": "8"})
    container = run()
    container.wait_until(lambda: "iteration version=1 " in container.said)
    family = descendants(container.pid)
    assert container.wait() == 0, container.said[-6000:]
    assert opt_ml.failure == ""
    assert not [pid for pid in family if is_alive(pid)]
    for worker in (0, 1):
        assert f"[worker-{worker}] " in container.said
        assert f"Worker={worker}, Episode=" in container.said
        listed = bucket.client.list_objects_v2(
            Bucket=bucket.name, Prefix=f"{PREFIX}/{worker}/training-simtrace/"
        )
        assert listed["KeyCount"] >= 1
    assert "SIM_TRACE_LOG" not in container.said
    assert SECRET_KEY not in container.said
    store = open_model_store(f"s3://{bucket.name}/{PREFIX}")
    packed = open_model_store(str(opt_ml.root / "model"))
    assert packed.latest() == store.latest()
    assert (opt_ml.root / "model" / "agent" / "model.pb").is_file()


def test_a_job_goes_on_after_an_interruption_and_without_one_of_its_simulations(opt_ml, asked, run):
    opt_ml.give(asked)
    container = run()
    container.wait_until(lambda: "iteration version=1 " in container.said)
    family = descendants(container.pid)
    assert container.interrupt() < 30.0
    assert container.exit_code == 0, container.said[-6000:]
    assert not [pid for pid in family if is_alive(pid)]
    last = int(re.findall(r"iteration version=(\d+) ", container.said)[-1])

    again = run()
    again.wait_until(lambda: f"iteration version={last + 1} " in again.said)
    assert f"resumed version={last} iteration={last}" in again.said

    # A simulation that dies is started again, and drives.
    first = next(
        pid
        for pid in descendants(again.pid)
        if b"deepracer_flat" in command(pid) or b"flat_worker" in command(pid)
    )
    os.kill(first, signal.SIGKILL)
    again.wait_until(lambda: ": started again" in again.said)
    before = again.said.partition(": started again")[0]
    worker = before[-1]
    drives = re.compile(rf"\[worker-{worker}\] .*episode \d+: \w+, [\d.]+ % in ")
    again.wait_until(lambda: drives.search(again.said, len(before)) is not None)
    assert again.interrupt() < 30.0
    assert again.exit_code == 0, again.said[-6000:]


def test_a_reward_function_that_raises_fails_the_job(opt_ml, bucket, asked, run):
    bucket.put(f"{PREFIX}/customer_reward_function.py", "def reward_function(params):\n    1 / 0\n")
    opt_ml.give(asked)
    container = run()
    assert container.wait() == 1
    assert "ZeroDivisionError" in opt_ml.failure
    assert "\n" not in opt_ml.failure


def test_a_job_in_gazebo(opt_ml, asked, run):
    opt_ml.give({**asked, "simulator": "gazebo", "num_workers": "1"})
    container = run()
    container.wait_until(lambda: "iteration version=1 " in container.said, deadline_s=400.0)
    family = descendants(container.pid)
    assert container.interrupt() < 30.0
    assert container.exit_code == 0, container.said[-6000:]
    assert not [pid for pid in family if is_alive(pid)]
