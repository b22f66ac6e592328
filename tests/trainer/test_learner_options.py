"""What the hyperparameters of the losses and of the optimiser do."""

import numpy as np
import pytest
from deepracer_trainer.ppo import value_error
from identity_environment import IdentityEnvironment, grey, make_learner, make_sac

STEPS = 64


def experience(version=0):
    environment = IdentityEnvironment(0, is_discrete=True)
    return [environment.drive(environment.random, version) for _ in range(STEPS // 8)]


def momentum(learner, of=""):
    """Length of Adam's first moments: after a single step, a tenth of the gradient's."""
    slots = learner.state().optimizer
    return np.sqrt(
        sum(
            np.square(value, dtype=np.float64).sum()
            for name, value in slots.items()
            if "momentum" in name and of in name
        )
    )


@pytest.mark.parametrize("limit", [0.01, 1e6])
def test_a_gradient_longer_than_the_limit_is_cut_to_it(limit):
    learner = make_learner(batch_size=STEPS, num_epochs=1, max_gradient_norm=limit)
    length = learner.update(experience())["losses/gradient_norm"]
    assert 0.01 < length < 1e6
    assert momentum(learner) == pytest.approx(0.1 * min(length, limit), rel=1e-3)


def test_so_is_that_of_sacs_policy():
    learner = make_sac(batch_size=STEPS, sac_updates_per_step=1 / STEPS, max_gradient_norm=1e-4)
    length = learner.update(experience())["losses/policy_gradient_norm"]
    assert length > 1e-4
    assert momentum(learner, of="policy") == pytest.approx(1e-5, rel=1e-3)


def test_the_entropy_bonus_keeps_a_policy_from_deciding():
    entropies = []
    for bonus in (0.0, 0.5):
        learner = make_learner(beta_entropy=bonus, lr=1e-2)
        learner.network.get_layer("policy").bias.assign([3.0, 0.0, 0.0])
        learner.remember(1, keep=1)
        for _ in range(5):
            learner.update(experience())
        logits = learner.network(grey(1))[0].numpy()[0]
        chances = np.exp(logits) / np.exp(logits).sum()
        entropies.append(-(chances * np.log(chances)).sum())
    without, with_bonus = entropies
    assert with_bonus > without + 0.1


@pytest.mark.parametrize("over", ["update", "minibatch", "none"])
def test_advantages_are_normalised_over_what_was_asked_for(over, monkeypatch):
    learner = make_learner(advantage_normalisation=over, num_epochs=1, batch_size=STEPS // 2)
    learn, batches = learner._learn, []
    monkeypatch.setattr(learner, "_learn", lambda *a: (batches.append(a[3].numpy()), learn(*a))[1])
    metrics = learner.update(experience())
    assert [len(batch) for batch in batches] == [STEPS // 2] * 2
    whole = np.concatenate(batches)
    if over == "none":
        # discount_factor is 0 and nothing is predicted yet: an advantage is a reward in its unit.
        assert set(np.round(whole * metrics["losses/return_scale"], 5)) == {0.0, 1.0}
        return
    assert whole.mean() == pytest.approx(0.0, abs=1e-5)
    for batch in batches:
        is_normal = batch.mean() == pytest.approx(0.0, abs=1e-5)
        assert is_normal == (over == "minibatch")
        if is_normal:
            assert batch.std() == pytest.approx(1.0, abs=1e-4)


def test_the_errors_of_predictions_are_squared_or_by_huber():
    difference = np.float32([-3.0, -0.5, 0.0, 0.5, 1.0, 3.0])
    np.testing.assert_allclose(
        value_error(difference, "huber"), [2.5, 0.125, 0.0, 0.125, 0.5, 2.5], rtol=1e-6
    )
    np.testing.assert_allclose(
        value_error(difference, "mean squared error"),
        [4.5, 0.125, 0.0, 0.125, 0.5, 4.5],
        rtol=1e-6,
    )


def test_a_temperature_of_nothing_stays():
    learner = make_sac(sac_alpha=0.0, lr=0.1)
    for version in range(3):
        metrics = learner.update(experience(version))
    assert metrics["losses/temperature"] == pytest.approx(1e-8, rel=1e-3)
