"""Bad input gets an error that names it, and nothing is started."""

import re
from pathlib import Path

import boto3
import numpy as np
import pytest
from deepracer.preflight import job_findings, refuse_faults
from deepracer.run_folder import RunFolder
from deepracer.settings_sources import resolve_settings
from deepracer_core.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


def faults(folder: RunFolder | None = None, **given: object) -> dict[str, str]:
    found = job_findings(resolve_settings(given, {}), folder)
    return {finding.subject: finding.detail for finding in found if not finding.good}


def test_the_shipped_files_can_be_used():
    assert faults() == {}


def test_a_reward_function_is_tried_in_the_race_that_it_is_for():
    examples = ROOT / "tests" / "rules" / "examples" / "reward_functions"
    given = {"reward_function": examples / "avoid_objects.py"}
    assert faults(**given, race_type="object_avoidance") == {}
    assert faults(**given, race_type="head_to_bot") == {}
    assert "IndexError" in faults(**given)["reward_function"]


def test_objects_that_do_not_fit_on_the_track_are_a_fault():
    given = {"race_type": "object_avoidance", "randomize_obstacle_locations": "true"}
    found = faults(**given, number_of_obstacles="20")
    assert list(found) == ["race_type"]
    assert "20 boxes 2 m from each other and from the car need 42 m" in found["race_type"]


def test_every_fault_is_named_at_once(tmp_path):
    (tmp_path / "reward.py").write_text("def reward_function(params):\n    return 1.0 +\n")
    (tmp_path / "hyperparameters.json").write_text('{"batch_size": "48"}')
    (tmp_path / "metadata.json").write_text("{")
    with pytest.raises(ConfigurationError) as caught:
        refuse_faults(
            job_findings(
                resolve_settings(
                    {
                        "track": "meadow_lop",
                        "reward_function": str(tmp_path / "reward.py"),
                        "hyperparameters": str(tmp_path / "hyperparameters.json"),
                        "model_metadata": str(tmp_path / "metadata.json"),
                        "redis": "redis://127.0.0.1:1",
                    },
                    {},
                ),
                None,
            )
        )
    text = str(caught.value)
    assert "track (from --track): unknown track 'meadow_lop'" in text
    assert "reward.py, line 2" in text
    assert "batch_size" in text
    assert str(tmp_path / "metadata.json") in text
    assert "redis://127.0.0.1:1" in text


@pytest.mark.parametrize("answer", ["None", "float('nan')", "'fast'", "params['sped']"])
def test_the_reward_function_is_tried_at_the_start_line(tmp_path, answer):
    path = tmp_path / "reward.py"
    path.write_text(f"def reward_function(params):\n    return {answer}\n")
    fault = faults(reward_function=str(path))["reward_function"]
    assert "reward_function at step 1" in fault
    assert str(path) in fault


def test_a_redis_that_answers_is_fine(redis_server):
    assert faults(redis=redis_server.url) == {}


def test_an_address_that_is_none_of_redis_is_named():
    assert "redis (from --redis): " in faults(redis="http://localhost")["redis"]


def test_a_wrong_bucket_is_named_and_a_right_one_is_fine(s3_endpoint, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL_S3": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    assert "no-such-bucket" in faults(store="s3://no-such-bucket/run")["store"]
    boto3.client("s3").create_bucket(Bucket="models")
    assert faults(store="s3://models/run") == {}


def test_a_store_that_cannot_be_written_is_named():
    assert "/proc/nothing" in faults(store="/proc/nothing")["store"]


def test_check_shows_each_finding_and_each_setting(deepracer, tmp_path):
    done = deepracer("check", "--seed", "7", DEEPRACER_SEGMENT_LENGTH="16")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.split()[:2] == ["ok", "reward_function"] for line in lines)
    assert any(line.split() == ["seed", "7", "--seed"] for line in lines)
    wanted = ["segment_length", "16", "DEEPRACER_SEGMENT_LENGTH"]
    assert any(line.split() == wanted for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_a_bad_input_ends_the_command_before_anything_starts(deepracer, tmp_path):
    done = deepracer("train", "--track", "nowhere", DEEPRACER_REDIS="redis://:pass@127.0.0.1:1")
    assert done.returncode == 2
    assert "unknown track 'nowhere'" in done.stderr
    assert "redis (from DEEPRACER_REDIS)" in done.stderr
    assert "pass@" not in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "--trak", "x"), "No such option: --trak"),
        (("train", "--seed", "x"), "--seed: setting 'seed': should be a valid integer"),
        (("train", "--config", "no.yaml"), "no.yaml cannot be read"),
        (("evaluate", "--run", "none"), "there is no run 'none'"),
        (("evaluate",), "no run has been started"),
    ],
)
def test_usage_errors(deepracer, arguments, message):
    done = deepracer(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_tracks_are_listed(deepracer):
    done = deepracer("tracks")
    assert done.returncode == 0
    assert "meadow_loop" in done.stdout


def test_a_route_file_becomes_a_track(deepracer, tmp_path: Path):
    angle = np.linspace(0.0, 2.0 * np.pi, 60)
    ring = np.column_stack((np.cos(angle), np.sin(angle)))
    np.save(tmp_path / "ring.npy", np.hstack((3.0 * ring, 2.6 * ring, 3.4 * ring)))
    done = deepracer("import-track", "ring.npy")
    assert done.returncode == 0
    assert "ring: 18.8" in done.stdout
    assert (tmp_path / "tracks/worlds/ring.world").is_file()
    assert re.search(r"ring +18.8 m +0.80 m +imported", deepracer("tracks").stdout)
    assert "ring, 18.8 m" in deepracer("check", "--track", "ring").stdout
    np.save(tmp_path / "turned.npy", np.hstack((3.0 * ring, 3.4 * ring, 2.6 * ring)))
    turned = deepracer("import-track", "turned.npy")
    assert turned.returncode == 0
    assert "turned.npy: expected the inner border inside the outer one" in turned.stderr
    refused = deepracer("import-track", "ring.npy", "--name", "meadow_loop")
    assert refused.returncode == 2
    assert "'meadow_loop': one of the project's own models" in refused.stderr
    assert "no such file" in deepracer("import-track", "rang.npy").stderr


def test_the_settings_file_of_the_working_folder_is_read(deepracer, tmp_path: Path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "job.yaml").write_text("sead: 3\n")
    done = deepracer("check")
    assert done.returncode == 2
    assert "config/job.yaml: unknown setting 'sead'; did you mean 'seed'?" in done.stderr
