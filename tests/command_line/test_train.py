"""A training job's processes: shown, stopped, and never left behind. The launch is a fake here."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml


def mentioning(folder: Path) -> set[int]:
    """Living processes whose working folder is this one or lies in it."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # That of a zombie cannot be read.
            where = (entry / "cwd").readlink()
        except OSError:
            continue
        if where.is_relative_to(folder):
            found.add(int(entry.name))
    return found


@contextmanager
def within(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


def wait_until_training(folder: Path) -> None:
    deadline = time.monotonic() + 30.0
    log = folder / "runs" / "mine" / "logs" / "launch.log"
    while not (log.exists() and "nine episodes" in log.read_text()):
        assert time.monotonic() < deadline, "the training did not start"
        time.sleep(0.05)


def test_a_job_that_ends_is_evaluated_and_summed_up(train, tmp_path):
    out, err = train("finish").communicate(timeout=60)
    assert err == ""
    assert "iteration=2" in out
    assert "episodes=9" in out
    assert "Training: 9 episodes, 1350 steps, 1 complete lap, the best in 10.80 s" in out
    assert "Model v1 on meadow_loop" in out
    assert "1 of 2 laps complete, 1 off track, best 10.00 s" in out
    assert "deepracer evaluate --run mine" in out
    assert mentioning(tmp_path) == set()
    run = tmp_path / "runs" / "mine"
    assert (tmp_path / "runs" / "latest").resolve() == run
    assert {path.name for path in (run / "inputs").iterdir()} == {
        "reward_function.py",
        "model_metadata.json",
        "hyperparameters.json",
    }
    assert yaml.safe_load((run / "job.yaml").read_text())["job_duration_in_seconds"] == 30
    log = (run / "logs" / "deepracer.log").read_text()
    assert "setting run=mine source=--run" in log
    assert all(line.startswith("20") for line in log.splitlines())


def test_a_finished_run_can_be_resumed_and_evaluated_with_its_settings(
    train, command, fake_ros2, tmp_path
):
    train("finish", "--seed", "5", "--evaluation-trials", "0").communicate(timeout=60)
    out, err = train("finish", "--evaluation-trials", "2").communicate(timeout=60)
    assert err == ""
    assert "Model v1" in out
    log = (tmp_path / "runs" / "mine" / "logs" / "deepracer.log").read_text()
    assert f"setting seed=5 source={tmp_path}/runs/mine/job.yaml" in log
    done = subprocess.run(
        [*command, "evaluate"],
        env=fake_ros2,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Model v1 on meadow_loop" in done.stdout


@pytest.mark.parametrize(
    ("how", "number", "code", "processes"),
    [("stay", signal.SIGINT, 130, 5), ("go_on", signal.SIGTERM, 143, 4)],
)
def test_a_signal_stops_everything_within_ten_seconds(
    train, tmp_path, how, number, code, processes
):
    process = train(how)
    wait_until_training(tmp_path)
    assert len(mentioning(tmp_path)) == processes
    process.send_signal(number)
    with within(10.0):
        out, _ = process.communicate(timeout=20)
    assert process.returncode == code
    assert "deepracer train --run mine" in out
    assert mentioning(tmp_path) == set()


def test_a_training_that_dies_is_started_again_for_the_time_that_is_left(train, tmp_path):
    out, err = train("die-once").communicate(timeout=60)
    assert "training: trainer died with exit code 1; it starts again in 1 s" in out, err
    assert "1 of 2 laps complete" in out
    logs = tmp_path / "runs" / "mine" / "logs"
    text = (logs / "launch.log").read_text()
    (left_s,) = re.findall(r"\[trainer-2\] (\d+) s are left", text)
    assert 20 <= int(left_s) <= 28
    # Its Redis has what the first one had; the worker was driving all the while.
    assert "Training: 18 episodes" in out
    assert (logs / "worker-0.log").read_text().count("worker 0 of 1 drives on") == 1


def test_a_training_that_dies_over_and_over_is_named_with_its_last_words(train, tmp_path):
    process = train("die", FAKE_SECONDS="0.6")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "training died 4 times within 10 minutes, the last time because trainer died with" in err
    assert "MemoryError: no room" in err
    assert "launch.log" in err
    assert "Training: 36 episodes" in out
    assert mentioning(tmp_path) == set()


def test_a_training_that_cannot_use_what_it_was_given_ends_the_job_at_once(train, tmp_path):
    process = train("unusable")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "training ended because trainer died with exit code 2; its last lines:" in err
    assert "MemoryError: no room" in err
    assert "Training: 9 episodes" in out
    assert mentioning(tmp_path) == set()


def test_when_the_command_itself_is_killed_nothing_is_left(train, tmp_path):
    process = train("go_on")
    wait_until_training(tmp_path)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10.0
    while mentioning(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert mentioning(tmp_path) == set()


def test_two_jobs_do_not_meet(train, tmp_path):
    first = train("go_on")
    wait_until_training(tmp_path)
    second = train("finish")
    _, err = second.communicate(timeout=30)
    assert second.returncode == 2
    assert "run 'mine' is in use by process" in err
    third = train("finish", "--run", "other")
    out, err = third.communicate(timeout=60)
    assert third.returncode == 0, err
    assert "Training: 9 episodes" in out
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=20)
    assert first.returncode == 130


def test_without_ros2_the_error_says_what_to_do(command, environment, tmp_path):
    done = subprocess.run(
        [*command, "train"],
        env={**environment, "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "`ros2` is not on the PATH" in done.stderr
