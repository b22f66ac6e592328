"""`deepracer export`, with TensorFlow in a process of its own, on a version of a run."""

import json
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
from deepracer_core.model_store import open_model_store

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "trainer"))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a run of two versions, the first of which is the best, and a broken one."""
    from trained_version import version_files

    runs = tmp_path_factory.mktemp("made") / "runs"
    (runs / "mine").mkdir(parents=True)
    (runs / "mine" / "job.yaml").write_text("run: mine\n")
    (runs / "latest").symlink_to("mine")
    store = open_model_store(str(runs / "mine" / "store"))
    files = version_files()
    for version in (1, 2):
        store.publish(version, files, {})
    store.set_best(1, {})
    store.publish(3, {**files, "weights.safetensors": b"not any more"}, {})
    with (runs / "mine" / "store" / "versions" / "00000002" / "policy.tflite").open("ab") as file:
        file.write(b"more")
    return runs.parent


@pytest.fixture
def folder(made, tmp_path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True, symlinks=True)
    return tmp_path


def test_the_best_model_of_the_latest_run_and_the_same_one_as_somebodys(deepracer, folder):
    done = deepracer("export")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert f"Model v1 for the car: {folder}/model.tar.gz" in done.stdout
    with tarfile.open(folder / "model.tar.gz") as tar:
        assert tar.getnames() == ["model_metadata.json", "agent/model.pb"]
        assert json.load(tar.extractfile("model_metadata.json"))["sensor"] == [
            "FRONT_FACING_CAMERA"
        ]

    version = folder / "runs" / "mine" / "store" / "versions" / "00000001"
    before = sorted(folder.rglob("*"))
    done = deepracer("export", "--model", version, "--output", "theirs.tar.gz")
    assert done.returncode == 0, done.stderr
    assert sorted(folder.rglob("*")) == sorted([*before, folder / "theirs.tar.gz"])
    assert (folder / "model.tar.gz").read_bytes() == (folder / "theirs.tar.gz").read_bytes()


def test_somebodys_model_with_a_network_of_their_own(deepracer, tmp_path):
    from trained_version import version_files

    mine = tmp_path / "my_network.py"
    mine.write_text(
        "import keras\n"
        "def build(inputs):\n"
        "    x = keras.layers.Reshape((120, 160, 1))(inputs['FRONT_FACING_CAMERA'])\n"
        "    return keras.layers.Flatten()(keras.layers.AveragePooling2D(20)(x / 255.0))\n"
    )
    files = version_files(folder=tmp_path, neural_network="my_network.py:build")
    version = tmp_path / "theirs"
    version.mkdir()
    for name, data in {**files, mine.name: mine.read_bytes()}.items():
        (version / name).write_bytes(data)
    mine.unlink()
    done = deepracer("export", "--model", version)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model.tar.gz").is_file()
    (version / "my_network.py").unlink()
    done = deepracer("export", "--model", version)
    assert done.returncode == 2
    assert "my_network.py not found" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--version", "9"], "which has versions 1 to 3; got '9'"),
        (["--version", "2"], "policy.tflite"),
        (["--version", "last"], "model v3 for the car: weights.safetensors: no safetensors file"),
        (["--run", "nobody"], "there is no run 'nobody'"),
        (["--model", "nowhere"], "which is not there"),
        (["--model", "runs", "--version", "3"], "expected a store to choose version '3' from"),
        (["--model", "runs", "--run", "mine"], "expected one of them, got both"),
        (["--version", "1", "--output", "no/model.tar.gz"], "no/model.tar.gz cannot be written"),
    ],
)
def test_what_cannot_be_exported_is_named(deepracer, folder, arguments, message):
    done = deepracer("export", *arguments)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert not (folder / "model.tar.gz").exists()


def test_a_job_ends_with_the_package_of_its_best_model(train, folder):
    store = folder / "runs" / "mine" / "store"
    for version in ("00000002", "00000003"):
        shutil.rmtree(store / "versions" / version)
    (store / "latest.json").write_text('{"version": 1}')
    metadata = str(store / "versions" / "00000001" / "model_metadata.json")
    arguments = ["--model-metadata", metadata, "--evaluation-trials", "0"]
    out, err = train("finish", *arguments).communicate(timeout=60)
    assert err == ""
    assert "v1 for the car  runs/mine/model.tar.gz" in out
    with tarfile.open(folder / "runs" / "mine" / "model.tar.gz") as tar:
        assert tar.getnames() == ["model_metadata.json", "agent/model.pb"]


def test_a_job_without_a_package_says_why(train):
    out, err = train("finish", "--evaluation-trials", "0").communicate(timeout=60)
    assert err == ""
    assert "There is no package for the car: model v1 for the car: version 1 in" in out
    assert "has no file hyperparameters.json" in " ".join(out.split())
