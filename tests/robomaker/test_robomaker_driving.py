"""A launch is handed on, watched and ended; `ros2` is a script here, Redis is real."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deepracer.failure import JobFailed
from deepracer.interruption import Interruption
from deepracer.relay import OutputRelay
from deepracer.robomaker.driving import drive
from deepracer.robomaker.preparation import PreparedSimulation
from deepracer.workplace import Workplace, claim_workplace
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.errors import ConfigurationError
from deepracer_core.evaluation_results import write_results
from deepracer_core.heartbeat import Heartbeat
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus

TRAP = "trap 'echo told to end; exit 0' INT; while :; do sleep 0.1; done"


@pytest.fixture
def workplace() -> Iterator[Workplace]:
    with claim_workplace() as place:
        yield place


@pytest.fixture
def heartbeat(tmp_path: Path) -> Heartbeat:
    return Heartbeat(tmp_path / "heartbeat")


@pytest.fixture
def ros2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let `ros2` be a script."""

    def become(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "ros2").write_text(f"#!/bin/bash\n{script}\n")
        (folder / "ros2").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return become


def simulation(redis: str | None = None, results: Path | None = None) -> PreparedSimulation:
    return PreparedSimulation(
        file="sim.launch.py",
        arguments={"track": "pond_oval"},
        run="first",
        redis=redis,
        results=results,
        environment={},
    )


def died(code: int) -> str:
    return (
        "echo '[rollout-4] no wheels';"
        f"echo \"[ERROR] [rollout-4]: process has died [pid 4, exit code {code}, cmd 'x'].\""
    )


def state(tmp_path: Path) -> str:
    return (tmp_path / "heartbeat").read_text().split(" ", 1)[1].strip()


def test_a_death_is_told_with_its_last_words(ros2, workplace, heartbeat, capfdbinary):
    ros2(died(1))
    with Interruption() as interruption, pytest.raises(JobFailed) as failed:
        drive(simulation(), workplace, heartbeat, interruption)
    assert str(failed.value) == (
        "the simulation ended because rollout died with exit code 1; its last lines:\n  | no wheels"
    )
    assert capfdbinary.readouterr().out.startswith(b"[rollout-4] no wheels\n[ERROR]")


def test_what_cannot_be_used_is_told_apart(ros2, workplace, heartbeat):
    ros2(died(2))
    with Interruption() as interruption, pytest.raises(ConfigurationError, match="no wheels"):
        drive(simulation(), workplace, heartbeat, interruption)


def test_it_ends_with_its_trainer(ros2, workplace, heartbeat, redis, capfdbinary):
    ros2(f"echo begun; {TRAP}")
    status = RunStatus(connect(redis.url), "first")
    status.set_trainer({"state": "collecting"})
    timer = threading.Timer(1.0, status.set_trainer, [{"state": "ended"}])
    timer.start()
    with Interruption() as interruption:
        assert drive(simulation(redis.url), workplace, heartbeat, interruption) == 0
    timer.join()
    assert capfdbinary.readouterr().out == b"begun\ntold to end\n"


def test_a_signal_ends_it_in_order(ros2, workplace, heartbeat, capfdbinary):
    ros2(TRAP)
    with Interruption() as interruption:
        timer = threading.Timer(1.0, os.kill, [os.getpid(), signal.SIGTERM])
        timer.start()
        began = time.monotonic()
        assert drive(simulation(), workplace, heartbeat, interruption) == 143
        assert time.monotonic() - began < 5.0
    timer.join()
    assert capfdbinary.readouterr().out == b"told to end\n"


def test_an_evaluation_ends_well_when_it_has_results(ros2, workplace, heartbeat, tmp_path, caplog):
    caplog.set_level("INFO")
    results = tmp_path / "results.json"
    record = EpisodeRecord(
        worker=0,
        number=0,
        mode="evaluation",
        policy_version=3,
        status=EpisodeStatus.LAP_COMPLETE,
        steps=150,
        progress=100.0,
        reward=60.0,
        duration_s=10.0,
        start_distance=0.0,
        wall_clock=0.0,
    )
    write_results(tmp_path / "written.json", [record], [])
    ros2(f"cp {tmp_path}/written.json {results}")
    with Interruption() as interruption:
        assert drive(simulation(results=results), workplace, heartbeat, interruption) == 0
    (line,) = [line for line in caplog.messages if line.startswith("trial 1: ")]
    assert json.loads(line.removeprefix("trial 1: "))["duration_s"] == 10.0


@pytest.mark.parametrize(
    "line",
    [
        "SIM_TRACE_LOG:0,0,1.0",
        "[rollout-4] [INFO] [1.2] [rollout]: episode 12: off_track, 40.0 % in 90 steps",
        "[flat_worker-1] INFO deepracer_flat.worker episode 12: off_track",
    ],
)
def test_an_episode_is_a_sign_of_life(ros2, workplace, heartbeat, tmp_path, line):
    ros2(f"echo '{line}'; sleep 0.5; {died(1)}")
    with Interruption() as interruption, pytest.raises(JobFailed):
        drive(simulation(), workplace, heartbeat, interruption)
    assert state(tmp_path) == "driving"


def test_words_are_none(ros2, workplace, heartbeat, tmp_path):
    ros2(f"echo '[rollout-4] Redis is away'; {died(1)}")
    with Interruption() as interruption, pytest.raises(JobFailed):
        drive(simulation(), workplace, heartbeat, interruption)
    assert state(tmp_path) == "starting"


def test_the_log_of_a_long_simulation_stays_short(tmp_path):
    read, write = os.pipe()
    heard = []
    with os.fdopen(read, "rb") as output:
        relay = OutputRelay(output, heard.append, tmp_path / "launch.log")
        with os.fdopen(write, "wb") as process:
            for number in range(60_000):
                process.write(f"{number} {'x' * 100}\n".encode())
            process.write(b"the end\n")
        relay.wait(20.0)
    assert len(heard) == 60_001
    log = (tmp_path / "launch.log").read_bytes()
    assert 1 << 20 <= len(log) <= 4 << 20
    assert log.endswith(b"the end\n")
