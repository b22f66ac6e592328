import json
from math import radians

import pytest
from deepracer_core.action_space import Command, ContinuousActionSpace, DiscreteActionSpace
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_metadata import load_model_metadata, parse_model_metadata

ACTIONS = [{"steering_angle": angle, "speed": 1.0} for angle in (-30, 0, 30)]
RANGES = {
    "steering_angle": {"low": -30.0, "high": 30.0},
    "speed": {"low": 0.5, "high": 4.0},
}


def parse(**values):
    return parse_model_metadata(json.dumps({"action_space": ACTIONS, **values}), "m.json")


def test_a_list_of_actions_and_the_public_defaults():
    metadata = parse()
    assert isinstance(metadata.action_space, DiscreteActionSpace)
    assert metadata.action_space.commands == tuple(
        Command(radians(angle), 1.0) for angle in (-30, 0, 30)
    )
    assert metadata.training_algorithm == "clipped_ppo"
    assert metadata.neural_network == "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW"
    assert metadata.sensors == ("FRONT_FACING_CAMERA",)
    assert json.loads(metadata.text) == {"action_space": ACTIONS}


def test_ranges():
    metadata = parse(
        action_space=RANGES,
        action_space_type="continuous",
        training_algorithm="sac",
        neural_network="DEEP_CONVOLUTIONAL_NETWORK",
        version="4",
    )
    assert isinstance(metadata.action_space, ContinuousActionSpace)
    assert metadata.action_space.low == Command(radians(-30), 0.5)
    assert metadata.action_space.high == Command(radians(30), 4.0)
    assert metadata.training_algorithm == "sac"
    assert metadata.version == 4


def test_a_file_of_the_older_kind():
    metadata = parse(
        action_space=[
            {"steering_angle": "-30", "speed": "0.8", "index": 0},
            {"steering_angle": "30.0", "speed": 0.1, "index": 7},
        ],
        sensor=["observation"],
        version=1,
    )
    assert metadata.sensors == ("FRONT_FACING_CAMERA",)
    assert metadata.action_space.command(1) == Command(radians(30), 0.1)
    assert parse(sensor="FRONT_FACING_CAMERA").sensors == ("FRONT_FACING_CAMERA",)
    parse(preprocess_type="GREY_SCALE", regional_parameters="x")


@pytest.mark.parametrize(
    ("given", "sensors"),
    [
        (["STEREO_CAMERAS"], ("STEREO_CAMERAS",)),
        (["lidar", "stereo_cameras"], ("STEREO_CAMERAS", "LIDAR")),
        (["SECTOR_LIDAR", "observation"], ("FRONT_FACING_CAMERA", "SECTOR_LIDAR")),
        (
            ["FRONT_FACING_CAMERA", "STEREO_CAMERAS", "DISCRETIZED_SECTOR_LIDAR"],
            ("FRONT_FACING_CAMERA", "STEREO_CAMERAS", "DISCRETIZED_SECTOR_LIDAR"),
        ),
        (["LIDAR", "LIDAR"], ("LIDAR",)),
    ],
)
def test_sensors_in_one_order_whatever_the_file_has(given, sensors):
    lidar = {"num_sectors": 8, "num_values_per_sector": 8, "clipping_dist": 2.0}
    assert parse(sensor=given).sensors == sensors
    assert parse(sensor=given, lidar_config=lidar).sensors == sensors


@pytest.mark.parametrize("network", ["SHALLOW", "", "_DEEP"])
def test_every_network_of_the_public_format_is_known(network):
    name = {"": "DEEP_CONVOLUTIONAL_NETWORK", "_DEEP": "DEEP_CONVOLUTIONAL_NETWORK_DEEP"}.get(
        network, "deep_convolutional_network_shallow"
    )
    assert parse(neural_network=name).neural_network == name.upper()
    assert parse(neural_network="SMALL_CONVOLUTIONAL_NETWORK")


def action(**changes):
    return [ACTIONS[0], {**ACTIONS[1], **changes}]


