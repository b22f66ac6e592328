"""Whatever ends a simulation, nothing of it stays behind."""

import os
import signal

import pytest
from deepracer.process_tree import process_name, wait_until_gone
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus
from end_to_end import STOP_DEADLINE_S, Launched, command_line, simulation

PARTS = ("gzserver", "Xvfb", "simulator_bridge", "observation", "agent", "rollout")


def running(start, workplace, redis, tmp_path) -> Launched:
    """A simulation that drives."""
    run = tmp_path.name
    worker = start(*simulation(workplace, run=run, redis=redis.url, store=tmp_path / "store"))
    status = RunStatus(connect(redis.url), run)
    worker.wait_until(lambda: status.episodes())
    return worker


def gone(pids: list[int], names: dict[int, str]) -> list[str]:
    """Wait until all these processes have ended; those that have not, by name."""
    if wait_until_gone(pids, STOP_DEADLINE_S):
        return []
    return [f"{pid} {names[pid]}" for pid in pids if not wait_until_gone([pid], 0.0)]


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_behind_when_the_launch_is_stopped(
    start, workplace, redis, tmp_path, with_signal
):
    worker = running(start, workplace, redis, tmp_path)
    family = worker.family()
    names = {pid: process_name(pid) for pid in family}
    assert {"gzserver", "Xvfb"} <= set(names.values()), names
    code = worker.stop(with_signal)
    assert gone(family, names) == []
    if with_signal == signal.SIGINT:
        assert code == 0, worker.tail()


@pytest.mark.parametrize("part", PARTS)
def test_nothing_stays_behind_when_one_process_dies(start, workplace, redis, tmp_path, part):
    worker = running(start, workplace, redis, tmp_path)
    family = worker.family()
    names = {pid: process_name(pid) for pid in family}
    victims = [
        pid
        for pid in family
        if names[pid] == part or f"/lib/deepracer_nodes/{part}" in command_line(pid)
    ]
    assert victims, names
    os.kill(victims[-1], signal.SIGKILL)
    worker.process.wait(timeout=STOP_DEADLINE_S)
    assert gone(family, names) == []
    # `ros2 launch` tells of it in its log; its exit code is 0 after an orderly shutdown.
    assert "process has died" in worker.tail(100_000), worker.tail()
