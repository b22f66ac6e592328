"""e-greedy: as many random actions as hyperparameters and steps of a version say, else the best."""

import json

import numpy as np
import pytest
from deepracer_core.exploration import EpsilonGreedy
from deepracer_core.frame_stack import stacked_shape
from deepracer_core.lite_policy import LitePolicy, PolicyError
from deepracer_core.model_metadata import parse_model_metadata
from deepracer_core.model_store import open_model_store
from deepracer_core.model_watcher import load_acting_model
from deepracer_trainer.checkpoint import policy_file
from deepracer_trainer.networks import build_network
from identity_environment import CAMERA, SHAPES, TINY

METADATA = parse_model_metadata(
    json.dumps({"action_space": [{"steering_angle": a, "speed": 1.0} for a in (-9, 0, 9)]}), "test"
)
GREEDY = {"exploration_type": "e-greedy", "e_greedy_value": 0.1, "epsilon_steps": 1000}
FRAME = np.full(SHAPES[CAMERA[0]], 100, np.uint8)


def publish(folder, hyperparameters=None, steps=0, stack_size=1):
    shapes = {CAMERA[0]: stacked_shape(CAMERA[0], SHAPES[CAMERA[0]], stack_size)}
    network = build_network(TINY, shapes, 3, is_discrete=True, seed=0)
    network.get_layer("policy").set_weights([np.zeros((32, 3)), np.array([0.0, 1.0, 0.0])])
    files = policy_file(network)
    if hyperparameters is not None:
        files["hyperparameters.json"] = json.dumps(hyperparameters).encode()
    store = open_model_store(str(folder))
    store.publish(1, files, {"counters": {"steps": steps}})
    return load_acting_model(store, 1, METADATA).policy


@pytest.mark.parametrize(("steps", "epsilon"), [(500, 0.55), (1000, 0.1), (9000, 0.1)])
def test_random_actions_become_rarer_with_the_steps_learnt_from(tmp_path, steps, epsilon):
    policy, rng = publish(tmp_path, GREEDY, steps), np.random.default_rng(0)
    drawn = [policy.act({CAMERA[0]: FRAME}, rng, greedy=False) for _ in range(2000)]
    share = np.bincount(drawn, minlength=3) / len(drawn)
    np.testing.assert_allclose(share, [epsilon / 3, 1 - epsilon * 2 / 3, epsilon / 3], atol=0.04)


def test_in_an_evaluation_nothing_is_random(tmp_path):
    policy, rng = publish(tmp_path, GREEDY), np.random.default_rng(0)
    assert isinstance(policy, EpsilonGreedy)
    assert {policy.act({CAMERA[0]: FRAME}, rng, greedy=True) for _ in range(20)} == {1}


@pytest.mark.parametrize("hyperparameters", [None, {}, {"exploration_type": "categorical"}])
def test_without_it_actions_are_drawn_from_the_policy(tmp_path, hyperparameters):
    assert isinstance(publish(tmp_path, hyperparameters), LitePolicy)


def test_the_model_says_how_many_frames_it_wants(tmp_path):
    assert publish(tmp_path / "one").stack_size == 1
    assert publish(tmp_path / "three", GREEDY, stack_size=3).stack_size == 3


def test_a_version_with_broken_hyperparameters_is_no_model(tmp_path):
    with pytest.raises(PolicyError, match="version 1: lr: expected"):
        publish(tmp_path, {"lr": 7})
