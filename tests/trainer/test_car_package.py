"""The package: what is in it, that it is checked, and that the same model gives the same file."""

import json
import tarfile

import numpy as np
import pytest
import safetensors.numpy
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_metadata import parse_model_metadata
from deepracer_core.model_store import open_model_store
from deepracer_trainer.car_package import PackageError, car_metadata, main, write_package
from trained_version import CONTINUOUS, version_files

OWN_NETWORK = """
import keras

def build(inputs):
    x = keras.layers.Rescaling(1 / 255)(inputs["FRONT_FACING_CAMERA"])
    x = keras.layers.AveragePooling2D(8)(keras.layers.Reshape((120, 160, 1))(x))
    return keras.layers.Dense(16, activation="relu")(keras.layers.Flatten()(x))
"""


@pytest.fixture(scope="module")
def files():
    return version_files()


def test_holds_the_graph_and_the_metadata(files, tmp_path):
    path = tmp_path / "model.tar.gz"
    package = write_package(files, path)
    assert package.size == path.stat().st_size
    assert package.difference < 1e-5
    with tarfile.open(path) as tar:
        assert tar.getnames() == ["model_metadata.json", "agent/model.pb"]
        assert {member.mtime for member in tar} == {0}
        metadata = json.load(tar.extractfile("model_metadata.json"))
    assert metadata["sensor"] == ["FRONT_FACING_CAMERA"]
    assert metadata["training_algorithm"] == "clipped_ppo"
    assert metadata["action_space"][2] == {"steering_angle": 12.5, "speed": 1.5, "index": 2}
    assert [each.name for each in tmp_path.iterdir()] == ["model.tar.gz"]


def test_the_same_model_gives_the_same_bytes(files, tmp_path):
    for name in ("first", "second"):
        write_package(files, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    write_package(version_files(seed=1), tmp_path / "other")
    assert (tmp_path / "other").read_bytes() != (tmp_path / "first").read_bytes()


@pytest.mark.parametrize(
    "metadata",
    [
        {"action_space": CONTINUOUS},
        {"action_space": CONTINUOUS, "sensor": ["STEREO_CAMERAS", "LIDAR"]},
        {"sensor": ["SECTOR_LIDAR"]},
        {"training_algorithm": "sac"},
        {"training_algorithm": "sac", "action_space": CONTINUOUS},
    ],
)
def test_any_action_space_and_sensors(metadata, tmp_path):
    files = version_files(**metadata)
    assert write_package(files, tmp_path / "model.tar.gz").difference < 1e-5


@pytest.mark.parametrize("algorithm", ["clipped_ppo", "sac"])
def test_a_users_own_network(algorithm, tmp_path):
    """Of which the store has the file, wherever the user had it."""
    mine = tmp_path / "networks" / "mine.py"
    mine.parent.mkdir()
    mine.write_text(OWN_NETWORK)
    files = version_files(
        folder=tmp_path, neural_network="networks/mine.py:build", training_algorithm=algorithm
    )
    store, output = tmp_path / "store", tmp_path / "model.tar.gz"
    open_model_store(str(store)).publish(7, {**files, "mine.py": mine.read_bytes()}, {})
    mine.unlink()
    with pytest.raises(SystemExit) as ended:
        main(["--store", str(store), "--version", "7", "--output", str(output)])
    assert ended.value.code == 0
    with tarfile.open(output) as tar:
        metadata = json.load(tar.extractfile("model_metadata.json"))
    assert metadata["neural_network"] == "networks/mine.py:build"


def test_the_metadata_says_all_in_plain_numbers():
    text = json.dumps({"action_space": CONTINUOUS, "sensor": "observation", "preprocess_type": "x"})
    said = json.loads(car_metadata(parse_model_metadata(text, "mine")))
    assert said == {
        "action_space": {
            "steering_angle": {"low": -20.0, "high": 30.0},
            "speed": {"low": 0.5, "high": 2.0},
        },
        "action_space_type": "continuous",
        "sensor": ["FRONT_FACING_CAMERA"],
        "neural_network": "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW",
        "training_algorithm": "clipped_ppo",
        "version": "6",
        "preprocess_type": "x",
    }


def broken(files):
    weights = safetensors.numpy.load(files["weights.safetensors"])
    nan = {**weights, "policy/bias": np.full_like(weights["policy/bias"], np.nan)}
    other = version_files(seed=7)
    other_space = {"action_space": [{"steering_angle": a, "speed": 1} for a in (-9, 9)]}
    return {
        "another version's policy": ({"policy.tflite": other["policy.tflite"]}, "differs from"),
        "weights that are no numbers": (
            {"weights.safetensors": safetensors.numpy.save(nan)},
            "by nan on random observations",
        ),
        "weights cut short": (
            {"weights.safetensors": files["weights.safetensors"][:1000]},
            "no safetensors file",
        ),
        "weights of another network": (
            {"weights.safetensors": safetensors.numpy.save({"dense_0/bias": np.zeros(3)})},
            "another neural_network, action_space, sensor",
        ),
        "no policy": ({"policy.tflite": b"nothing"}, "no TensorFlow Lite model"),
        "another action space": (
            {"model_metadata.json": json.dumps(other_space).encode()},
            "policy: expected",
        ),
    }


def test_a_broken_model_is_refused_and_the_old_package_stays(files, tmp_path):
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"the one before")
    for what, (changed, complaint) in broken(files).items():
        with pytest.raises(PackageError) as caught:
            write_package({**files, **changed}, path)
        assert complaint in str(caught.value), what
        assert path.read_bytes() == b"the one before"
        assert [each.name for each in tmp_path.iterdir()] == ["model.tar.gz"]
    with pytest.raises(ConfigurationError, match=r"model_metadata\.json"):
        write_package({**files, "model_metadata.json": b"\xff"}, path)
