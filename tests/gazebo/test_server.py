"""A server starts, says what is wrong, and leaves nothing behind however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_gazebo.client import GazeboSimulator, SimulatorError

from deepracer_gazebo import gazebo_place

FLAT_WORLD = Path(__file__).with_name("flat.world")
GONE_WITHIN = 10.0


def descendants(pid: int) -> dict[int, str]:
    """Process ids and names of all processes below one."""
    found = {}
    for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        found[child] = Path(f"/proc/{child}/comm").read_text().strip()
        found |= descendants(child)
    return found


def is_alive(pid: int) -> bool:
    """A zombie has ended: it only waits for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def assert_gone(processes: dict[int, str]) -> None:
    end = time.monotonic() + GONE_WITHIN
    while alive := {pid: name for pid, name in processes.items() if is_alive(pid)}:
        assert time.monotonic() < end, f"still there: {alive}"
        time.sleep(0.05)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """A server that is expected to fail."""
    return subprocess.run(
        [sys.executable, "-m", "deepracer_gazebo.server", *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_leaves_nothing(start_server, tmp_path: Path, number: int) -> None:
    server, socket = start_server()
    processes = descendants(server.pid)
    assert {"Xvfb", "gzserver"} <= set(processes.values())
    with GazeboSimulator(socket) as simulator:
        simulator.step(0.0, 1.0)
        server.send_signal(number)
        assert server.wait(timeout=GONE_WITHIN) == 0
        with pytest.raises(SimulatorError, match="gone away"):
            simulator.step(0.0, 1.0)
    assert_gone(processes)
    assert list(tmp_path.iterdir()) == []


def test_killed_it_leaves_no_process(start_server) -> None:
    server, _ = start_server()
    processes = descendants(server.pid)
    server.kill()
    server.wait()
    assert_gone(processes)


def test_killing_its_parent_leaves_no_process(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', "
        "'deepracer_gazebo.server', *sys.argv[1:]], stdout=subprocess.PIPE); "
        "p.stdout.readline(); print('ready', flush=True); p.wait()"
    )
    options = ["--world", str(FLAT_WORLD), "--socket", str(tmp_path / "sim.sock")]
    with subprocess.Popen(
        [sys.executable, "-c", program, *options],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout.readline() == "ready\n"
        processes = descendants(parent.pid)
        assert {"Xvfb", "gzserver"} <= set(processes.values())
        parent.kill()
    assert_gone(processes)


def test_when_gazebo_dies_the_server_says_so(start_server) -> None:
    server, _ = start_server()
    processes = descendants(server.pid)
    os.kill(next(pid for pid, name in processes.items() if name == "gzserver"), signal.SIGKILL)
    assert server.wait(timeout=GONE_WITHIN) == 1
    assert_gone(processes)


def test_two_servers_do_not_meet(start_server) -> None:
    (_, one), (_, other) = start_server(name="one"), start_server(name="other")
    with GazeboSimulator(one) as first, GazeboSimulator(other) as second:
        first.reset(0.0, 0.0, 0.0)
        second.reset(3.0, 0.0, 1.0)
        for _ in range(10):
            here, there = first.step(0.0, 1.0), second.step(0.0, 0.5)
    assert here.position[0] == pytest.approx(0.58, abs=0.05)
    assert there.position[0] == pytest.approx(3.0 + 0.31 * np.cos(1.0), abs=0.05)


def test_nothing_stays_mounted(start_server) -> None:
    before = Path("/proc/mounts").read_text()
    start_server()
    assert Path("/proc/mounts").read_text() == before


def test_a_world_that_is_not_there(tmp_path: Path) -> None:
    answer = run("--world", "/nowhere.world", "--socket", str(tmp_path / "s"))
    assert answer.returncode == 2
    assert "/nowhere.world: no such file" in answer.stderr


@pytest.mark.parametrize(
    ("old", "new", "code", "complaint"),
    [
        ("</sdf>", "", 2, "not XML"),
        ("libdeepracer_plugin.so", "libother.so", 2, "makes the car drive"),
        ("model://deepracer", "model://elephant", 2, "includes the model 'elephant'"),
        # Only Gazebo itself finds this one.
        ("<car>deepracer", "<car>elephant", 1, "the world has no model 'elephant'"),
    ],
)
def test_a_world_with_a_fault_is_named(
    tmp_path: Path, old: str, new: str, code: int, complaint: str
) -> None:
    world = tmp_path / "faulty.world"
    world.write_text(FLAT_WORLD.read_text().replace(old, new))
    answer = run("--world", str(world), "--socket", str(tmp_path / "s"))
    assert answer.returncode == code
    assert complaint in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list(tmp_path.iterdir()) == [world]


def test_a_socket_that_cannot_be(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120)
    assert "longer than" in run("--world", str(FLAT_WORLD), "--socket", str(long)).stderr
    missing = tmp_path / "missing" / "sim.sock"
    assert "folder is not there" in run("--world", str(FLAT_WORLD), "--socket", str(missing)).stderr


def test_no_gazebo_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no Gazebo 11"):
        gazebo_place.find_gazebo({"PATH": "", "DEEPRACER_GAZEBO_ROOT": str(tmp_path)})


def test_no_plugin_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/gzserver").touch()
    with pytest.raises(ConfigurationError, match="plugin is not built"):
        gazebo_place.find_gazebo({"PATH": "", "DEEPRACER_GAZEBO_ROOT": str(tmp_path)})


def test_a_screen_is_needed_to_show_the_world(tmp_path: Path) -> None:
    answer = run("--world", str(FLAT_WORLD), "--socket", str(tmp_path / "s"), "--gui", DISPLAY="")
    assert answer.returncode == 2
    assert "DISPLAY is not set" in answer.stderr
