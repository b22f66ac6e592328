"""The car's graph says what the network says, to whoever reads the file without our code."""

import json

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from deepracer_core.observation import observation_dtype, observation_shapes
from deepracer_core.sensors import CAMERA_SENSORS
from deepracer_trainer.frozen_graph import (
    GRAPH_NAMES,
    FrozenGraphError,
    evaluate_frozen_graph,
    freeze,
)
from trained_version import CONTINUOUS, DISCRETE, trained_learner

PPO = GRAPH_NAMES["clipped_ppo"]
FRONT, STEREO, LIDAR = "FRONT_FACING_CAMERA", "STEREO_CAMERAS", "LIDAR"
INPUTS = {
    FRONT: [120, 160, 1],
    STEREO: [120, 160, 2],
    LIDAR: [64],
    "SECTOR_LIDAR": [8],
    "DISCRETIZED_SECTOR_LIDAR": [64],
}
COMBINATIONS = [
    [FRONT],
    [STEREO],
    [LIDAR],
    [FRONT, "SECTOR_LIDAR"],
    [FRONT, STEREO, "DISCRETIZED_SECTOR_LIDAR"],
]


def network_of(space, sensors):
    text = {
        "action_space": space,
        "neural_network": "SMALL_CONVOLUTIONAL_NETWORK",
        "sensor": sensors,
    }
    return trained_learner(json.dumps(text)).network


def seen_by(sensors, count=6):
    rng, seen = np.random.default_rng(1), {}
    for sensor, shape in observation_shapes(sensors).items():
        low, high = (0, 255) if sensor in CAMERA_SENSORS else (0.2, 9.0)
        values = rng.uniform(low, high, (count, *shape))
        seen[sensor] = values.astype(observation_dtype(sensor))
    return seen


def expected(network, seen, *, is_discrete):
    parameters = network(seen)[0].numpy().astype(np.float64)
    if is_discrete:
        weights = np.exp(parameters)
        return weights / weights.sum(axis=1, keepdims=True)
    alpha, beta = parameters[:, 0::2], parameters[:, 1::2]
    return 2.0 * alpha / (alpha + beta) - 1.0


def nodes(graph):
    return tf.compat.v1.GraphDef.FromString(graph)


@pytest.mark.parametrize("sensors", COMBINATIONS, ids="+".join)
@pytest.mark.parametrize("space", [DISCRETE, CONTINUOUS], ids=["discrete", "continuous"])
def test_says_what_the_network_says(space, sensors):
    network, seen = network_of(space, sensors), seen_by(sensors)
    graph = freeze(network, PPO, is_discrete=space is DISCRETE)
    found = evaluate_frozen_graph(graph, PPO, seen)
    wanted = expected(network, seen, is_discrete=space is DISCRETE)
    assert found.shape == (6, 3 if space is DISCRETE else 2)
    assert wanted.std(axis=0).max() > 1e-3  # it is not the same whatever is seen
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("sensors", COMBINATIONS, ids="+".join)
def test_has_the_public_inputs_and_nothing_but_constants(sensors):
    definition = nodes(freeze(network_of(DISCRETE, sensors), PPO, is_discrete=True))
    inputs = {node.name: node.attr for node in definition.node if node.op == "Placeholder"}
    assert set(inputs) == {f"main_level/agent/main/online/network_0/{s}/{s}" for s in sensors}
    for name, attributes in inputs.items():
        assert attributes["dtype"].type == tf.float32.as_datatype_enum
        shape = [size.size for size in attributes["shape"].shape.dim]
        assert shape == [-1, *INPUTS[name.rpartition("/")[2]]]
    assert definition.node[-1].name == "main_level/agent/main/online/network_1/ppo_head_0/policy"
    assert not definition.library.function
    operations = {node.op for node in definition.node}
    assert not {op for op in operations if "Variable" in op or "Call" in op or "Resource" in op}
    assert not [node for node in definition.node if "value" in node.name.split("/")]


def test_sac_has_its_own_names():
    names, network = GRAPH_NAMES["sac"], network_of(CONTINUOUS, [FRONT])
    graph = freeze(network, names, is_discrete=False)
    found = [node.name for node in nodes(graph).node]
    assert f"main_level/agent/policy/online/network_0/{FRONT}/{FRONT}" in found
    assert found[-1] == "main_level/agent/policy/online/network_0/sac_policy_head_0/policy"
    seen = seen_by([FRONT])
    np.testing.assert_allclose(
        evaluate_frozen_graph(graph, names, seen),
        expected(network, seen, is_discrete=False),
        atol=1e-5,
    )


def test_the_same_weights_give_the_same_bytes():
    first = network_of(DISCRETE, [FRONT])
    graph = freeze(first, PPO, is_discrete=True)
    second = network_of(DISCRETE, [FRONT])
    assert freeze(second, PPO, is_discrete=True) == graph
    assert freeze(first, PPO, is_discrete=True) == graph


def test_grey_values_between_two_are_not_rounded():
    network = network_of(DISCRETE, [FRONT])
    graph = freeze(network, PPO, is_discrete=True)
    low, between, high = (
        evaluate_frozen_graph(graph, PPO, {FRONT: np.full((1, 120, 160), value, np.float32)})
        for value in (100.0, 100.5, 101.0)
    )
    assert not np.array_equal(between, low)
    np.testing.assert_allclose(between, (low + high) / 2, atol=1e-4)


def test_converts_to_lite_as_the_car_does_it(tmp_path):
    """aws-deepracer-model-optimizer-pkg calls this converter with these arguments."""
    sensors = [FRONT, LIDAR]
    network, seen = network_of(DISCRETE, sensors), seen_by(sensors, count=1)
    path = tmp_path / "model.pb"
    path.write_bytes(freeze(network, PPO, is_discrete=True))
    names = {sensor: PPO.of_input.format(sensor=sensor) for sensor in sensors}
    converter = tf.compat.v1.lite.TFLiteConverter.from_frozen_graph(
        graph_def_file=str(path),
        input_shapes={name: [1, *INPUTS[sensor]] for sensor, name in names.items()},
        input_arrays=list(names.values()),
        output_arrays=[PPO.of_output],
    )
    interpreter = Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    indices = {details["name"]: details["index"] for details in interpreter.get_input_details()}
    for sensor, name in names.items():
        picture = seen[sensor].reshape(1, *INPUTS[sensor]).astype(np.float32)
        interpreter.set_tensor(indices[name], picture)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(found, expected(network, seen, is_discrete=True), atol=1e-5)


def test_what_is_no_graph_is_refused():
    seen = seen_by([FRONT])
    other = freeze(network_of(DISCRETE, [LIDAR]), PPO, is_discrete=True)
    for data in (b"", b"no graph", other[: len(other) // 2], other):
        with pytest.raises(FrozenGraphError, match=r"model\.pb: expected a frozen graph"):
            evaluate_frozen_graph(data, PPO, seen)
