"""Everything that a launch starts ends with it, however that ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from deepracer.interruption import Interruption
from deepracer.launch_log import End, first_end, last_lines
from deepracer.launched import LaunchedProcess
from deepracer.process_tree import wait_until_gone
from deepracer_core.reward import RewardError, RewardFunction

# A launch whose child leaves the process group, ignores polite signals and forks a grandchild.
STUBBORN = """
import os, signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"], start_new_session=True)
print("up", flush=True)
signal.pause()
"""

POLITE = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
print("up", flush=True)
signal.pause()
"""


def start(tmp_path: Path, program: str) -> LaunchedProcess:
    script = tmp_path / "program.py"
    script.write_text(program)
    return LaunchedProcess([sys.executable, str(script)], os.environ, tmp_path / "launch.log")


def wait_for(condition, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def is_up(launched: LaunchedProcess, count: int) -> bool:
    return launched.log_path.read_text().count("up") == count


def test_a_polite_launch_is_asked_and_ends_by_itself(tmp_path):
    launched = start(tmp_path, POLITE)
    wait_for(lambda: is_up(launched, 1))
    launched.stop()
    assert launched.exit_code == 0
    assert launched.processes() == []


def test_what_ignores_signals_and_leaves_its_group_is_gone_within_ten_seconds(tmp_path):
    launched = start(tmp_path, STUBBORN)
    wait_for(lambda: is_up(launched, 2))
    pids = launched.processes()
    assert len(pids) == 2
    started = time.monotonic()
    launched.stop()
    assert time.monotonic() - started < 10.0
    assert wait_until_gone(pids, 0.0)


def test_orphans_of_a_launch_that_was_killed_are_found_and_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("deepracer.launched.STOP_LADDER", ((signal.SIGKILL, 5.0),))
    launched = start(tmp_path, STUBBORN)
    wait_for(lambda: is_up(launched, 2))
    pids = launched.processes()
    os.kill(launched.pid, signal.SIGKILL)
    wait_for(lambda: launched.exit_code is not None)
    assert launched.exit_code == -signal.SIGKILL
    launched.stop()
    assert wait_until_gone(pids, 0.0)


def test_the_launch_ends_when_the_process_that_started_it_is_killed(tmp_path):
    (tmp_path / "program.py").write_text("import signal\nprint('up', flush=True)\nsignal.pause()\n")
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, signal, sys; from pathlib import Path\n"
            f"sys.path[:0] = {sys.path!r}\n"
            "from deepracer.launched import LaunchedProcess\n"
            f"launched = LaunchedProcess([sys.executable, {str(tmp_path / 'program.py')!r}],"
            f" os.environ, Path({str(tmp_path / 'launch.log')!r}))\n"
            "print(launched.pid, flush=True)\nsignal.pause()\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    wait_for(lambda: "up" in (tmp_path / "launch.log").read_text())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_until_gone([child], 5.0)


def test_a_signal_is_remembered_and_wakes_who_waits():
    before = signal.getsignal(signal.SIGTERM)
    with Interruption() as interruption:
        assert not interruption.wait(0.0)
        assert interruption.exit_code == 0
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.wait(1.0)
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_first_process_that_ended_is_named_with_its_own_last_words(tmp_path):
    log = tmp_path / "launch.log"
    log.write_text(
        "[INFO] [launch]: Default logging verbosity is set to INFO\n"
        "[INFO] [trainer-3]: process started with pid [17]\n"
        "[trainer-3] Traceback (most recent call last):\n"
        "[agent-2] waiting\n"
        "[trainer-3] MemoryError\n"
        "[ERROR] [trainer-3]: process has died [pid 17, exit code -9, cmd 'trainer'].\n"
        "[agent-2] interrupted\n"
        "[ERROR] [agent-2]: process has died [pid 16, exit code 1, cmd 'agent'].\n"
    )
    end = first_end(log)
    assert end is not None
    assert (end.name, end.exit_code) == ("trainer", -9)
    assert end.lines == ("Traceback (most recent call last):", "MemoryError")
    assert last_lines(log, 1)[0].startswith("[ERROR] [agent-2]")


def test_events_of_json_are_the_last_words_of_the_process_that_they_name(tmp_path):
    log = tmp_path / "launch.log"
    fault = {"process": "trainer", "message": "no room", "exception": "Traceback\nMemoryError"}
    log.write_text(
        "[INFO] [trainer-3]: process started with pid [17]\n"
        + json.dumps({"process": "agent", "message": "waiting"})
        + "\n"
        + json.dumps(fault)
        + "\n{no event\nSIM_TRACE_LOG:0,1\n"
        "[ERROR] [trainer-3]: process has died [pid 17, exit code 1, cmd 'trainer'].\n"
    )
    assert first_end(log) == End("trainer", 1, ("no room", "Traceback", "MemoryError"))


def test_the_last_words_of_a_failed_reward_function_begin_with_what_is_wrong(tmp_path):
    params = {f"name_{number}": number for number in range(30)} | {"steps": 37.0}
    with pytest.raises(RewardError) as error:
        RewardFunction(lambda params: None, "reward_function.py")(params)
    log = tmp_path / "launch.log"
    said = "".join(f"[rollout-5] {line}\n" for line in str(error.value).splitlines())
    died = "[ERROR] [rollout-5]: process has died [pid 17, exit code 2, cmd 'rollout'].\n"
    log.write_text("[rollout-5] episode 0\n" * 50 + said + died)
    end = first_end(log)
    assert end is not None
    assert any("reward_function at step 37: expected a finite number" in x for x in end.lines)


def test_a_process_that_ended_cleanly_first_is_not_to_blame_for_the_others(tmp_path):
    log = tmp_path / "launch.log"
    log.write_text(
        "[INFO] [simulator_bridge-1]: process has finished cleanly [pid 4]\n"
        "[ERROR] [agent-2]: process has died [pid 16, exit code 1, cmd 'agent'].\n"
    )
    assert first_end(log) == End("simulator_bridge", 0, ())


def test_a_log_in_which_all_still_run_names_nobody(tmp_path):
    log = tmp_path / "launch.log"
    log.write_text("[agent-2] waiting\n")
    assert first_end(log) is None
