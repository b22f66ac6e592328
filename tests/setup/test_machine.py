"""What set-up learns of the machine: its mirror, its ROS 2, its lock, its shell."""

import fcntl
import re
import subprocess
import sys
from pathlib import Path

import pytest

from setup.interpreters import version_of
from setup.mirror import debian_mirror
from setup.report import Exit
from setup.ros import in_ros_shell, installed_ros

ROOT = Path(__file__).resolve().parents[2]
BOOKWORM = {"ID": "debian", "VERSION_CODENAME": "bookworm"}

ONE_LINE = """
# deb http://commented.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb [arch=amd64 signed-by=/some/key.gpg] http://near.example/debian bookworm main # ours
"""
STANZAS = """Types: deb
# http://snapshot.example/archive
URIs: http://far.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
"""


@pytest.fixture(autouse=True)
def _no_choice(monkeypatch):
    monkeypatch.delenv("DEEPRACER_DEBIAN_MIRROR", raising=False)


def test_mirror_of_one_line_sources(tmp_path):
    (tmp_path / "sources.list").write_text(ONE_LINE)
    assert debian_mirror(tmp_path, BOOKWORM) == "http://near.example/debian"


def test_mirror_of_stanzas(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(STANZAS)
    assert debian_mirror(tmp_path, BOOKWORM) == "http://far.example/debian"


def test_mirror_of_a_stanza_that_is_off(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text("Enabled: no\n" + STANZAS)
    assert debian_mirror(tmp_path, BOOKWORM) is None


def test_no_mirror_of_another_distribution(tmp_path):
    (tmp_path / "sources.list").write_text("deb http://ubuntu.example/ubuntu jammy main\n")
    assert debian_mirror(tmp_path, {"ID": "ubuntu", "VERSION_CODENAME": "jammy"}) is None


def test_mirror_by_choice(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPRACER_DEBIAN_MIRROR", "http://chosen.example/debian")
    assert debian_mirror(tmp_path, BOOKWORM) == "http://chosen.example/debian"


@pytest.mark.skipif(version_of("/usr/bin/python3") is None, reason="the system's Python is too new")
def test_installed_ros_is_found_and_used(tmp_path, monkeypatch):
    monkeypatch.delenv("ROS_DISTRO", raising=False)
    humble = tmp_path / "humble"
    (humble / "site/rclpy").mkdir(parents=True)
    (humble / "site/rclpy/__init__.py").touch()
    (humble / "setup.bash").write_text(f"export PYTHONPATH={humble}/site ROS_DISTRO=humble\n")
    (tmp_path / "jazzy").mkdir()
    (tmp_path / "jazzy/setup.bash").write_text("# nothing that can be imported\n")

    ros = installed_ros(tmp_path)
    assert ros is not None
    assert ros.name == "humble"
    said = subprocess.check_output(in_ros_shell(ros, ["printenv", "ROS_DISTRO"]), text=True)
    assert said == "humble\n"


def test_no_ros(tmp_path):
    assert installed_ros(tmp_path / "nothing") is None


def test_waits_for_another_set_up_of_this_checkout(set_up, checkout, programs):
    programs.write("redis-server", "echo v=7.0.15")
    (checkout / ".setup").mkdir()
    with (checkout / ".setup/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [sys.executable, "-m", "setup", "--only", "redis"]
        process = subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert "waiting for it" in process.stdout.readline()
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "redis      found" in rest


@pytest.mark.parametrize("shell", ["bash"])
def test_environment_says_when_nothing_is_set_up(checkout, shell):
    command = [shell, "-c", f". {checkout}/setup/environment.sh || exit 7"]
    process = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert process.returncode == 7
    assert f"run  make setup  in {checkout}" in process.stderr


def test_unknown_part(set_up):
    done = set_up("--only", "coffee")
    assert done.returncode == Exit.USAGE
    assert "invalid choice" in done.stdout


def test_exit_codes_are_documented():
    text = (ROOT / "docs/setup.md").read_text()
    assert {int(code) for code in Exit} == {
        int(line.split("|")[1]) for line in text.splitlines() if line[:3].strip("| ").isdigit()
    }


def test_colcon_finds_the_tests_of_every_area_once():
    meta = (ROOT / "colcon.meta").read_text()
    areas = sorted({file.parent.name for file in ROOT.glob("tests/*/test_*.py")})
    assert sorted(re.findall(r"\.\./\.\./tests/(\w+)", meta)) == areas
