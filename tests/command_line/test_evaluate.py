"""An evaluation of the run's models and of somebody's; the launch is a fake here."""

import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from deepracer.driven_lines import PlottedLine, draw_lines
from deepracer.model_source import copy_model, is_path
from deepracer_core.errors import ConfigurationError
from deepracer_core.evaluation_results import DrivenLine, read_lines, read_results, write_results
from deepracer_core.model_store import open_model_store
from deepracer_core.track_library import load_track


@pytest.fixture(scope="session")
def files(trained: dict[str, bytes]) -> dict[str, bytes]:
    """What a model needs to drive."""
    return {name: trained[name] for name in ("policy.tflite", "model_metadata.json")}


def archive_of(kind: str, files: dict[str, bytes], path: Path) -> Path:
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(f"mine/{name}", data)
        return path
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return path


@pytest.fixture
def store(files: dict[str, bytes], tmp_path: Path) -> Path:
    """A store whose best version is not its newest."""
    folder = tmp_path / "theirs"
    opened = open_model_store(str(folder))
    for version in (1, 2, 3):
        opened.publish(version, {**files, "optimizer.safetensors": b"o"}, {})
    opened.set_best(2, {})
    return folder


def test_models_are_named_as_a_version_or_by_their_place():
    assert not any(map(is_path, ("best", "latest", "last", "12")))
    assert all(map(is_path, ("theirs", "s3://bucket/prefix", "./12", "model.tar.gz")))


def test_the_best_version_of_a_store_is_copied_and_nothing_is_written_to_it(store, files, tmp_path):
    before = sorted(store.rglob("*"))
    assert copy_model(str(store), tmp_path / "own") == 2
    assert dict(open_model_store(str(tmp_path / "own")).load(2).files) == files
    assert sorted(store.rglob("*")) == before


def test_a_version_can_come_from_its_folder_or_an_archive(store, files, tmp_path):
    sources = {
        store / "versions" / "00000003": 3,
        archive_of("tar", files, tmp_path / "model.tar.gz"): 1,
        archive_of("zip", files, tmp_path / "model.zip"): 1,
    }
    for number, (source, version) in enumerate(sources.items()):
        own = tmp_path / f"own-{number}"
        assert copy_model(str(source), own) == version
        assert dict(open_model_store(str(own)).load(version).files) == files


def test_what_is_no_model_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no archive")
    for name, complaint in (
        ("nothing", "which is not there"),
        ("empty", "policy.tflite and model_metadata.json not found"),
        ("text", "expected a .tar.gz or .zip archive"),
    ):
        with pytest.raises(ConfigurationError, match=complaint):
            copy_model(str(tmp_path / name), tmp_path / "own")


def test_lines_and_trials_are_read_as_they_were_written(tmp_path):
    line = DrivenLine(np.array([0.0, 1.25]), np.array([2.0, -3.5]), np.array([0.0, 1.5]))
    write_results(tmp_path / "results.json", [], [line, line])
    assert read_results(tmp_path / "results.json") == []
    first, second = read_lines(tmp_path / "results.json")
    for name in ("x", "y", "speed"):
        np.testing.assert_array_equal(getattr(first, name), getattr(line, name))
        np.testing.assert_array_equal(getattr(second, name), getattr(line, name))
    write_results(tmp_path / "without.json", [])
    assert read_lines(tmp_path / "without.json") == []


def test_the_picture_shows_fast_and_slow_on_the_road():
    track = load_track("meadow_loop")
    distances = np.linspace(0.0, track.length, 200, endpoint=False)
    x, y, _ = np.array([track.pose_at(float(distance)) for distance in distances]).T
    fast_half = distances < track.length / 2
    line = DrivenLine(x, y, np.where(fast_half, 3.0, 1.0))
    bare = draw_lines(track, [], "bare")
    picture = draw_lines(track, [PlottedLine(line, "15.00 s, lap complete", True)], "one lap")
    assert picture.dtype == np.uint8
    map_width = picture.shape[1] - 400
    hsv = cv2.cvtColor(picture[:, :map_width], cv2.COLOR_BGR2HSV)
    strong = hsv[..., 1] > 150
    red, blue = strong & (hsv[..., 0] < 12), strong & (hsv[..., 0] > 85)
    assert 0.3 < red.sum() / blue.sum() < 3.0
    assert red.sum() > 1000
    bare_hsv = cv2.cvtColor(bare, cv2.COLOR_BGR2HSV)[:, :map_width]
    bare_strong, hue = bare_hsv[..., 1] > 150, bare_hsv[..., 0]
    assert not (bare_strong & ((hue < 12) | (hue > 85))).any()


def test_no_line_and_a_line_of_one_point_can_be_drawn():
    track = load_track("meadow_loop")
    nothing = DrivenLine(np.empty(0), np.empty(0), np.empty(0))
    point = DrivenLine(np.zeros(1), np.zeros(1), np.zeros(1))
    lines = [PlottedLine(line, "0.00 s, crashed at 0.0 %", False) for line in (nothing, point)]
    assert draw_lines(track, lines, "short").ndim == 3


def test_somebodys_model_is_evaluated_without_a_run(command, fake_ros2, store, tmp_path):
    done = subprocess.run(
        [*command, "evaluate", "--model", str(store), "--track", "meadow_loop", "--video"],
        env=fake_ros2,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Model v2 on meadow_loop" in done.stdout
    (results,) = (tmp_path / "runs" / "evaluations").iterdir()
    picture = cv2.imread(str(results / "lines.png"))
    assert picture is not None
    assert picture.shape[1] > 800
    assert str(results / "lines.png") in done.stdout
    assert (results / "deepracer.log").exists()
    assert "track: meadow_loop" in (results / "job.yaml").read_text()
    # The fake leaves no trace.
    assert "There is no video: the store has no trace of it." in done.stdout


def test_an_evaluation_that_cannot_begin_leaves_no_folder(command, fake_ros2, store, tmp_path):
    def evaluate(model):
        return subprocess.run(
            [*command, "evaluate", "--model", model],
            env=fake_ros2,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    refused = evaluate("./nothing")
    assert refused.returncode == 2
    assert "which is not there" in refused.stderr
    assert not (tmp_path / "runs" / "evaluations").exists()
    assert evaluate(str(store)).returncode == 0
    assert evaluate("./nothing").returncode == 2
    assert len(list((tmp_path / "runs" / "evaluations").iterdir())) == 1


def test_an_evaluation_of_no_laps_is_refused(deepracer, store, tmp_path):
    done = deepracer("evaluate", "--model", store, "--evaluation-trials", "0")
    assert done.returncode == 2
    assert "--evaluation-trials: setting 'evaluation_trials': expected at least 1" in done.stderr
    assert not (tmp_path / "runs").exists()
