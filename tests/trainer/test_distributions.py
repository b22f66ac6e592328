"""The densities are densities, and the entropies theirs."""

import numpy as np
import pytest
import tensorflow as tf
from deepracer_trainer.distributions import Beta, Categorical


def test_categorical():
    shares = np.array([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]], np.float32)
    distribution = Categorical(3)
    logits = np.log(shares) + 4.0
    found = distribution.log_probability(logits, np.array([1, 2], np.int32)).numpy()
    np.testing.assert_allclose(found, np.log([0.25, 0.7]), rtol=1e-5)
    entropy = -(shares * np.log(shares)).sum(axis=1)
    np.testing.assert_allclose(distribution.entropy(logits), entropy, rtol=1e-5)
    assert distribution.uniform_log_probability == pytest.approx(np.log(1 / 3))


def test_beta():
    distribution = Beta(2)
    parameters = np.array([[2.0, 5.0, 3.0, 1.5]], np.float32)  # alpha, beta, alpha, beta
    grid = np.linspace(-0.999, 0.999, 400, dtype=np.float32)
    steering, speed = (axis.ravel() for axis in np.meshgrid(grid, grid))
    actions = np.stack([steering, speed], axis=1)
    density = np.exp(
        distribution.log_probability(np.repeat(parameters, len(actions), axis=0), actions)
    )
    cell = (grid[1] - grid[0]) ** 2
    assert density.sum() * cell == pytest.approx(1.0, abs=0.01)
    mean = (density[:, None] * actions).sum(axis=0) * cell
    np.testing.assert_allclose(mean, [2 * 2 / 7 - 1, 2 * 3 / 4.5 - 1], atol=0.01)
    entropy = -(density * np.log(density)).sum() * cell
    assert distribution.entropy(parameters).numpy()[0] == pytest.approx(entropy, abs=0.01)


def test_beta_of_version_zero_is_flat():
    distribution = Beta(2)
    flat = np.ones((1, 4), np.float32)
    found = distribution.log_probability(flat, np.array([[0.3, -0.9]], np.float32)).numpy()[0]
    assert found == pytest.approx(distribution.uniform_log_probability, abs=1e-5)
    assert distribution.entropy(flat).numpy()[0] == pytest.approx(2 * np.log(2), abs=1e-5)


def test_an_action_on_the_border_has_a_finite_density():
    found = Beta(2).log_probability(
        np.array([[2.0, 5.0, 3.0, 1.5]], np.float32), np.array([[-1.0, 1.0]], np.float32)
    )
    assert np.isfinite(found).all()


def test_the_gradient_of_a_betas_entropy_is_its_slope():
    parameters = np.array([[1.2, 3.4, 8.0, 1.1], [2.5, 2.5, 30.0, 12.0]])
    given = tf.constant(parameters, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(given)
        entropy = Beta(2).entropy(given)
    slopes = np.empty_like(parameters)
    for index in np.ndindex(parameters.shape):
        ends = []
        for sign in (1.0, -1.0):
            moved = parameters.copy()
            moved[index] += sign * 1e-6
            ends.append(float(Beta(2).entropy(tf.constant(moved))[index[0]]))
        slopes[index] = (ends[0] - ends[1]) / 2e-6
    np.testing.assert_allclose(tape.gradient(entropy, given), slopes, rtol=2e-3, atol=1e-4)


def test_draws_are_of_the_beta_and_move_with_its_parameters():
    parameters = tf.constant([[2.0, 5.0]] * 20000)
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        drawn = Beta(1).sample(parameters, tf.constant([1, 2]))
        mean = tf.reduce_mean(drawn)
    assert float(mean) == pytest.approx(2.0 * 2.0 / 7.0 - 1.0, abs=0.01)
    # The mean is 2 alpha / (alpha + beta) - 1; so much it moves with alpha and with beta.
    moves = tf.reduce_sum(tape.gradient(mean, parameters), axis=0).numpy()
    np.testing.assert_allclose(moves, [2.0 * 5.0 / 49.0, -2.0 * 2.0 / 49.0], rtol=0.05)
