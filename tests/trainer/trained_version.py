"""The files of a version whose policy is sure of what it does, as that of a trained one is."""

import json
from pathlib import Path

import numpy as np
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.model_metadata import parse_model_metadata
from deepracer_trainer.checkpoint import policy_file, state_files
from deepracer_trainer.learner import build_learner

DISCRETE = [{"steering_angle": angle, "speed": "1.5"} for angle in (-30, 0, 12.5)]
CONTINUOUS = {
    "steering_angle": {"low": -20, "high": 30},
    "speed": {"low": 0.5, "high": 2},
}


def trained_learner(text, seed=0, folder=Path()):
    """A learner of this model_metadata.json with a policy that its training would not begin with.

    Args:
        text: of the file.
        seed: of the weights.
        folder: of a user's own network.
    """
    metadata = parse_model_metadata(text, "model_metadata.json")
    learner = build_learner(metadata, Hyperparameters(), seed, folder)
    policy = learner.network.get_layer("policy")
    kernel, bias = policy.get_weights()
    rng = np.random.default_rng(seed)
    policy.set_weights([rng.normal(0.0, 0.4, kernel.shape), rng.normal(0.0, 0.4, bias.shape)])
    return learner


def version_files(seed=0, folder=Path(), **metadata):
    """Files of a version by name; `metadata` says what model_metadata.json does."""
    given = {"action_space": DISCRETE, "neural_network": "SMALL_CONVOLUTIONAL_NETWORK"}
    text = json.dumps({**given, **metadata})
    learner = trained_learner(text, seed, folder)
    return {
        "model_metadata.json": text.encode(),
        "hyperparameters.json": b"{}",
        "reward_function.py": b"def reward_function(params):\n    return 1.0\n",
        **state_files(learner.state()),
        **policy_file(learner.network),
    }
