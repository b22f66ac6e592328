import json
from dataclasses import asdict

import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.hyperparameters import (
    Hyperparameters,
    load_hyperparameters,
    parse_hyperparameters,
)

# The table of the public format, and what it fixes or does not have.
DEFAULTS = {
    "batch_size": 64,
    "num_epochs": 10,
    "lr": 3e-4,
    "beta_entropy": 0.01,
    "discount_factor": 0.999,
    "loss_type": "huber",
    "num_episodes_between_training": 20,
    "exploration_type": "categorical",
    "e_greedy_value": 0.05,
    "epsilon_steps": 10000,
    "stack_size": 1,
    "sac_alpha": 0.2,
    "term_cond_max_episodes": 100000,
    "term_cond_avg_score": 100000.0,
    "clip_range": 0.2,
    "gae_lambda": 0.95,
    "beta_entropy_final": None,
    "beta_entropy_steps": 100000,
    "advantage_normalisation": "update",
    "max_gradient_norm": 0.5,
    "sac_updates_per_step": 0.25,
    "sac_target_entropy": 0.3,
}


def test_an_empty_file_has_the_public_defaults():
    assert asdict(parse_hyperparameters("{}", "h.json")) == DEFAULTS


def test_values_may_be_strings_as_sagemaker_hands_them_over():
    values = {
        **DEFAULTS,
        "batch_size": 128,
        "lr": 1e-4,
        "loss_type": "mean squared error",
        "exploration_type": "e-greedy",
        "beta_entropy_final": 0.001,
    }
    text = json.dumps({name: str(value) for name, value in values.items()})
    parsed = parse_hyperparameters(text, "h.json")
    assert asdict(parsed) == values
    assert type(parsed.batch_size) is int
    assert parse_hyperparameters(json.dumps(values), "h.json") == parsed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 16),
        ("batch_size", 1024),
        ("batch_size", 96),
        ("batch_size", 64.5),
        ("batch_size", True),
        ("batch_size", None),
        ("batch_size", "many"),
        ("batch_size", [64]),
        ("num_epochs", 2),
        ("num_epochs", "11"),
        ("lr", 0),
        ("lr", 0.01),
        ("lr", "1e-9"),
        ("beta_entropy", -0.1),
        ("discount_factor", 1.1),
        ("discount_factor", "nan"),
        ("loss_type", "mse"),
        ("loss_type", 1),
        ("num_episodes_between_training", 0),
        ("num_episodes_between_training", 101),
        ("exploration_type", "greedy"),
        ("e_greedy_value", 2),
        ("epsilon_steps", 0),
        ("stack_size", 0),
        ("sac_alpha", -1),
        ("term_cond_max_episodes", 0),
        ("term_cond_avg_score", "inf"),
        ("clip_range", 0),
        ("gae_lambda", 1.5),
    ],
)
def test_a_value_out_of_range_names_file_field_expected_and_got(name, value):
    with pytest.raises(ConfigurationError) as caught:
        parse_hyperparameters(json.dumps({name: value}), "some/h.json")
    message = str(caught.value)
    assert message.startswith(f"some/h.json: {name}: expected ")
    assert message.endswith(f"got {value!r}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 32),
        ("batch_size", 512),
        ("batch_size", 64.0),
        ("num_epochs", 3),
        ("lr", 1e-8),
        ("lr", 1e-3),
        ("beta_entropy", 0),
        ("discount_factor", 1),
        ("num_episodes_between_training", 100),
        ("loss_type", "Huber"),
    ],
)
def test_the_ends_of_the_ranges_are_within(name, value):
    parse_hyperparameters(json.dumps({name: value}), "h.json")


def test_an_unknown_key_names_the_nearest_known_one():
    with pytest.raises(ConfigurationError, match="batchsize: unknown field; did you mean 'batch_s"):
        parse_hyperparameters('{"batchsize": 64}', "h.json")
    with pytest.raises(
        ConfigurationError,
        match="xyzzy: unknown field; known are advantage_no",
    ):
        parse_hyperparameters('{"xyzzy": 64}', "h.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{\n  lr: 1\n}", "h.json, line 2, column 3: expected JSON"),
        ("[]", r"h.json: expected a JSON object \{...\}, got \[\]"),
        ('{"lr": 1e-3, "lr": 1e-4}', "h.json: lr: expected it once, got it twice"),
        ("[" * 100000, "h.json: expected JSON"),
    ],
)
def test_what_is_no_json_object_is_refused(text, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_hyperparameters(text, "h.json")


def test_files(tmp_path):
    path = tmp_path / "hyperparameters.json"
    with pytest.raises(ConfigurationError, match=r"expected a hyperparameters file, got.*No such"):
        load_hyperparameters(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"hyperparameters\.json: expected"):
        load_hyperparameters(path)
    path.write_bytes(b'\xef\xbb\xbf{"lr": "0.0001"}')
    assert load_hyperparameters(path) == Hyperparameters(lr=1e-4)


def test_what_has_no_default_may_be_left_open():
    assert (
        parse_hyperparameters('{"beta_entropy_final": null}', "h.json").beta_entropy_final is None
    )


def test_the_entropy_weight_goes_evenly_to_its_final_value_and_stays():
    given = {"beta_entropy": 0.01, "beta_entropy_final": 0.002, "beta_entropy_steps": 1000}
    parsed = parse_hyperparameters(json.dumps(given), "h.json")
    weights = [parsed.entropy_weight(steps) for steps in (0, 500, 1000, 5000)]
    assert weights == pytest.approx([0.01, 0.006, 0.002, 0.002])
    assert parse_hyperparameters("{}", "h.json").entropy_weight(5000) == 0.01


def test_the_chance_of_a_random_action_falls_from_one():
    given = {"exploration_type": "e-greedy", "e_greedy_value": 0.1, "epsilon_steps": 1000}
    parsed = parse_hyperparameters(json.dumps(given), "h.json")
    chances = [parsed.epsilon(steps) for steps in (0, 500, 1000, 5000)]
    assert chances == pytest.approx([1.0, 0.55, 0.1, 0.1])
