"""The files of a model version: the policy that acts, and all that training exactly on needs."""

import gc
import json
from collections.abc import Mapping

import keras
import numpy as np
import safetensors.numpy
import tensorflow as tf
from deepracer_core.model_files import OPTIMIZER_FILE, POLICY_FILE, WEIGHTS_FILE

from deepracer_trainer.learning import LearnerState

_RANDOM = "random_state"
_RETURN_SCALE = "return_scale"
_STEPS = "steps"


class CheckpointError(ValueError):
    """The files of a version do not fit the network that is to go on from them."""


def state_files(state: LearnerState) -> dict[str, bytes]:
    """A learner's state as files."""
    rest = {
        **state.optimizer,
        _RANDOM: np.frombuffer(json.dumps(state.random).encode(), np.uint8),
        _RETURN_SCALE: np.array([state.return_scale], np.float64),
        _STEPS: np.array([state.steps], np.int64),
    }
    return {
        WEIGHTS_FILE: safetensors.numpy.save(dict(state.weights)),
        OPTIMIZER_FILE: safetensors.numpy.save(rest),
    }


def read_state(files: Mapping[str, bytes], like: LearnerState) -> LearnerState:
    """Read what `state_files` wrote.

    Args:
        files: of a version, by name.
        like: a state of the learner that is to be restored, for the names and shapes.

    Raises:
        CheckpointError: a file is missing, or it is of another network.
    """
    weights = _read(files, WEIGHTS_FILE)
    rest = _read(files, OPTIMIZER_FILE)
    random, return_scale = rest.pop(_RANDOM, None), rest.pop(_RETURN_SCALE, None)
    steps = rest.pop(_STEPS, None)
    _check(WEIGHTS_FILE, weights, like.weights)
    _check(OPTIMIZER_FILE, rest, like.optimizer)
    if random is None or return_scale is None or steps is None:
        raise CheckpointError(
            f"{OPTIMIZER_FILE}: expected {_RANDOM}, {_RETURN_SCALE} and {_STEPS} in it, one is "
            "missing: the version was stored by an older trainer; start another run"
        )
    return LearnerState(
        weights=weights,
        optimizer=rest,
        random=json.loads(random.tobytes()),
        return_scale=float(return_scale[0]),
        steps=int(steps[0]),
    )


def read_weights(files: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """The weights of a version, by name.

    Raises:
        CheckpointError: the file is missing or broken.
    """
    return _read(files, WEIGHTS_FILE)


def restore_network(network: keras.Model, files: Mapping[str, bytes]) -> None:
    """Give a network the weights of a version; the version may hold more than the network has.

    Raises:
        CheckpointError: the file is missing or broken, or it is of another network.
    """
    weights = read_weights(files)
    wanted = {variable.path: variable.numpy() for variable in network.variables}
    _check(WEIGHTS_FILE, {name: weights[name] for name in wanted if name in weights}, wanted)
    for variable in network.variables:
        variable.assign(weights[variable.path])


def policy_file(network: keras.Model) -> dict[str, bytes]:
    """The network's policy as the file that `deepracer_core.lite_policy` loads, by its name.

    The weights are bound as constants before the conversion. The converter then folds them into
    the operations; given variables, it leaves a file that reads each of them at each inference.
    """
    observation = {
        x.name: tf.TensorSpec((1, *x.shape[1:]), x.dtype, x.name) for x in network.inputs
    }
    constants = [(variable, tf.constant(variable.value)) for variable in network.variables]

    def policy(observation: dict[str, tf.Tensor]) -> tf.Tensor:
        with keras.StatelessScope(state_mapping=constants):
            parameters, _ = network(observation, training=False)
        return parameters

    function = tf.function(policy, input_signature=[observation]).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module())
    file = bytes(converter.convert())
    # Graphs are cyclic and hold a copy of the weights, which Python's collector knows nothing of.
    del function, converter, policy
    gc.collect()
    return {POLICY_FILE: file}


def _read(files: Mapping[str, bytes], name: str) -> dict[str, np.ndarray]:
    if name not in files:
        raise CheckpointError(f"{name}: the version does not have it, only {', '.join(files)}")
    try:
        return dict(safetensors.numpy.load(files[name]))
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{name}: no safetensors file: {error}") from error


def _check(name: str, found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    shapes = {key: array.shape for key, array in found.items()}
    wanted = {key: array.shape for key, array in expected.items()}
    if shapes != wanted:
        differing = sorted(key for key in shapes | wanted if shapes.get(key) != wanted.get(key))[0]
        raise CheckpointError(
            f"{name}: {differing}: expected shape {wanted.get(differing)}, "
            f"got {shapes.get(differing)}: the version was trained with another neural_network, "
            "action_space, sensor, stack_size or training_algorithm; use its own files, or another "
            "run or store"
        )
