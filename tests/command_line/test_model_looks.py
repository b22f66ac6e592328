"""A model to train on from, or one that is to race, is looked at before anything starts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from deepracer.preflight import job_findings, simulation_findings
from deepracer.run_folder import RunFolder
from deepracer.settings_sources import resolve_settings
from deepracer_core.model_store import ModelStore, open_model_store

FILES = ("manifest.json", "weights.safetensors", "optimizer.safetensors", "policy.tflite")


@pytest.fixture
def folder(tmp_path: Path, trained: dict[str, bytes]) -> RunFolder:
    """A run with two versions."""
    folder = RunFolder(tmp_path / "runs" / "mine")
    folder.logs.mkdir(parents=True)
    folder.settings_file.write_text("run: mine\n")
    for version in (1, 2):
        store_of(folder).publish(version, trained, {})
    return folder


def store_of(folder: RunFolder) -> ModelStore:
    return open_model_store(str(folder.store))


def damage(folder: RunFolder, name: str, version: int = 2) -> None:
    with (folder.store / f"versions/{version:08d}" / name).open("r+b") as file:
        file.write(b"\0\1\2\3")


def fault(folder: RunFolder, **given: object) -> str:
    found = {each.subject: each for each in job_findings(resolve_settings(given, {}), folder)}
    return "" if found["run"].good else found["run"].detail


def test_a_run_trains_on_from_a_model_that_is_whole_and_fits(folder):
    assert fault(folder) == ""


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named_with_a_way_out(folder, name):
    damage(folder, name)
    said = fault(folder)
    assert said.startswith("run: its newest model, version 2, cannot be trained on from: ")
    assert f"versions/00000002/{name}" in said
    assert said.endswith(
        "`deepracer train --from mine:1 --run NAME` starts a new run from the one before it"
    )


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_there_is_named(folder, name):
    path = folder.store / "versions/00000002" / name
    path.unlink()
    if name == "manifest.json":
        # That is how a version is that was never complete.
        assert fault(folder) == ""
    else:
        assert f"{path} is damaged: it is missing" in fault(folder)


def test_a_policy_that_is_none_is_found_though_it_is_as_it_was_stored(folder, trained):
    store_of(folder).publish(3, {**trained, "policy.tflite": b"no model"}, {})
    assert "8 bytes are no TensorFlow Lite model" in fault(folder)


def test_a_model_that_only_acts_is_not_trained_on_from(folder, trained):
    names = ("policy.tflite", "model_metadata.json")
    store_of(folder).publish(3, {name: trained[name] for name in names}, {})
    said = fault(folder)
    assert "it has no weights.safetensors and no optimizer.safetensors" in said


def test_what_a_killed_trainer_had_finished_is_looked_at_as_it_will_go_on_from_there(folder):
    (folder.store / "latest.json").write_text('{"version": 1}')
    damage(folder, "weights.safetensors")
    assert store_of(folder).latest() == 1
    assert "version 2, cannot be trained on from" in fault(folder)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        (
            {"action_space": [{"steering_angle": a, "speed": 2.0} for a in (-9, 9)]},
            "action_space",
        ),
        ({"sensor": ["LIDAR", "FRONT_FACING_CAMERA"]}, "sensor"),
        ({"neural_network": "DEEP_CONVOLUTIONAL_NETWORK"}, "neural_network"),
        ({"training_algorithm": "sac"}, "training_algorithm"),
    ],
)
def test_a_model_of_another_kind_is_refused(folder, trained, tmp_path, changed, name):
    path = tmp_path / "model_metadata.json"
    path.write_text(json.dumps({**json.loads(trained["model_metadata.json"]), **changed}))
    said = fault(folder, model_metadata=str(path))
    assert f"was trained with another {name} than {path} asks for" in said
    given = {"model_metadata": str(path), "store": str(folder.store)}
    found = simulation_findings(resolve_settings(given, {}))
    assert f"another {name} than {path}" in next(each for each in found if not each.good).detail


def test_another_stack_of_frames_is_refused(folder, tmp_path):
    path = tmp_path / "hyperparameters.json"
    path.write_text('{"stack_size": 3}')
    said = fault(folder, hyperparameters=str(path))
    assert f"was trained with another stack_size than {path} asks for" in said


def test_tensorflow_is_not_needed_for_it(folder):
    program = (
        "import sys; from pathlib import Path; from deepracer.preflight import *;"
        " from deepracer.settings_sources import resolve_settings;"
        " from deepracer.run_folder import RunFolder;"
        f" folder = RunFolder(Path({str(folder.path)!r}));"
        " found = list(job_findings(resolve_settings({}, {}), folder));"
        " print([each.detail for each in found if not each.good], 'tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[] False\n"


@pytest.mark.parametrize("name", ["manifest.json", "model_metadata.json", "policy.tflite"])
def test_an_evaluation_of_a_damaged_model_starts_nothing(
    command, fake_ros2, folder, tmp_path, name
):
    folder.become_latest()
    damage(folder, name)

    def evaluate(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, "evaluate", *arguments],
            env=fake_ros2,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    refused = evaluate("--model", "latest")
    assert refused.returncode == 2
    assert f"versions/00000002/{name}" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not folder.evaluations.exists()
    assert evaluate("--model", "1").returncode == 0


def test_an_evaluation_looks_at_the_reward_function_and_the_race(deepracer, folder, tmp_path):
    reward = tmp_path / "reward.py"
    reward.write_text("def reward_function(params):\n    return None\n")
    folder.settings_file.write_text(f"run: mine\nreward_function: {reward}\n")
    folder.become_latest()
    done = deepracer("evaluate", "--track", "nowhere", "--race-type", "object_avoidance")
    assert done.returncode == 2
    assert "unknown track 'nowhere'" in done.stderr
    done = deepracer("evaluate", "--race-type", "object_avoidance", "--object-positions", "nowhere")
    assert done.returncode == 2
    assert "race_type (from --race-type): object_positions" in done.stderr
    done = deepracer("evaluate")
    assert f"{reward}: reward_function at step 1: expected a finite number" in done.stderr
    assert not folder.evaluations.exists()
