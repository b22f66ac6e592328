"""A version is all that training needs to go on as if it had never stopped."""

from dataclasses import replace

import numpy as np
import pytest
from deepracer_trainer.checkpoint import (
    OPTIMIZER_FILE,
    WEIGHTS_FILE,
    CheckpointError,
    read_state,
    read_weights,
    state_files,
)
from identity_environment import IdentityEnvironment, make_learner


def experience(seed=0, version=0):
    environment = IdentityEnvironment(seed, is_discrete=True)
    return [environment.drive(environment.random, version) for _ in range(16)]


def assert_same(first, second):
    for found, expected in ((first.weights, second.weights), (first.optimizer, second.optimizer)):
        assert found.keys() == expected.keys()
        for name, array in found.items():
            np.testing.assert_array_equal(array, expected[name], err_msg=name)
            assert array.dtype == expected[name].dtype
    assert first.random == second.random
    assert first.return_scale == second.return_scale


def test_state_survives_files():
    learner = make_learner()
    learner.update(experience())
    state = learner.state()
    assert state.optimizer["adam/iteration"] > 0
    assert_same(read_state(state_files(state), state), state)


def test_training_goes_on_exactly_after_a_restart():
    learner = make_learner(seed=1)
    learner.update(experience(0))
    learner.remember(1, keep=1)
    files = state_files(learner.state())

    resumed = make_learner(seed=2)
    resumed.restore(read_state(files, resumed.state()))
    resumed.remember(1, keep=1)
    for each in (learner, resumed):
        for seed in (1, 2):
            each.update(experience(seed, version=1))
    assert_same(resumed.state(), learner.state())


def test_the_learning_rate_is_the_one_configured_now():
    slow, fast = make_learner(lr=1e-8), make_learner(lr=1e-3)
    slow.restore(read_state(state_files(fast.state()), slow.state()))
    before = slow.state()
    slow.update(experience())
    for name, weights in slow.state().weights.items():
        if not name.startswith("value"):  # that one follows the scale of the returns
            np.testing.assert_allclose(weights, before.weights[name], atol=1e-5)


def test_weights_of_an_older_version_can_be_read_alone():
    state = make_learner().state()
    weights = read_weights({WEIGHTS_FILE: state_files(state)[WEIGHTS_FILE]})
    assert weights.keys() == state.weights.keys()


def test_refuses_files_of_another_network():
    files = state_files(make_learner(is_discrete=False).state())
    like = make_learner().state()
    with pytest.raises(CheckpointError, match=r"policy/bias: expected shape \(3,\), got \(4,\)"):
        read_state(files, like)


def test_refuses_files_of_a_network_with_other_sensors():
    files = state_files(make_learner(sensors=["STEREO_CAMERAS"]).state())
    like = make_learner(sensors=["FRONT_FACING_CAMERA"]).state()
    with pytest.raises(CheckpointError, match="another neural_network, action_space, sensor"):
        read_state(files, like)


def test_refuses_missing_and_broken_files():
    state = make_learner().state()
    files = state_files(state)
    with pytest.raises(CheckpointError, match=r"weights\.safetensors: the version does not have"):
        read_state({OPTIMIZER_FILE: files[OPTIMIZER_FILE]}, state)
    with pytest.raises(CheckpointError, match=r"weights\.safetensors: no safetensors file"):
        read_state(files | {WEIGHTS_FILE: b"nothing"}, state)
    fewer = {name: a for name, a in state.optimizer.items() if "velocity" not in name}
    with pytest.raises(CheckpointError, match=r"velocity: expected shape .*, got None"):
        read_state(files | state_files(replace(state, optimizer=fewer)), state)
