"""The parts of an observation come in any order, again, late or never."""

from itertools import permutations

import numpy as np
import pytest
from deepracer_core.observation_parts import ObservationParts

SENSORS = ("FRONT_FACING_CAMERA", "STEREO_CAMERAS", "LIDAR")


def part(time_ns, sensor, value=None):
    return time_ns, sensor, np.full(3, time_ns if value is None else value)


def joined(parts, told):
    """What came of each part: the time in every part of the observation that it completed."""
    observations = [parts.add(*each) for each in told]
    return [each and {sensor: array[0] for sensor, array in each.items()} for each in observations]


@pytest.mark.parametrize("order", permutations(SENSORS))
def test_the_last_part_completes_an_observation_in_the_order_of_the_sensors(order):
    parts = ObservationParts(SENSORS)
    *before, last = joined(parts, [part(7, sensor) for sensor in order])
    assert before == [None, None]
    assert last == dict.fromkeys(SENSORS, 7)
    assert tuple(last) == SENSORS


def test_one_sensor_alone_is_the_observation():
    parts = ObservationParts(["LIDAR"])
    array = np.ones(64, np.float32)
    assert parts.add(1, "LIDAR", array)["LIDAR"] is array


def test_parts_of_the_next_frame_may_come_before_the_last_one_of_this():
    told = [part(1, "A"), part(2, "A"), part(1, "B"), part(2, "B")]
    assert joined(ObservationParts("AB"), told) == [
        None,
        None,
        {"A": 1, "B": 1},
        {"A": 2, "B": 2},
    ]


def test_a_frame_that_comes_again_is_joined_again():
    told = [part(1, "A"), part(1, "B")] * 2
    assert joined(ObservationParts("AB"), told) == [None, {"A": 1, "B": 1}] * 2


def test_parts_of_a_frame_are_not_joined_to_one_of_the_same_time_after_a_new_start():
    parts = ObservationParts("AB")
    told = [part(5, "A", value=50), part(1, "A"), part(1, "B"), part(5, "B"), part(5, "A")]
    assert joined(parts, told) == [None, None, {"A": 1, "B": 1}, None, {"A": 5, "B": 5}]


def test_memory_is_bounded_when_a_sensor_is_silent():
    parts = ObservationParts("AB")
    assert joined(parts, [part(time_ns, "A") for time_ns in range(1000)]) == [None] * 1000
    assert len(parts._frames) <= 16
    assert joined(parts, [part(999, "B")]) == [{"A": 999, "B": 999}]
    assert parts._frames == {}
