"""The learner learns, reproducibly, and can be undone, stored and resumed."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from deepracer_core.sensors import CAMERA_SENSORS, LIDAR_SENSORS
from deepracer_trainer.experience import Trajectory
from deepracer_trainer.ppo import NonFiniteLossError, UpdateInterruptedError
from identity_environment import IdentityEnvironment, grey, make_learner, make_segment


def train(learner, environment, iterations, episodes=32, steps=8):
    for version in range(iterations):
        act = environment.random if version == 0 else lambda o: environment.draw(learner, o)
        driven = [environment.drive(act, version, steps) for _ in range(episodes)]
        metrics = learner.update(driven)
        learner.remember(version + 1, keep=2)
    return metrics


@pytest.mark.parametrize("is_discrete", [True, False])
def test_learns_to_do_what_it_sees(is_discrete):
    learner = make_learner(is_discrete=is_discrete, beta_entropy=0.001)
    environment = IdentityEnvironment(0, is_discrete=is_discrete)
    before = environment.greedy_reward(learner)
    train(learner, environment, iterations=20 if is_discrete else 30)
    after = environment.greedy_reward(learner)
    assert before < 0.75
    assert after > (0.99 if is_discrete else 0.85)


COMBINATIONS = [
    (*cameras, *lidar)
    for count in range(len(CAMERA_SENSORS) + 1)
    for cameras in combinations(CAMERA_SENSORS, count)
    for lidar in ((), *((sensor,) for sensor in LIDAR_SENSORS))
    if cameras or lidar
]


@pytest.mark.parametrize("sensors", COMBINATIONS, ids=" ".join)
def test_learns_from_every_combination_of_sensors(sensors):
    learner = make_learner(sensors=sensors, beta_entropy=0.001, lr=3e-3)
    environment = IdentityEnvironment(0, is_discrete=True, sensors=sensors)
    train(learner, environment, iterations=6, episodes=4, steps=64)
    assert environment.greedy_reward(learner) > 0.9


@pytest.mark.parametrize("is_discrete", [True, False])
def test_the_same_seed_gives_the_same_weights(is_discrete):
    states = []
    for _ in range(2):
        learner = make_learner(is_discrete=is_discrete, seed=3)
        train(learner, IdentityEnvironment(5, is_discrete=is_discrete), iterations=3)
        states.append(learner.state())
    first, second = states
    assert first.weights.keys() == second.weights.keys()
    for name, weights in first.weights.items():
        np.testing.assert_array_equal(weights, second.weights[name], err_msg=name)
    assert first.random == second.random


def test_another_seed_gives_other_weights():
    weights = [make_learner(seed=seed).state().weights["dense_0/kernel"] for seed in (3, 4)]
    assert not np.allclose(*weights)


def one_action(action, reward, version=0, steps=64):
    """Always the same picture and action, with a reward of its own for every second step."""
    rewards = np.where(np.arange(steps) % 2 == 0, reward, 0.0).astype(np.float32)
    actions = np.where(np.arange(steps) % 2 == 0, action, 1 - action).astype(np.int32)
    return Trajectory(
        (make_segment(actions=actions, rewards=rewards, terminated=True, version=version),)
    )


def probabilities(learner):
    logits = learner.network(grey(1))[0].numpy()[0]
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def test_what_was_rewarded_becomes_likelier_and_what_was_punished_less_likely():
    for reward, sign in ((1.0, 1.0), (-1.0, -1.0)):
        learner = make_learner(beta_entropy=0.0)
        before = probabilities(learner)[0]
        learner.update([one_action(0, reward)])
        assert sign * (probabilities(learner)[0] - before) > 0.01


def test_an_action_that_became_likely_enough_is_not_pushed_further():
    learner = make_learner(beta_entropy=0.0, num_epochs=10, clip_range=0.05)
    for _ in range(5):  # always the experience of version 0: the clip is what bounds the policy
        metrics = learner.update([one_action(0, 1.0)])
    assert metrics["losses/clip_fraction"] > 0.3
    assert probabilities(learner)[0] < 1 / 3 * 1.05 + 0.1


def test_probabilities_are_those_of_the_version_that_acted():
    """Right after a version was published, what it did has a ratio of one: nothing is clipped."""
    learner = make_learner(beta_entropy=0.0, lr=1e-8)
    environment = IdentityEnvironment(0, is_discrete=True)
    learner.update([environment.drive(environment.random, 0) for _ in range(8)])
    learner.remember(1, keep=2)
    acted = [environment.drive(lambda o: environment.draw(learner, o), 1) for _ in range(8)]
    assert learner.update(acted)["losses/approx_kl"] == pytest.approx(0.0, abs=1e-6)
    learner.remember(2, keep=2)

    # The weights move far away; the old version's actions are still judged by the old weights.
    state = learner.state()
    moved = {n: w + 0.5 if n == "policy/bias" else w for n, w in state.weights.items()}
    moved["policy/bias"][0] += 3.0
    learner.restore(replace(state, weights=moved))
    learner.remember(3, keep=2)
    assert learner.update(acted)["losses/approx_kl"] > 0.1
    assert learner.knows(1)
    learner.remember(4, keep=2)
    assert not learner.knows(1)
    assert learner.knows(0)


def test_a_time_limit_is_no_end_of_the_world():
    """Reward one forever: cut episodes keep the value at 1 / (1 - gamma), ended ones do not."""
    values = []
    for terminated in (False, True):
        learner = make_learner(discount_factor=0.8, num_epochs=10)
        ends = {"terminated": terminated, "truncated": not terminated}
        trajectory = Trajectory((make_segment(steps=4, **ends),))
        for _ in range(30):
            metrics = learner.update([trajectory] * 16)
        values.append(learner.network(grey(1))[1].numpy()[0] * metrics["losses/return_scale"])
    cut, ended = values
    assert cut == pytest.approx(5.0, rel=0.1)
    assert ended == pytest.approx((1 + 1.8 + 2.44 + 2.952) / 4, rel=0.1)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e4])
def test_the_unit_of_the_reward_does_not_matter(unit):
    learner = make_learner(beta_entropy=0.001)
    environment = IdentityEnvironment(0, is_discrete=True)
    paid = environment.reward
    environment.reward = lambda actions, right: paid(actions, right) * np.float32(unit)
    train(learner, environment, iterations=12)
    environment.reward = paid
    assert environment.greedy_reward(learner) > 0.9


def test_an_update_that_is_interrupted_leaves_no_trace():
    learner = make_learner()
    before = learner.state()
    calls = iter([False, False, True])
    environment = IdentityEnvironment(0, is_discrete=True)
    trajectories = [environment.drive(environment.random, 0) for _ in range(32)]
    with pytest.raises(UpdateInterruptedError):
        learner.update(trajectories, interrupted=lambda: next(calls))
    assert_same_state(learner.state(), before)


def test_a_reward_that_is_no_number_is_undone_and_named():
    learner = make_learner()
    environment = IdentityEnvironment(0, is_discrete=True)
    good = [environment.drive(environment.random, 0) for _ in range(8)]
    learner.update(good)
    before = learner.state()
    bad = environment.drive(environment.random, 0)
    bad.segments[0].rewards[3] = np.nan
    with pytest.raises(NonFiniteLossError, match="advantage") as caught:
        learner.update([*good, bad])
    assert caught.value.steps.tolist() == [64, 65, 66, 67]  # all that the reward counts for
    assert_same_state(learner.state(), before)
    learner.update(good)


@pytest.mark.parametrize("lr", [100.0, 1e30])
def test_a_loss_that_explodes_is_undone(lr):
    """Whether it still is a number or not."""
    learner = make_learner(lr=lr)
    environment = IdentityEnvironment(0, is_discrete=True)
    before = learner.state()
    with pytest.raises(NonFiniteLossError, match="losses/") as caught:
        learner.update([environment.drive(environment.random, 0) for _ in range(16)])
    assert len(caught.value.steps) == 32
    assert_same_state(learner.state(), before)


def test_metrics_have_stable_names():
    environment = IdentityEnvironment(0, is_discrete=True)
    metrics = make_learner().update([environment.drive(environment.random, 0) for _ in range(8)])
    assert set(metrics) == {
        "losses/total",
        "losses/policy",
        "losses/value",
        "losses/entropy",
        "losses/approx_kl",
        "losses/clip_fraction",
        "losses/gradient_norm",
        "losses/explained_variance",
        "losses/return_scale",
    }
    assert metrics["losses/entropy"] == pytest.approx(np.log(3), abs=0.05)


def assert_same_state(first, second):
    for found, expected in ((first.weights, second.weights), (first.optimizer, second.optimizer)):
        assert found.keys() == expected.keys()
        for name, array in found.items():
            np.testing.assert_array_equal(array, expected[name], err_msg=name)
    assert first.random == second.random
    assert first.return_scale == second.return_scale
