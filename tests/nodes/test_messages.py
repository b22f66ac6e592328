"""Values survive the way through the messages."""

import math

import numpy as np
import pytest
from deepracer_core.action_space import Command
from deepracer_core.conditions import Conditions
from deepracer_core.episode import EpisodeStatus
from deepracer_core.observation import observation_dtype, observation_shapes
from deepracer_core.race_objects import RaceType
from deepracer_core.randomisation import RANDOMISED, Randomisation, parse_range
from deepracer_core.rollout import Judgement, Placement, Reset
from deepracer_core.sensors import SENSORS
from deepracer_core.simulation import ObjectPose, frame_time_ns
from kinematic_simulator import KinematicSimulator

from deepracer_nodes import messages, topics


@pytest.mark.parametrize("speed", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("angle_deg", [-30.0, -7.5, 0.0, 15.0, 30.0])
def test_a_command_survives_as_speed_and_yaw_rate(angle_deg, speed):
    command = Command(math.radians(angle_deg), speed)
    back = messages.from_drive(messages.to_drive(123, command))
    assert back.speed == speed
    assert back.steering_angle == pytest.approx(command.steering_angle, abs=1e-12)


def test_a_left_turn_is_a_positive_yaw_rate():
    drive = messages.to_drive(0, Command(math.radians(30), 1.0))
    assert drive.twist.angular.z == pytest.approx(math.tan(math.radians(30)) / 0.164)


def test_standing_still_the_wheels_point_ahead():
    assert messages.from_drive(messages.to_drive(0, Command(0.3, 0.0))).steering_angle == 0.0


def test_a_judgement_survives():
    judgement = Judgement(
        time_ns=frame_time_ns(7),
        episode=3,
        step=7,
        status=EpisodeStatus.OFF_TRACK,
        begins=False,
        progress=12.5,
        reward=-0.25,
    )
    assert messages.from_episode(messages.to_episode(judgement)) == judgement


def test_a_reset_survives():
    back = messages.from_reset(messages.to_reset(Reset(5, 1.5, -2.0, 2.5)))
    assert (back.time_ns, back.x, back.y) == (5, 1.5, -2.0)
    assert back.yaw == pytest.approx(2.5)


def test_a_policy_survives():
    assert messages.from_policy(messages.to_policy(5, 17, 4)) == (17, 4)


def test_fifteen_frames_are_exactly_one_second():
    stamp = messages.to_stamp(frame_time_ns(15))
    assert (stamp.sec, stamp.nanosec) == (1, 0)


def test_the_car_state_of_a_frame_comes_back_from_its_messages():
    simulator = KinematicSimulator()
    simulator.reset(1.0, 2.0, math.pi / 2)
    frame = simulator.step(0.2, 1.5)
    state = messages.to_car_state(messages.to_odometry(frame), messages.to_joint_state(frame))
    assert (state.x, state.y) == tuple(frame.position[:2])
    assert state.yaw == pytest.approx(frame.yaw)
    assert state.speed == pytest.approx(1.5)
    assert state.steering_angle == pytest.approx(0.2)


def test_the_twist_of_an_odometry_is_in_the_cars_own_axes():
    simulator = KinematicSimulator()
    simulator.reset(0.0, 0.0, math.pi / 2)
    twist = messages.to_odometry(simulator.step(0.0, 2.0)).twist.twist
    np.testing.assert_allclose([twist.linear.x, twist.linear.y], [2.0, 0.0], atol=1e-12)


def test_conditions_survive_to_the_last_digit():
    ranges = {name: parse_range(name, "0:1") for name in RANDOMISED if name != "friction"}
    drawn = Randomisation(ranges).conditions(3)
    assert drawn != Conditions()
    assert messages.from_conditions(messages.to_conditions(5, drawn)) == (5, drawn)


@pytest.mark.parametrize(
    ("race", "names"),
    [
        (RaceType.OBJECT_AVOIDANCE, ("obstacle_0", "obstacle_1")),
        (RaceType.HEAD_TO_BOT, ("bot_car_0", "bot_car_1")),
    ],
)
def test_objects_survive(race, names):
    placed = Placement(
        frame_time_ns(4),
        (ObjectPose(names[0], 1.5, -2.0, 2.5), ObjectPose(names[1], 0.0, 3.0, -0.25)),
    )
    back = messages.from_objects(messages.to_objects(placed), race)
    assert (back.time_ns, [o.name for o in back.objects]) == (placed.time_ns, list(names))
    for came, went in zip(back.objects, placed.objects, strict=True):
        assert (came.x, came.y) == (went.x, went.y)
        assert came.yaw == pytest.approx(went.yaw, abs=1e-12)


@pytest.mark.parametrize("sensor", SENSORS)
def test_what_a_sensor_sees_survives(sensor):
    (shape,) = observation_shapes([sensor]).values()
    values = np.random.default_rng(4).uniform(0.0, 12.0, shape)
    part = values.astype(observation_dtype(sensor))
    message = messages.to_observation(sensor, part, frame_time_ns(7))
    assert type(message) is topics.OBSERVATIONS[sensor].message
    time_ns, back = messages.from_observation(sensor, message)
    assert time_ns == frame_time_ns(7)
    assert back.dtype == part.dtype
    np.testing.assert_array_equal(back, part)


def test_a_scan_survives_also_where_nothing_is():
    ranges = np.where(np.arange(64) % 3, np.inf, np.linspace(0.15, 12.0, 64)).astype(np.float32)
    message = messages.to_scan(frame_time_ns(3), ranges)
    np.testing.assert_array_equal(messages.from_scan(message), ranges)
    last = message.angle_min + 63 * message.angle_increment
    assert last == pytest.approx(message.angle_max) == pytest.approx(math.radians(150.0))
