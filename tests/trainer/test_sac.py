"""SAC learns, from what it remembers, reproducibly, and can be undone, stored and resumed."""

import math

import numpy as np
import pytest
import tensorflow as tf
from deepracer_trainer.checkpoint import read_state, state_files
from deepracer_trainer.distributions import Beta
from deepracer_trainer.experience import Trajectory
from deepracer_trainer.learning import NonFiniteLossError, UpdateInterruptedError
from identity_environment import IdentityEnvironment, grey, make_sac, make_segment

ROUNDING = 1e-5
"""TensorFlow orders some sums of this graph anew for each learner."""


def train(learner, environment, iterations, episodes=8):
    for version in range(iterations):
        act = environment.random if version == 0 else lambda o: environment.draw(learner, o)
        metrics = learner.update([environment.drive(act, version) for _ in range(episodes)])
    return metrics


@pytest.mark.parametrize("is_discrete", [True, False])
def test_learns_to_do_what_it_sees(is_discrete):
    learner = make_sac(is_discrete=is_discrete)
    environment = IdentityEnvironment(0, is_discrete=is_discrete)
    before = environment.greedy_reward(learner)
    train(learner, environment, iterations=10 if is_discrete else 20)
    after = environment.greedy_reward(learner)
    assert before < 0.75
    assert after > (0.99 if is_discrete else 0.85)


@pytest.mark.parametrize("is_discrete", [True, False])
def test_the_same_seed_gives_the_same_weights(is_discrete):
    states = []
    for _ in range(2):
        learner = make_sac(is_discrete=is_discrete, seed=3)
        train(learner, IdentityEnvironment(5, is_discrete=is_discrete), iterations=2)
        states.append(learner.state())
    assert_same_state(*states, rounding=ROUNDING)


@pytest.mark.parametrize("is_discrete", [True, False])
def test_the_target_is_the_soft_value_of_what_follows_unless_the_race_ended(is_discrete):
    """With critics that say 3 and 2 of everything: r + gamma (2 + alpha entropy), or r alone."""
    learner = make_sac(is_discrete=is_discrete, discount_factor=0.9, sac_alpha=0.5)
    state = learner.state()
    for name, says in (("q_0", 3.0), ("q_1", 2.0)):
        kernel = state.weights[f"target/{name}/kernel"]
        state.weights[f"target/{name}/kernel"] = np.zeros_like(kernel)
        state.weights[f"target/{name}/bias"] = np.full_like(
            state.weights[f"target/{name}/bias"], says
        )
    learner.restore(state)
    rewards, terminated = tf.constant([1.0, 1.0]), tf.constant([0.0, 1.0])
    after = {sensor: tf.constant(array) for sensor, array in grey(2).items()}
    cut, ended = learner.target(rewards, after, terminated, tf.constant([1, 2])).numpy()

    parameters = learner.network(grey(1))[0].numpy()
    if is_discrete:
        shares = np.exp(parameters) / np.exp(parameters).sum()
        entropy = -float((shares * np.log(shares)).sum())
    else:
        entropy = float(Beta(2).entropy(parameters)[0])
    temperature = 0.5 * 10.0 * (1.0 - 0.9)  # a stream of usual rewards is worth ten
    assert cut == pytest.approx(1.0 + 0.9 * (2.0 + temperature * entropy), rel=1e-5)
    assert ended == 1.0


def test_a_time_limit_is_no_end_of_the_world():
    """Reward one forever: the critics say ten, in their unit; where the race ended, much less."""
    values = []
    for terminated in (False, True):
        learner = make_sac(discount_factor=0.8, sac_alpha=0.0)
        ends = {"terminated": terminated, "truncated": not terminated}
        trajectory = Trajectory((make_segment(steps=1, **ends),))
        for _ in range(6):
            metrics = learner.update([trajectory] * 64)
        values.append(metrics["losses/q_value"])
    cut, ended = values
    assert cut > 4.0  # it goes on rising, as slowly as the targets follow
    assert ended == pytest.approx(10.0 * (1.0 - 0.8), rel=0.1)


def test_targets_follow_the_critics_slowly():
    learner = make_sac()
    before = learner.state().weights
    environment = IdentityEnvironment(0, is_discrete=True)
    learner.update([environment.drive(environment.random, 0, steps=1)])  # one gradient step
    after = learner.state().weights
    name = "q_0_hidden/kernel"
    expected = 0.99 * before[f"target/{name}"] + 0.01 * after[name]
    np.testing.assert_allclose(after[f"target/{name}"], expected, atol=1e-6)
    assert not np.allclose(after[name], before[name], atol=1e-6)


