"""Gazebo 11 in a root file system: found, refused, interrupted, repaired."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from setup.privileges import may_have_own_mounts

GAZEBO = ("--only", "gazebo")
# In a user namespace: root over the files of the user who runs the tests, and nobody else's.
AS_ROOT = ("/usr/bin/unshare", "--user", "--map-root-user")
AS_NOBODY = ("/usr/bin/unshare", "--user")

needs_namespaces = pytest.mark.skipif(
    not may_have_own_mounts(), reason="this container may not mount anything"
)


@pytest.fixture
def debootstrap(programs):
    """Programs that do as if they made a root file system; `debootstrap` can be replaced."""
    for name in ("mount", "umount", "chroot", "apt-config", "apt-get"):
        programs.write(name, "exit 0")
    programs.link("cp", "mv", "chmod", "grep", "sleep", "touch")
    make = """
        for word; do case $word in *.building) root=$word ;; esac; done
        mkdir -p "$root/etc/apt/apt.conf.d" "$root/etc/dpkg/dpkg.cfg.d" "$root/usr/sbin"
    """

    def behave(then: str = ""):
        programs.write("debootstrap", f"{make}\n{then}")

    behave()
    return behave


def test_finds_what_is_complete(set_up, cache):
    (cache / "gazebo-11/opt/deepracer").mkdir(parents=True)
    (cache / "gazebo-11/opt/deepracer/recipe").write_text("1\n")
    done = set_up(*GAZEBO)
    assert done.returncode == 0, done.stdout
    assert "found 11 in" in done.stdout


def test_root_file_system_that_is_named_must_have_gazebo(set_up, tmp_path):
    done = set_up(*GAZEBO, environment={"DEEPRACER_GAZEBO_ROOT": str(tmp_path)})
    assert done.returncode == 6
    assert f"DEEPRACER_GAZEBO_ROOT is {tmp_path}" in done.stdout


@needs_namespaces
def test_without_root_and_sudo(set_up, cache):
    done = set_up(*GAZEBO, before=AS_NOBODY)
    assert done.returncode == 3, done.stdout
    assert "there is no sudo" in done.stdout
    assert not (cache / "gazebo-11").exists()


@needs_namespaces
def test_sudo_that_refuses(set_up, programs):
    programs.write("sudo", "exit 1")
    done = set_up(*GAZEBO, before=AS_NOBODY)
    assert done.returncode == 3, done.stdout
    assert "sudo refuses" in done.stdout


@needs_namespaces
def test_without_room(set_up, cache, debootstrap):
    cache.mkdir()
    small = f'mount -t tmpfs -o size=1m none {cache} && exec "$@"'
    before = (*AS_ROOT, "--mount", "/bin/sh", "-c", small, "sh")
    done = set_up(*GAZEBO, before=before, environment={"PATH": "/nowhere:/bin"})
    assert done.returncode == 4, done.stdout
    assert "3.0 GB below" in done.stdout
    assert "0.0 GB are free" in done.stdout


@needs_namespaces
def test_without_network_nothing_is_left(set_up, cache, debootstrap):
    debootstrap("echo 'E: Failed getting release file'; exit 1")
    done = set_up(*GAZEBO, before=AS_ROOT)
    assert done.returncode == 5, done.stdout
    assert "E: Failed getting release file" in done.stdout
    assert [path.name for path in cache.iterdir()] == ["gazebo-11.lock"]


@needs_namespaces
def test_is_made_beside_and_renamed_once(set_up, cache, debootstrap):
    done = set_up(*GAZEBO, before=AS_ROOT)
    assert done.returncode == 0, done.stdout
    assert (cache / "gazebo-11/opt/deepracer/recipe").read_text() == "1\n"
    assert not (cache / "gazebo-11.building").exists()
    debootstrap("exit 1")
    again = set_up(*GAZEBO, before=AS_ROOT)
    assert again.returncode == 0
    assert "found" in again.stdout


@needs_namespaces
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_in_the_middle(signal_number, set_up, checkout, cache, programs, debootstrap):
    debootstrap('touch "$root/half"; exec sleep 1000')
    process = subprocess.Popen(
        [*AS_ROOT, sys.executable, "-m", "setup", *GAZEBO],
        cwd=checkout,
        env={
            "PATH": str(programs.folder),
            "DEEPRACER_CACHE": str(cache),
            "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    wait_for(lambda: (cache / "gazebo-11.building/half").exists())
    process.send_signal(signal_number)
    code = process.wait(timeout=20)

    assert code == (-signal.SIGKILL if signal_number == signal.SIGKILL else 130)
    wait_for(lambda: not processes_that_name(cache))
    assert not (cache / "gazebo-11").exists()
    if signal_number != signal.SIGKILL:
        assert not (cache / "gazebo-11.building").exists()

    debootstrap()
    done = set_up(*GAZEBO, before=AS_ROOT)
    assert done.returncode == 0, done.stdout
    assert not (cache / "gazebo-11/half").exists()


@needs_namespaces
def test_two_at_once_make_it_once(set_up, checkout, cache, programs, debootstrap):
    debootstrap(f"echo made >> {cache}/times; sleep 0.5")
    command = [*AS_ROOT, sys.executable, "-m", "setup", *GAZEBO]
    environment = {
        "PATH": str(programs.folder),
        "DEEPRACER_CACHE": str(cache),
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
    }
    both = [
        subprocess.Popen(command, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = "".join(process.communicate()[0] for process in both)
    assert [process.returncode for process in both] == [0, 0], said
    assert (cache / "times").read_text() == "made\n"
    assert "waiting for it" in said


def wait_for(condition, deadline_s: float = 20.0):
    """Wait until a condition holds that other processes bring about."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def processes_that_name(path: Path) -> list[str]:
    """Command lines of other running processes in which a path occurs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if folder.name != str(os.getpid()) and any(str(path) in word for word in words):
            found.append(" ".join(words))
    return found
