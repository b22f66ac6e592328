"""Workers die and come back; what cannot come back ends the job. The launches are fakes here."""

import os
import sys
from pathlib import Path

import pytest
import yaml
from deepracer.failure import JobFailed
from deepracer.kept_launch import DEATHS, FIRST_PAUSE_S, WINDOW_S
from deepracer.launched import LaunchedProcess, stop_together
from deepracer.preflight import job_findings, refuse_faults
from deepracer.process_tree import wait_until_gone
from deepracer.settings_sources import resolve_settings
from deepracer.workers import Workers
from deepracer_core.errors import ConfigurationError

LIVE = "import signal; print('up', flush=True); signal.pause()"
DIE = (
    "print('[agent-3] out of road');"
    "print('[ERROR] [agent-3]: process has died [pid 3, exit code 1, cmd x].')"
)


class Stage:
    """Launches that do what is written for them, and a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.script = {0: LIVE, 1: LIVE}
        self.started: list[LaunchedProcess] = []
        self._folder = folder

    def start(self, worker: int) -> LaunchedProcess:
        command = [sys.executable, "-c", self.script[worker]]
        launched = LaunchedProcess(command, os.environ, self._folder / f"worker-{worker}.log")
        self.started.append(launched)
        return launched

    def has_ended(self, launched: LaunchedProcess) -> None:
        assert wait_until_gone([launched.pid], 10.0)


@pytest.fixture
def stage(tmp_path: Path):
    stage = Stage(tmp_path)
    yield stage
    stop_together(stage.started)


def test_a_worker_that_dies_is_started_anew_after_a_pause(stage):
    learning = stage.start(0)
    workers = Workers(2, stage.start, clock=lambda: stage.now)
    first = workers.launches[1]
    os.kill(first.pid, 9)
    stage.has_ended(first)
    workers.look([learning])
    assert workers.problem is not None
    assert workers.problem.startswith("worker 1: its launch ended with exit code -9; it starts")
    workers.look([learning])
    assert workers.launches[1] is first
    stage.now += FIRST_PAUSE_S
    workers.look([learning])
    assert workers.launches[1] is not first
    assert workers.problem is None
    assert learning.exit_code is None
    assert workers.launches[0].exit_code is None


def test_what_a_dead_worker_left_behind_is_ended_and_nothing_else(stage):
    learning = stage.start(0)
    stage.script[1] = (
        "import subprocess, sys, signal; child = subprocess.Popen("
        "[sys.executable, '-c', 'import signal; signal.pause()'], start_new_session=True);"
        "print(child.pid, flush=True); signal.pause()"
    )
    workers = Workers(2, stage.start, clock=lambda: stage.now)
    dying = workers.launches[1]
    while not dying.log_path.read_text().endswith("\n"):
        assert dying.exit_code is None
    orphan = int(dying.log_path.read_text())
    os.kill(dying.pid, 9)
    stage.has_ended(dying)
    workers.look([learning])
    assert wait_until_gone([orphan], 0.0)
    assert dying.exit_code == -9
    assert learning.exit_code is None
    assert workers.launches[0].exit_code is None


def test_a_worker_that_dies_over_and_over_ends_the_job(stage):
    learning = stage.start(0)
    stage.script[1] = DIE
    workers = Workers(2, stage.start, clock=lambda: stage.now)
    pauses = []
    for _ in range(DEATHS - 1):
        stage.has_ended(workers.launches[1])
        workers.look([learning])
        began = stage.now
        while workers.problem is not None:
            stage.now += 0.5
            workers.look([learning])
        pauses.append(stage.now - began)
    stage.has_ended(workers.launches[1])
    with pytest.raises(JobFailed, match=f"worker 1 died {DEATHS} times within 10 min") as caught:
        workers.look([learning])
    assert pauses == [1.0, 2.0, 4.0]
    assert "agent died with exit code 1" in str(caught.value)
    assert "  | out of road" in str(caught.value)


def test_deaths_of_long_ago_are_forgotten(stage):
    learning = stage.start(0)
    stage.script[1] = DIE
    workers = Workers(2, stage.start, clock=lambda: stage.now)
    for _ in range(2 * DEATHS):
        stage.has_ended(workers.launches[1])
        workers.look([learning])
        stage.now += WINDOW_S / 2
        workers.look([learning])


def test_a_job_goes_on_when_a_worker_dies(train, tmp_path):
    job = train("finish", "--workers", "2", FAKE_WORKERS="1:die-once", FAKE_SECONDS="6")
    out, err = job.communicate(timeout=60)
    assert job.returncode == 0, err
    assert "! worker 1: rollout died with exit code 1; it starts again in" in out
    logs = tmp_path / "runs" / "mine" / "logs"
    assert (logs / "worker-1.log").read_text().count("worker 1 of 2 drives on") == 2
    assert (logs / "worker-0.log").read_text().count("worker 0 of 2 drives on") == 1
    log = (logs / "deepracer.log").read_text()
    assert "worker 1: died cause='rollout died with exit code 1' restart_in_s=1" in log
    assert "worker 1: started again" in log


def test_a_worker_that_cannot_use_what_it_was_given_ends_the_job_at_once(train):
    job = train("go_on", FAKE_WORKERS="0:unusable")
    _, err = job.communicate(timeout=60)
    assert job.returncode == 1
    assert "worker 0 ended because rollout died with exit code 2; its last lines:" in err
    assert "no wheels" in err
    assert "worker-0.log" in err


def test_each_worker_can_have_a_track_and_a_race_of_its_own(train, tmp_path):
    own = (
        "[{track: meadow_loop}, {track: pond_oval, max_steps: 300, race_type: object_avoidance,"
        " number_of_obstacles: 4, change_start_position: false}]"
    )
    job = train("finish", "--workers", "3", "--worker-settings", own, "--evaluation-trials", "0")
    _, err = job.communicate(timeout=60)
    assert job.returncode == 0, err
    run = tmp_path / "runs" / "mine"
    for worker, track in enumerate(("meadow_loop", "pond_oval", "meadow_loop")):
        text = (run / "logs" / f"worker-{worker}.log").read_text()
        race = "object_avoidance with 4 boxes" if worker == 1 else "time_trial with 6 boxes"
        assert f"worker {worker} of 3 drives on {track}, {race}" in text
    kept = yaml.safe_load((run / "job.yaml").read_text())["worker_settings"]
    assert kept == yaml.safe_load(own)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("[{workers: 2}]", "worker 0: unknown setting 'workers'"),
        ("[{track: nowhere}]", "nowhere"),
        ("[{max_steps: many}]", "setting 'max_steps': should be a valid integer"),
        ("[{race_type: drag}]", "worker 0: setting 'race_type'"),
        (
            "[{race_type: object_avoidance, object_positions: '2,1'}]",
            "object_positions: expected a share of the lap",
        ),
        ("[{}, {}]", "expected one for each of the 1 workers at most, got 2"),
        ("here", "setting 'worker_settings'"),
    ],
)
def test_settings_that_a_worker_cannot_have_are_refused(given, complaint):
    with pytest.raises(ConfigurationError) as caught:
        refuse_faults(job_findings(resolve_settings({"worker_settings": given}, {}), None))
    assert complaint in str(caught.value)