def test_the_policy_does_not_change_what_the_critics_see():
    learner = make_sac()
    shown = {sensor: tf.constant(array) for sensor, array in grey(2).items()}
    with tf.GradientTape() as tape:
        parameters, _ = learner.network(shown)
        loss = tf.reduce_sum(parameters[:, 0])
    for variable, gradient in zip(
        learner.network.trainable_variables,
        tape.gradient(loss, learner.network.trainable_variables),
        strict=True,
    ):
        assert (gradient is not None) == variable.path.startswith("policy"), variable.path


@pytest.mark.parametrize(("entropy", "direction"), [(0.999, 1.0), (0.001, -1.0)])
def test_the_temperature_leads_the_entropy_to_its_target(entropy, direction):
    """It begins at sac_alpha; while the policy is too decided it rises, else it falls."""
    learner = make_sac(sac_alpha=0.3)
    learner._target_entropy = 2.0 * entropy * math.log(3)
    environment = IdentityEnvironment(0, is_discrete=True)
    first = learner.update([environment.drive(environment.random, 0, steps=1)])
    assert first["losses/temperature"] == pytest.approx(0.3)
    last = train(learner, environment, iterations=4)
    assert direction * (last["losses/temperature"] - 0.3) > 0.001


@pytest.mark.parametrize("unit", [1e-3, 1e4])
def test_the_unit_of_the_reward_does_not_matter(unit):
    learner = make_sac()
    environment = IdentityEnvironment(0, is_discrete=True)
    paid = environment.reward
    environment.reward = lambda actions, right: paid(actions, right) * np.float32(unit)
    train(learner, environment, iterations=10)
    environment.reward = paid
    assert environment.greedy_reward(learner) > 0.95


@pytest.mark.parametrize("is_discrete", [True, False])
def test_training_goes_on_exactly_after_a_restart(is_discrete):
    def experience(seed):
        environment = IdentityEnvironment(seed, is_discrete=is_discrete)
        return [environment.drive(environment.random, seed) for _ in range(4)]

    learner = make_sac(is_discrete=is_discrete, seed=1)
    learner.update(experience(0))
    files = state_files(learner.state())

    resumed = make_sac(is_discrete=is_discrete, seed=2)
    resumed.restore(read_state(files, resumed.state()))
    for trajectory in experience(0):
        resumed.replay.add(trajectory)
    for each in (learner, resumed):
        for seed in (1, 2):
            each.update(experience(seed))
    assert_same_state(resumed.state(), learner.state(), rounding=ROUNDING)


def test_an_update_that_is_interrupted_leaves_no_trace():
    learner = make_sac()
    environment = IdentityEnvironment(0, is_discrete=True)
    learner.update([environment.drive(environment.random, 0) for _ in range(4)])
    before, drawable = learner.state(), learner.replay.drawable()
    calls = iter([False, False, True])
    with pytest.raises(UpdateInterruptedError):
        learner.update([environment.drive(environment.random, 0)], interrupted=lambda: next(calls))
    assert_same_state(learner.state(), before)
    np.testing.assert_array_equal(learner.replay.drawable(), drawable)


def test_a_reward_that_is_no_number_is_undone_and_named():
    learner = make_sac()
    environment = IdentityEnvironment(0, is_discrete=True)
    good = environment.drive(environment.random, 0)
    learner.update([good])
    before = learner.state()
    bad = environment.drive(environment.random, 0)
    bad.segments[0].rewards[3] = np.nan
    with pytest.raises(NonFiniteLossError, match="reward") as caught:
        learner.update([good, bad])
    assert caught.value.steps.tolist() == [8 + 3]
    assert_same_state(learner.state(), before)
    assert len(learner.replay.drawable()) == 8


def test_a_loss_that_explodes_is_undone_and_its_batch_named():
    learner = make_sac(lr=1e30)
    environment = IdentityEnvironment(0, is_discrete=True)
    before = learner.state()
    with pytest.raises(NonFiniteLossError, match=r"losses/.* drawn from worker 0 episode 1 seg"):
        learner.update([environment.drive(environment.random, 0) for _ in range(2)])
    assert_same_state(learner.state(), before)
    assert len(learner.replay.drawable()) == 0


def test_metrics_have_stable_names():
    environment = IdentityEnvironment(0, is_discrete=True)
    assert set(make_sac().update([environment.drive(environment.random, 0)])) == {
        "losses/critic",
        "losses/policy",
        "losses/q_value",
        "losses/entropy",
        "losses/temperature",
        "losses/gradient_norm",
        "losses/policy_gradient_norm",
        "losses/reward_scale",
        "losses/replay_steps",
    }


def assert_same_state(first, second, rounding=0.0):
    for found, expected in ((first.weights, second.weights), (first.optimizer, second.optimizer)):
        assert found.keys() == expected.keys()
        for name, array in found.items():
            np.testing.assert_allclose(
                array, expected[name], rtol=rounding, atol=rounding, err_msg=name
            )
    assert first.random == second.random
    assert first.return_scale == second.return_scale
    assert first.steps == second.steps
