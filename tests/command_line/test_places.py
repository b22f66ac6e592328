"""Two runs on one machine do not meet: domains, ports, folders, names."""

import os
import socket
import subprocess
import sys

import pytest
from deepracer.run_folder import new_run_folder, run_folder, run_names
from deepracer.workplace import claim_workplace
from deepracer_core.errors import ConfigurationError


def test_two_workplaces_share_nothing_and_are_given_back():
    with claim_workplace() as one, claim_workplace() as other:
        assert one.domain_id != other.domain_id
        assert one.gazebo_port != other.gazebo_port
        assert one.folder != other.folder
        assert one.folder.stat().st_mode & 0o077 == 0
        assert one.environment()["ROS_DOMAIN_ID"] == str(one.domain_id)
        first = one.domain_id
    assert not one.folder.exists()
    with claim_workplace() as again:
        assert again.domain_id == first


def test_a_socket_fits_into_the_workplace():
    with claim_workplace() as place:
        path = place.folder / "simulator-of-worker-31.socket"
        assert len(os.fsencode(path)) <= 107


def test_a_domain_that_another_ros_system_uses_is_passed_over():
    with claim_workplace() as place:
        taken = place.domain_id
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
        participant.bind(("127.0.0.1", 7400 + 250 * taken + 10))
        with claim_workplace() as place:
            assert place.domain_id != taken


def test_a_place_stays_taken_while_a_child_still_holds_it():
    with claim_workplace() as place:
        taken = place.domain_id
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(place.lock,)
        )
    with claim_workplace() as place:
        assert place.domain_id != taken
    child.communicate(b"\n")
    with claim_workplace() as place:
        assert place.domain_id == taken


def test_evaluations_get_a_folder_each_however_soon_one_follows_the_other(tmp_path):
    folder = run_folder(tmp_path, "mine")
    assert len({folder.new_evaluation() for _ in range(3)}) == 3


def test_runs_without_a_name_get_one_each_and_become_the_latest(tmp_path):
    names = {new_run_folder(tmp_path / "runs").name for _ in range(3)}
    assert len(names) == 3
    folder = new_run_folder(tmp_path / "runs")
    assert not folder.exists
    with folder.claim():
        folder.settings_file.write_text("seed: 1\n")
        folder.become_latest()
    assert folder.exists
    assert run_folder(tmp_path / "runs", "latest") == folder
    assert run_names(tmp_path / "runs") == (folder.name,)


def test_two_jobs_cannot_have_the_same_run(tmp_path):
    folder = run_folder(tmp_path, "mine")
    with (
        folder.claim(),
        pytest.raises(ConfigurationError, match=f"'mine' is in use by process {os.getpid()}"),
        folder.claim(),
    ):
        pass
    with folder.claim():
        pass


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigurationError, match=r"cannot be written.*--runs-folder"),
        run_folder(tmp_path / "file", "mine").claim(),
    ):
        pass
    with pytest.raises(ConfigurationError, match="cannot be written"):
        new_run_folder(tmp_path / "file")


def test_there_is_no_latest_run_before_the_first(tmp_path):
    with pytest.raises(ConfigurationError, match="no run has been started"):
        run_folder(tmp_path, "latest")
