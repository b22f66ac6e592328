"""The networks by their public names, and the small one that is ours.

A network maps observations, [B, ...] of each sensor by its name, to the parameters of the policy's
distribution, float32[B, K], and to the value of the state, float32[B]. Each camera sensor has
convolutions of its own, a lidar has a dense layer; their features together go through the trunk's
dense layers. Policy and value share one trunk in every network. The original trains two towers; one
costs half as much, and what a car has to see to steer is what it has to see to know how well it
stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import numpy as np
from deepracer_core.frame_stack import stacked_shape
from deepracer_core.observation import Observation, observation_dtype
from deepracer_core.sensors import CAMERA_SENSORS, LIDAR, LIDAR_RANGE

SMALL = "SMALL_CONVOLUTIONAL_NETWORK"


@dataclass(frozen=True, slots=True)
class Architecture:
    """A trunk: an average pool, convolutions, dense layers; ReLU after each but the pool.

    Attributes:
        pool: side of the average pool that comes first; 1 for none.
        convolutions: (filters, kernel, stride) of each, valid padding.
        dense: units of each dense layer.
        lidar: units of the dense layer between a lidar and those.
    """

    pool: int
    convolutions: tuple[tuple[int, int, int], ...]
    dense: tuple[int, ...]
    lidar: int = 64


ARCHITECTURES = {
    SMALL: Architecture(2, ((16, 8, 4), (32, 4, 2), (32, 3, 1)), (128,)),
    "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW": Architecture(
        1, ((32, 8, 4), (64, 4, 2), (64, 3, 1)), (512,)
    ),
    "DEEP_CONVOLUTIONAL_NETWORK": Architecture(
        1, ((32, 5, 2), (32, 3, 1), (64, 3, 2), (64, 3, 1)), (64, 512)
    ),
    "DEEP_CONVOLUTIONAL_NETWORK_DEEP": Architecture(
        1, ((32, 8, 4), (32, 4, 2), (64, 4, 2), (64, 3, 1)), (512, 512, 256, 128)
    ),
}
"""The three public networks (DeepRacer's model_metadata.json) and the small default."""


CRITICS = ("q_0", "q_1")
"""The layers of the two critics that say what an action is worth."""

HEAD = 128
"""Units of the hidden layer of each of SAC's heads."""

Trunk = Callable[[Mapping[str, keras.KerasTensor]], keras.KerasTensor]
"""A user's own trunk: from the inputs, by sensor, to features float32[B, F]."""

_Initializer = Callable[[float], keras.initializers.Initializer]


def build_network(
    architecture: Architecture | Trunk,
    observation_shapes: Mapping[str, tuple[int, ...]],
    outputs: int,
    *,
    is_discrete: bool,
    seed: int,
) -> keras.Model:
    """Build a network with fresh weights, for PPO.

    Orthogonal initial weights (Saxe et al. 2014), the policy head's a hundred times smaller, so
    that the first policy is nearly uniform whatever the sensors see (Andrychowicz et al. 2021).

    Args:
        architecture: of the trunk, one of `ARCHITECTURES` or another; or what builds one.
        observation_shapes: of what each sensor puts into an observation, by its name: (H, W) or
            (H, W, C) of a camera, (N,) of a lidar.
        outputs: discrete: the number of actions; continuous: the number of dimensions.
        is_discrete: logits of a categorical policy, else the parameters of one Beta per dimension.
        seed: of the initial weights.

    Returns:
        A model {sensor: [B, ...]} -> (policy float32[B, K], value float32[B]). Discrete: K logits.
        Continuous: K = 2 * outputs, alpha and beta of the first dimension, then of the second, all
        above 1, where a Beta has a single peak (Chou et al. 2017). Its inputs are named as the
        sensors, the layers of its heads `policy` and `value`.
    """
    observation, x, weights = _trunk(architecture, observation_shapes, seed)
    policy = _policy_head(x, outputs, is_discrete, weights)
    value = keras.layers.Dense(1, kernel_initializer=weights(1.0), name="value")(x)
    value = keras.layers.Reshape((), name="state_value")(value)
    return keras.Model(observation, (policy, value), name="network")


def build_actor_critics(
    architecture: Architecture | Trunk,
    observation_shapes: Mapping[str, tuple[int, ...]],
    outputs: int,
    *,
    is_discrete: bool,
    seed: int,
) -> tuple[keras.Model, keras.Model]:
    """Build an actor and twin critics on one trunk with fresh weights, for SAC.

    The critics' loss trains the trunk; the policy's head reads it and does not change it, as in
    CURL (Srinivas et al. 2020) and DrQ (Kostrikov et al. 2020): a policy that pulls at what the
    critics see makes both worse. Layer normalisation bounds what a critic says of actions that it
    never saw (Ball et al. 2023, https://arxiv.org/abs/2302.02948).

    Args and inputs as those of `build_network`.

    Returns:
        The actor, {sensor: [B, ...]} -> (policy float32[B, K], features float32[B, F]).
        The critics, from the features and, continuous, from [features, actions float32[B, D]] to
        (q float32[B, A], q float32[B, A]), discrete: of each action; continuous: A is 1.
    """
    observation, features, weights = _trunk(architecture, observation_shapes, seed)
    # Each layer has a name of its own: counted ones would let two learners' graphs differ, and with
    # them the order in which they add up.
    x = keras.layers.Activation(keras.ops.stop_gradient, name="policy_view")(features)
    x = keras.layers.Dense(
        HEAD, activation="relu", kernel_initializer=weights(2.0**0.5), name="policy_hidden"
    )(x)
    policy = _policy_head(x, outputs, is_discrete, weights)
    actor = keras.Model(observation, (policy, features), name="actor")

    known = keras.Input(features.shape[1:], name="features")
    action = None if is_discrete else keras.Input((outputs,), name="action")
    x = known if action is None else keras.layers.Concatenate(name="judged")([known, action])
    values = []
    for name in CRITICS:
        q = keras.layers.Dense(HEAD, kernel_initializer=weights(2.0**0.5), name=f"{name}_hidden")(x)
        q = keras.layers.LayerNormalization(name=f"{name}_normal")(q)
        q = keras.layers.ReLU(name=f"{name}_relu")(q)
        values.append(
            keras.layers.Dense(
                outputs if is_discrete else 1, kernel_initializer=weights(0.01), name=name
            )(q)
        )
    judged = known if action is None else [known, action]
    return actor, keras.Model(judged, tuple(values), name="critics")


def takes(network: keras.Model, observations: Observation, stack_size: int) -> bool:
    """Whether [T, ...] of each sensor, stacked, are what a network has inputs for."""
    taken = {x.name: tuple(x.shape[1:]) for x in network.inputs}
    return taken == {
        sensor: stacked_shape(sensor, array.shape[1:], stack_size)
        for sensor, array in observations.items()
    }


def _trunk(
    architecture: Architecture | Trunk, observation_shapes: Mapping[str, tuple[int, ...]], seed: int
) -> tuple[dict[str, keras.KerasTensor], keras.KerasTensor, _Initializer]:
    """Inputs, features float32[B, F], and where the heads' initial weights come from."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(32).tolist())

    def weights(gain: float) -> keras.initializers.Initializer:
        return keras.initializers.Orthogonal(gain, seed=next(seeds))

    observation = {
        sensor: keras.Input(shape, dtype=observation_dtype(sensor).name, name=sensor)
        for sensor, shape in observation_shapes.items()
    }
    if not isinstance(architecture, Architecture):
        return observation, architecture(observation), weights
    features = [
        _camera_features(x, architecture, weights)
        if sensor in CAMERA_SENSORS
        else _lidar_features(x, architecture, weights)
        for sensor, x in observation.items()
    ]
    x = keras.layers.Concatenate(name="features")(features) if len(features) > 1 else features[0]
    for i, units in enumerate(architecture.dense):
        x = keras.layers.Dense(
            units, activation="relu", kernel_initializer=weights(2.0**0.5), name=f"dense_{i}"
        )(x)
    return observation, x, weights


def _policy_head(
    x: keras.KerasTensor, outputs: int, is_discrete: bool, weights: _Initializer
) -> keras.KerasTensor:
    return keras.layers.Dense(
        outputs if is_discrete else 2 * outputs,
        activation=None if is_discrete else _above_one,
        kernel_initializer=weights(0.01),
        name="policy",
    )(x)


def _camera_features(
    pictures: keras.KerasTensor, architecture: Architecture, weights: _Initializer
) -> keras.KerasTensor:
    """float32[B, F] of uint8[B, H, W] or uint8[B, H, W, C]."""
    sensor, (_, height, width, *_) = pictures.name, pictures.shape
    x = keras.layers.Reshape((height, width, -1), name=f"{sensor}_channels")(pictures)
    x = keras.layers.Rescaling(1.0 / 255.0, name=f"{sensor}_scale")(x)
    if architecture.pool > 1:
        x = keras.layers.AveragePooling2D(architecture.pool, name=f"{sensor}_pool")(x)
    for i, (filters, kernel, stride) in enumerate(architecture.convolutions):
        x = keras.layers.Conv2D(
            filters,
            kernel,
            stride,
            activation="relu",
            kernel_initializer=weights(2.0**0.5),
            name=f"{sensor}_convolution_{i}",
        )(x)
    return keras.layers.Flatten(name=f"{sensor}_features")(x)


def _lidar_features(
    distances: keras.KerasTensor, architecture: Architecture, weights: _Initializer
) -> keras.KerasTensor:
    """float32[B, F] of float32[B, N]."""
    sensor, x = distances.name, distances
    if sensor == LIDAR:
        # Nearness, 1 at the shortest distance: what is near says more than what is far.
        x = LIDAR_RANGE[0] / x
    return keras.layers.Dense(
        architecture.lidar,
        activation="relu",
        kernel_initializer=weights(2.0**0.5),
        name=f"{sensor}_features",
    )(x)


@keras.saving.register_keras_serializable("deepracer")
def _above_one(x: keras.KerasTensor) -> keras.KerasTensor:
    """Parameters of a Beta distribution, at first 1.7 each: a broad hump, no corner preferred."""
    return 1.0 + keras.ops.softplus(x)
