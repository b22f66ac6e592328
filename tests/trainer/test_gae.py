import numpy as np
import pytest
from deepracer_trainer.gae import generalised_advantage

REWARDS = np.array([1.0, 2.0, -1.0, 0.5], np.float32)
VALUES = np.array([0.3, -0.2, 0.7, 0.1, 4.0], np.float32)


def advantage(**changes):
    given = {"terminated": False, "discount": 0.9, "smoothing": 0.8} | changes
    return generalised_advantage(REWARDS, VALUES, **given)


def closed_form(values, discount, smoothing):
    """The paper's definition: every later error, discounted by (gamma lambda) per step."""
    errors = REWARDS + discount * values[1:] - values[:-1]
    return [
        sum((discount * smoothing) ** k * errors[t + k] for k in range(len(REWARDS) - t))
        for t in range(len(REWARDS))
    ]


def test_is_the_discounted_sum_of_errors():
    np.testing.assert_allclose(advantage(), closed_form(VALUES, 0.9, 0.8), rtol=1e-6)


def test_nothing_is_earned_after_a_termination():
    values = VALUES.copy()
    values[-1] = 0.0
    np.testing.assert_allclose(advantage(terminated=True), closed_form(values, 0.9, 0.8), rtol=1e-6)


def test_the_last_value_stands_for_what_a_cut_leaves_out():
    difference = advantage() - advantage(terminated=True)
    np.testing.assert_allclose(difference[-1], 0.9 * 4.0, rtol=1e-6)


def test_smoothing_one_is_the_return_and_zero_is_one_error():
    returns = [
        sum(0.9**k * r for k, r in enumerate([*REWARDS[t:], VALUES[-1]]))
        for t in range(len(REWARDS))
    ]
    np.testing.assert_allclose(advantage(smoothing=1.0) + VALUES[:-1], returns, rtol=1e-6)
    errors = REWARDS + 0.9 * VALUES[1:] - VALUES[:-1]
    np.testing.assert_allclose(advantage(smoothing=0.0), errors, rtol=1e-6)


def test_values_must_have_one_more_than_rewards():
    with pytest.raises(ValueError, match=r"expected shape \(5,\), .* got \(4,\)"):
        generalised_advantage(REWARDS, VALUES[:-1], terminated=True, discount=0.9, smoothing=0.9)
