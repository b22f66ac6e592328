"""The networks are the public ones, and act the same with and without TensorFlow."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from deepracer_core.action_space import Command, ContinuousActionSpace, DiscreteActionSpace
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.lite_policy import LitePolicy, PolicyError, RandomPolicy
from deepracer_core.model_metadata import NEURAL_NETWORKS, parse_model_metadata
from deepracer_core.observation import observation_dtype, observation_shapes
from deepracer_trainer.checkpoint import policy_file
from deepracer_trainer.learner import build_learner
from deepracer_trainer.networks import ARCHITECTURES, build_network
from identity_environment import CAMERA, SHAPES, TINY

STEERING = np.radians([-30.0, -15.0, 0.0, 15.0, 30.0]).tolist()
DISCRETE = DiscreteActionSpace([Command(angle, 1.0) for angle in STEERING])
FULL = observation_shapes(SHAPES)
CONTINUOUS = ContinuousActionSpace(Command(-0.5, 0.5), Command(0.5, 2.0))


def network(architecture, action_space, sensors=CAMERA, shapes=FULL):
    return build_network(
        architecture,
        {sensor: shapes[sensor] for sensor in sensors},
        action_space.size,
        is_discrete=action_space.is_discrete,
        seed=0,
    )


def tiny(action_space, sensors=CAMERA):
    return network(TINY, action_space, sensors, SHAPES)


def lively(model):
    """The same network with heads that say something."""
    rng = np.random.default_rng(0)
    head = model.get_layer("policy")
    head.set_weights([rng.normal(0.0, 0.3, weight.shape) for weight in head.get_weights()])
    return model


def seen(count, sensors=CAMERA, shapes=FULL):
    """[count, ...] of each sensor."""
    rng = np.random.default_rng(1)
    return {
        sensor: rng.uniform(0.15, 1.0, (count, *shapes[sensor])).astype(np.float32)
        if observation_dtype(sensor) == np.float32
        else rng.integers(0, 256, (count, *shapes[sensor]), np.uint8)
        for sensor in sensors
    }


def one_by_one(observations):
    arrays = zip(*observations.values(), strict=True)
    return [dict(zip(observations, each, strict=True)) for each in arrays]


def lite(model, action_space, sensors=CAMERA):
    return LitePolicy(policy_file(model)["policy.tflite"], action_space, sensors)


def test_every_network_of_the_metadata_can_be_built():
    assert set(ARCHITECTURES) == set(NEURAL_NETWORKS)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("SMALL_CONVOLUTIONAL_NETWORK", (100_000, 900_000)),
        ("DEEP_CONVOLUTIONAL_NETWORK_SHALLOW", (5_800_000, 5_900_000)),
    ],
)
def test_size_and_output(name, parameters):
    model = network(ARCHITECTURES[name], DISCRETE)
    low, high = parameters
    assert low < model.count_params() < high
    logits, values = model(seen(3))
    assert logits.shape == (3, 5)
    assert values.shape == (3,)


def test_layers_are_those_of_the_public_shallow_network():
    model = network(ARCHITECTURES["DEEP_CONVOLUTIONAL_NETWORK_SHALLOW"], DISCRETE)
    shapes = [
        layer.output.shape[1:]
        for layer in model.layers
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense))
    ]
    assert shapes[:4] == [(29, 39, 32), (13, 18, 64), (11, 16, 64), (512,)]
    assert sorted(shapes[4:]) == [(1,), (5,)]


@pytest.mark.parametrize("action_space", [DISCRETE, CONTINUOUS])
def test_the_first_policy_is_nearly_uniform(action_space):
    parameters = network(ARCHITECTURES["SMALL_CONVOLUTIONAL_NETWORK"], action_space)(seen(8))[
        0
    ].numpy()
    if action_space.is_discrete:
        np.testing.assert_allclose(tf.nn.softmax(parameters), 0.2, atol=0.01)
    else:
        np.testing.assert_allclose(parameters, 1.0 + np.log(2.0), atol=0.05)


def test_metadata_chooses_the_network_and_the_policy():
    metadata = parse_model_metadata(
        '{"action_space": {"steering_angle": {"low": -30, "high": 30},'
        ' "speed": {"low": 0.5, "high": 2}}, "neural_network": "SMALL_CONVOLUTIONAL_NETWORK",'
        ' "sensor": ["LIDAR", "STEREO_CAMERAS"]}',
        "test",
    )
    learner = build_learner(metadata, Hyperparameters(), seed=0)
    inputs = {x.name: x.shape for x in learner.network.inputs}
    assert inputs == {"STEREO_CAMERAS": (None, 120, 160, 2), "LIDAR": (None, 64)}
    assert learner.network.output_shape == [(None, 4), (None,)]


@pytest.mark.parametrize("action_space", [DISCRETE, CONTINUOUS])
@pytest.mark.parametrize(
    ("architecture", "sensors", "shapes"),
    [
        (ARCHITECTURES["SMALL_CONVOLUTIONAL_NETWORK"], CAMERA, FULL),
        (ARCHITECTURES["DEEP_CONVOLUTIONAL_NETWORK"], CAMERA, FULL),
        (ARCHITECTURES["SMALL_CONVOLUTIONAL_NETWORK"], ("STEREO_CAMERAS", "LIDAR"), FULL),
        (TINY, tuple(SHAPES), SHAPES),
    ],
)
def test_acts_without_tensorflow_as_with_it(architecture, sensors, shapes, action_space):
    model = lively(network(architecture, action_space, sensors, shapes))
    # The file knows which input is which sensor's, whatever order it is asked for.
    policy = lite(model, action_space, sensors[::-1])
    assert {sensor: shape for sensor, (_, shape) in policy.takes.items()} == {
        sensor: shapes[sensor] for sensor in sensors
    }
    observations = seen(16, sensors, shapes)
    expected = model(observations)[0].numpy()
    if action_space.is_discrete:
        found = np.stack([policy.probabilities(each) for each in one_by_one(observations)])
        expected = tf.nn.softmax(expected).numpy()
        assert expected.max() > 0.25  # it says something
    else:
        found = np.stack([policy.parameters(each) for each in one_by_one(observations)])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def policies():
    return {space.is_discrete: lite(lively(tiny(space)), space) for space in (DISCRETE, CONTINUOUS)}


def test_draws_actions_as_often_as_they_are_likely(policies):
    policy, rng = policies[True], np.random.default_rng(0)
    (picture,) = one_by_one(seen(1, shapes=SHAPES))
    drawn = [policy.act(picture, rng, greedy=False) for _ in range(4000)]
    shares = np.bincount(drawn, minlength=5) / len(drawn)
    np.testing.assert_allclose(shares, policy.probabilities(picture), atol=0.03)
    assert policy.act(picture, rng, greedy=True) == policy.probabilities(picture).argmax()


def test_draws_continuous_actions_from_a_beta_over_the_range(policies):
    policy, rng = policies[False], np.random.default_rng(0)
    (picture,) = one_by_one(seen(1, shapes=SHAPES))
    drawn = np.array([policy.act(picture, rng, greedy=False) for _ in range(4000)])
    assert drawn.dtype == np.float32
    assert np.abs(drawn).max() <= 1.0
    alpha, beta = policy.parameters(picture).reshape(2, 2).T
    mean = 2.0 * alpha / (alpha + beta) - 1.0
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.05)
    np.testing.assert_allclose(policy.act(picture, rng, greedy=True), mean, rtol=1e-5)


def test_the_same_generator_draws_the_same_actions(policies):
    pictures = one_by_one(seen(20, shapes=SHAPES))
    first, second = (
        [policies[True].act(p, rng, greedy=False) for p in pictures]
        for rng in (np.random.default_rng(7), np.random.default_rng(7))
    )
    assert first == second


def test_the_random_policy_looks_at_nothing():
    rng = np.random.default_rng(0)
    actions = [RandomPolicy(DISCRETE).act({}, rng, greedy=False) for _ in range(2000)]
    np.testing.assert_allclose(np.bincount(actions) / 2000, 0.2, atol=0.03)


def test_refuses_what_is_no_model_or_another_one():
    with pytest.raises(PolicyError, match="300 bytes are no TensorFlow Lite model"):
        LitePolicy(b"abc" * 100, DISCRETE, CAMERA)
    model = tiny(DISCRETE)
    with pytest.raises(PolicyError, match=r"to float32 \(1, 4\), got .* float32 \(1, 5\)"):
        lite(model, CONTINUOUS)
    with pytest.raises(PolicyError, match=r"CAMERAS, LIDAR to .*, got FRONT_FACING_CAMERA uint8"):
        lite(model, DISCRETE, ("STEREO_CAMERAS", "LIDAR"))
    policy = lite(model, DISCRETE)
    signed = {"FRONT_FACING_CAMERA": np.zeros(SHAPES["FRONT_FACING_CAMERA"], np.int8)}
    for observation in (*one_by_one(seen(1)), {"LIDAR": np.ones(64, np.float32)}, signed, {}):
        with pytest.raises(PolicyError, match=r"observation {.* does not fit the model's input"):
            policy.act(observation, np.random.default_rng(0), greedy=True)


def test_refuses_weights_that_are_no_numbers():
    model = tiny(DISCRETE)
    head = model.get_layer("policy")
    head.set_weights([weight * np.nan for weight in head.get_weights()])
    with pytest.raises(PolicyError, match="expected finite numbers"):
        lite(model, DISCRETE)