def ranges(quantity, **changes):
    return {**RANGES, quantity: {**RANGES[quantity], **changes}}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"action_space": ACTIONS[:1]}, "action_space: expected 2 to 30 actions, got 1"),
        ({"action_space": ACTIONS * 11}, "action_space: expected 2 to 30 actions, got 33"),
        ({"action_space": "fast"}, "action_space: expected an object with steering_angle and"),
        (
            {"action_space": RANGES, "action_space_type": "discrete"},
            "action_space: expected a list of",
        ),
        ({"action_space_type": "continuous"}, "action_space: expected an object with"),
        ({"action_space_type": "both"}, "action_space_type: expected one of discrete, contin"),
        (
            {"action_space": action(steering_angle=30.1)},
            r"action_space\[1\].steering_angle: expected degrees within \[-30, 30\], got 30.1",
        ),
        (
            {"action_space": action(speed=4.5)},
            r"action_space\[1\].speed: expected m/s within \[0.1, 4\], got 4.5",
        ),
        ({"action_space": action(speed="fast")}, r"action_space\[1\].speed: .*got 'fast'"),
        ({"action_space": action(speed=None)}, r"action_space\[1\].speed: .*got None"),
        (
            {"action_space": action(sped=1.0)},
            r"action_space\[1\].sped: unknown field; did you mean 'action_space\[1\].speed'\?",
        ),
        (
            {"action_space": [ACTIONS[0], {"speed": 1.0}]},
            r"action_space\[1\]: expected an object with steering_angle and speed, got",
        ),
        (
            {"action_space": ranges("speed", low=0.0)},
            r"action_space.speed.low: expected m/s within \[0.1, 4\], got 0.0",
        ),
        (
            {"action_space": ranges("steering_angle", high=-31)},
            "action_space.steering_angle.high: expected degrees",
        ),
        (
            {"action_space": ranges("speed", low=3.0, high=1.0)},
            "action_space.speed: expected low <= high",
        ),
        ({"action_space": {"speed": {}}}, "action_space: expected an object with steering_angle"),
        (
            {"action_space": ranges("speed", middle=1.0)},
            "action_space.speed.middle: unknown field",
        ),
        ({"training_algorithm": "dqn"}, "training_algorithm: expected one of clipped_ppo, sac"),
        ({"neural_network": "HUGE"}, "neural_network: expected one of .*got 'HUGE'"),
        ({"sensor": []}, r"sensor: expected a list of sensors, got \[\]"),
        ({"sensor": ["RADAR"]}, "sensor: expected one of FRONT_FACING_CAMERA, .*got 'RADAR'"),
        ({"sensor": [3]}, "sensor: expected one of .*got 3"),
        (
            {"sensor": ["SECTOR_LIDAR", "FRONT_FACING_CAMERA", "LIDAR"]},
            "sensor: expected one of LIDAR, SECTOR_LIDAR, DISCRETIZED_SECTOR_LIDAR at most, "
            "got LIDAR, SECTOR_LIDAR",
        ),
        (
            {"sensor": ["DISCRETIZED_SECTOR_LIDAR"], "lidar_config": {"num_sectors": 4}},
            "lidar_config: expected .*'clipping_dist': 2.0}, or nothing, got {'num_sectors': 4}",
        ),
        ({"version": 7}, "version: expected an integer from 1 to 6, got 7"),
        ({"version": "x"}, "version: expected an integer from 1 to 6, got 'x'"),
        ({"sensors": []}, "sensors: unknown field; did you mean 'sensor'?"),
    ],
)
def test_what_cannot_be_used_names_file_field_expected_and_got(values, message):
    with pytest.raises(ConfigurationError, match=f"^m.json: {message}"):
        parse(**values)


def test_a_file_without_an_action_space(tmp_path):
    path = tmp_path / "model_metadata.json"
    path.write_text("{}")
    with pytest.raises(ConfigurationError, match=r"model_metadata.json: action_space: expected a"):
        load_model_metadata(path)
    with pytest.raises(ConfigurationError, match="expected a model metadata file"):
        load_model_metadata(tmp_path)
