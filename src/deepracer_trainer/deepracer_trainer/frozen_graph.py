"""The graph that the physical car runs: constants only, TensorFlow 1 style, under public names.

What the car does with it, as its published software has it (aws-deepracer-inference-pkg,
`image_process.cpp` and `intel_inference_eng.cpp`; aws-deepracer-navigation-pkg):

- it turns a picture grey and resizes it to 160x120, of a stereo pair makes two channels, left and
  right, and feeds the pixels as floats from 0 to 255. Nothing is scaled on the way: dividing by 255
  is the graph's business, as it was in the original's (`input / input_rescaling` in rl_coach's
  `embedder.py`), and as it is in our networks;
- of discrete actions it takes the one with the highest output; continuous ones it clips to [-1, 1]
  and stretches to the ranges in model_metadata.json, steering first.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from numpy.typing import NDArray


class FrozenGraphError(ValueError):
    """The bytes are no frozen graph with the public names, or it does not compute."""


@dataclass(frozen=True, slots=True)
class GraphNames:
    """How the nodes are called by which the car finds its way.

    Attributes:
        of_input: of a sensor's input; `{sensor}` stands for its public name.
        of_output: of what the policy says.
    """

    of_input: str
    of_output: str


GRAPH_NAMES = {
    "clipped_ppo": GraphNames(
        "main_level/agent/main/online/network_0/{sensor}/{sensor}",
        "main_level/agent/main/online/network_1/ppo_head_0/policy",
    ),
    "sac": GraphNames(
        "main_level/agent/policy/online/network_0/{sensor}/{sensor}",
        "main_level/agent/policy/online/network_0/sac_policy_head_0/policy",
    ),
}
"""By training_algorithm of model_metadata.json."""


def freeze(network: keras.Model, names: GraphNames, *, is_discrete: bool) -> bytes:
    """Make the frozen graph of a network's policy; the same network gives the same bytes.

    Inputs float32[N, H, W, C] of a camera, values 0 to 255, float32[N, L] of a lidar. Output:
    discrete: float32[N, actions], probabilities; continuous: float32[N, dimensions], the mean of
    each in [-1, 1].

    Args:
        network: {sensor: [B, ...]} -> the policy's parameters, or them first of several outputs, as
            `deepracer_core.lite_policy` has them: logits, or alpha and beta of Beta distributions.
        names: of inputs and output.
        is_discrete: which of both.
    """
    # What the car feeds are floats; a network that takes bytes would have them rounded first. So
    # its layers, no copies of them, are put behind other inputs.
    floats = {
        x.name: keras.Input(x.shape[1:], dtype="float32", name=x.name) for x in network.inputs
    }
    twin = keras.models.clone_model(network, input_tensors=floats, clone_function=_itself)
    weights = [(variable, variable.path, variable.numpy()) for variable in network.variables]
    graph = tf.Graph()
    with graph.as_default():
        constants = [
            (variable, tf.constant(value, name=f"weights/{path}"))
            for variable, path, value in weights
        ]
        observation = {
            sensor: _input(names.of_input.format(sensor=sensor), x.shape[1:])
            for sensor, x in floats.items()
        }
        with keras.StatelessScope(state_mapping=constants):
            outputs = twin(observation, training=False)
        parameters = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
        policy = tf.nn.softmax(parameters) if is_discrete else _mean(parameters)
        tf.identity(policy, name=names.of_output)
        # A reader that is older than this TensorFlow knows no attributes that came later.
        stripped = tf.compat.v1.train.export_meta_graph(
            graph_def=_needed(graph.as_graph_def(), names.of_output), strip_default_attrs=True
        )
    return bytes(stripped.graph_def.SerializeToString(deterministic=True))


def evaluate_frozen_graph(
    graph: bytes, names: GraphNames, observations: Mapping[str, NDArray[np.generic]]
) -> NDArray[np.float32]:
    """What a frozen graph says, run as the car's tools do: as nothing but a file.

    Args:
        graph: content of the file.
        names: of inputs and output.
        observations: [N, ...] of each sensor, as `deepracer_core.observation` makes them.

    Returns:
        float32[N, K], the policy's output.

    Raises:
        FrozenGraphError: it is no such graph, or does not take these observations.
    """
    definition = tf.compat.v1.GraphDef()
    loaded = tf.Graph()
    try:
        definition.ParseFromString(graph)
        with loaded.as_default():
            tf.import_graph_def(definition, name="")
        fed = {}
        for sensor, seen in observations.items():
            tensor = loaded.get_tensor_by_name(names.of_input.format(sensor=sensor) + ":0")
            fed[tensor] = seen.reshape(len(seen), *tensor.shape[1:]).astype(np.float32)
        with tf.compat.v1.Session(graph=loaded) as session:
            return np.asarray(session.run(names.of_output + ":0", fed), np.float32)
    except (DecodeError, ValueError, KeyError, tf.errors.OpError) as error:
        raise FrozenGraphError(
            f"model.pb: expected a frozen graph with the output {names.of_output} and inputs for"
            f" {', '.join(observations)}: {error}"
        ) from error


def _itself(layer: keras.Layer) -> keras.Layer:
    return layer


def _input(name: str, shape: tuple[int, ...]) -> tf.Tensor:
    """A placeholder, and what the network takes of it: a picture has channels, even a grey one."""
    if len(shape) != 2:
        return tf.compat.v1.placeholder(tf.float32, (None, *shape), name=name)
    return tf.squeeze(tf.compat.v1.placeholder(tf.float32, (None, *shape, 1), name=name), axis=-1)


def _needed(definition: tf.compat.v1.GraphDef, output: str) -> tf.compat.v1.GraphDef:
    """What an output is computed from: without the value, which no car needs."""
    names = {output}
    for node in reversed(definition.node):  # the inputs of each come before it
        if node.name in names:
            names.update(name.removeprefix("^").partition(":")[0] for name in node.input)
    kept = [node for node in definition.node if node.name in names]
    return tf.compat.v1.GraphDef(node=kept, versions=definition.versions)


def _mean(parameters: tf.Tensor) -> tf.Tensor:
    """float32[N, D] in [-1, 1], the means of stretched Betas, from float32[N, 2 D]."""
    alpha, beta = parameters[:, 0::2], parameters[:, 1::2]
    return 2.0 * alpha / (alpha + beta) - 1.0
