"""A model drives only where its outputs mean what they meant when it was trained."""

import json

import pytest
from deepracer_core.lite_policy import PolicyError
from deepracer_core.model_metadata import parse_model_metadata
from deepracer_core.model_store import open_model_store
from deepracer_core.model_watcher import load_acting_model
from deepracer_core.observation import observation_shapes
from deepracer_trainer.checkpoint import policy_file
from deepracer_trainer.networks import build_network
from identity_environment import TINY

CAMERA = ("FRONT_FACING_CAMERA",)
DISCRETE = [{"steering_angle": angle, "speed": 1.0} for angle in (-20, 0, 20)]
OTHERS = [{"steering_angle": angle, "speed": 1.0} for angle in (-10, 0, 10)]
RANGE = {"steering_angle": {"low": -20, "high": 20}, "speed": {"low": 1, "high": 2}}
FASTER = {"steering_angle": {"low": -20, "high": 20}, "speed": {"low": 1, "high": 3}}


def metadata(action_space):
    return parse_model_metadata(json.dumps({"action_space": action_space}), "given.json")


def publish(folder, action_space):
    """A version that was trained for these actions."""
    actions = metadata(action_space).action_space
    network = build_network(
        TINY,
        {CAMERA[0]: observation_shapes(CAMERA)[CAMERA[0]]},
        actions.size,
        is_discrete=actions.is_discrete,
        seed=0,
    )
    text = json.dumps({"action_space": action_space, "version": 5})
    store = open_model_store(str(folder))
    store.publish(1, policy_file(network) | {"model_metadata.json": text.encode()}, {})
    return store


@pytest.mark.parametrize("actions", [DISCRETE, RANGE])
def test_the_same_actions_in_another_file_are_the_same(tmp_path, actions):
    assert load_acting_model(publish(tmp_path, actions), 1, metadata(actions)).version == 1


@pytest.mark.parametrize(("learnt", "given"), [(DISCRETE, OTHERS), (RANGE, FASTER)])
def test_other_actions_of_the_same_number_are_refused(tmp_path, learnt, given):
    store = publish(tmp_path, learnt)
    with pytest.raises(PolicyError) as refused:
        load_acting_model(store, 1, metadata(given))
    for part in ("version 1 was trained for", "20 deg", "model_metadata.json has"):
        assert part in str(refused.value)
