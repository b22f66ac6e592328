"""A user's own network is built from a Python file, and its errors name the file."""

import json

import numpy as np
import pytest
from deepracer_core.action_space import Command, DiscreteActionSpace
from deepracer_core.errors import ConfigurationError
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.lite_policy import LitePolicy
from deepracer_core.model_metadata import parse_model_metadata
from deepracer_trainer.checkpoint import policy_file
from deepracer_trainer.learner import build_learner
from deepracer_trainer.networks import ARCHITECTURES

ACTIONS = [{"steering_angle": angle, "speed": 1.0} for angle in (-30, 0, 30)]
SPACE = DiscreteActionSpace([Command(0.0, 1.0)] * 3)
BUILD = """
import keras

def build(inputs):
    x = keras.layers.Reshape((120, 160, -1))(inputs["FRONT_FACING_CAMERA"])
    x = keras.layers.Rescaling(1 / 255)(x)
    x = keras.layers.AveragePooling2D(8)(x)
    return keras.layers.Dense(16, activation="relu")(keras.layers.Flatten()(x))
"""


def learner(folder, text, algorithm="clipped_ppo", function="build", seed=0):
    (folder / "my_network.py").write_text(text)
    given = {
        "action_space": ACTIONS,
        "neural_network": f"my_network.py:{function}",
        "training_algorithm": algorithm,
    }
    metadata = parse_model_metadata(json.dumps(given), "model_metadata.json")
    return build_learner(metadata, Hyperparameters(), seed, folder)


@pytest.mark.parametrize("algorithm", ["clipped_ppo", "sac"])
def test_it_is_what_acts(tmp_path, algorithm):
    network = learner(tmp_path, BUILD, algorithm).network
    assert network.count_params() < 30_000
    policy = LitePolicy(policy_file(network)["policy.tflite"], SPACE, ["FRONT_FACING_CAMERA"])
    picture = np.random.default_rng(0).integers(0, 256, (120, 160), np.uint8)
    expected = network({"FRONT_FACING_CAMERA": picture[None]})[0].numpy()[0]
    found = policy.parameters({"FRONT_FACING_CAMERA": picture})
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_same_seed_gives_the_same_first_weights(tmp_path):
    first, second, other = (
        learner(tmp_path, BUILD, seed=seed).network.get_weights() for seed in (1, 1, 2)
    )
    for one, same in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, same)
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def build(inputs:", r"my_network\.py: expected a network's Python file"),
        ("import nothing_like_this", r"my_network\.py: it cannot be imported: ModuleNotFound"),
        ("x = 1", r"my_network\.py: expected `def build\(inputs\)`, got None"),
        ("def build(inputs): return inputs['LIDAR']", r"my_network\.py: build failed: KeyError"),
        ("def build(inputs): return 3", r"my_network\.py: build: expected features .* got 3"),
        (
            BUILD.replace('activation="relu"', 'name="policy_features"'),
            r"my_network\.py: build: expected no layer whose name begins with policy, .*'policy_f",
        ),
        (
            "def build(inputs): return inputs['FRONT_FACING_CAMERA']",
            r"my_network\.py: build: expected features .* got uint8\[None, 120, 160\]",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path, text, message):
    with pytest.raises(ConfigurationError, match=message):
        learner(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    given = {"action_space": ACTIONS, "neural_network": "nowhere.py:build"}
    metadata = parse_model_metadata(json.dumps(given), "model_metadata.json")
    with pytest.raises(ConfigurationError, match=r"nowhere\.py: expected a network's Python file"):
        build_learner(metadata, Hyperparameters(), 0, tmp_path)
    assert metadata.neural_network not in ARCHITECTURES
