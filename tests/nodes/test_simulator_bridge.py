"""The bridge steps once for each frame that is answered, and for nothing else."""

import math
import time

import numpy as np
import pytest
from deepracer_core.action_space import Command
from deepracer_core.conditions import Conditions
from deepracer_core.errors import ConfigurationError
from deepracer_core.lidar import Lidar, outlines
from deepracer_core.race_objects import RaceType
from deepracer_core.rollout import Placement, Reset
from deepracer_core.simulation import ObjectPose, frame_time_ns
from deepracer_nodes.simulator_bridge import SimulatorBridge
from kinematic_simulator import KinematicSimulator
from std_msgs.msg import Header

from deepracer_nodes import messages, topics


@pytest.fixture
def simulator():
    return KinematicSimulator()


@pytest.fixture
def heard(graph):
    """Stamps of every frame and the messages of the last one, by topic."""
    stamps = []
    topics.ODOMETRY.subscribe_on(
        graph.probe, lambda message: stamps.append(messages.from_stamp(message.header.stamp))
    )
    return stamps


@pytest.fixture
def bridge(graph, simulator, heard):
    bridge = graph.add(SimulatorBridge)
    graph.drive = topics.DRIVE.publish_from(graph.probe)
    graph.reset = topics.RESET.publish_from(graph.probe)
    graph.spin_until(
        lambda: graph.drive.get_subscription_count() and graph.reset.get_subscription_count()
    )
    bridge.start(simulator)
    graph.spin_until(lambda: heard)
    return bridge


def test_a_drive_that_answers_the_frame_is_one_step(graph, bridge, simulator, heard):
    graph.drive.publish(messages.to_drive(heard[-1], Command(0.25, 1.5)))
    graph.spin_until(lambda: len(heard) == 2)
    assert simulator.commands[-1] == (pytest.approx(0.25), 1.5)
    assert heard == [frame_time_ns(1), frame_time_ns(2)]


def test_an_answer_to_an_old_frame_is_dropped(graph, bridge, simulator, heard):
    first = heard[-1]
    graph.drive.publish(messages.to_drive(first, Command(0.0, 1.0)))
    graph.spin_until(lambda: len(heard) == 2)
    graph.drive.publish(messages.to_drive(first, Command(0.0, 3.0)))
    graph.drive.publish(messages.to_drive(first, Command(0.0, 3.0)))
    graph.reset.publish(messages.to_reset(Reset(first, 9.0, 9.0, 0.0)))
    # The frame is repeated after a while; by then the stale answers have been seen.
    graph.spin_until(lambda: len(heard) == 3)
    assert heard[2] == heard[1]
    assert simulator.steps == 2
    assert not simulator.resets


@pytest.mark.parametrize("nonsense", [math.nan, math.inf])
def test_what_is_no_number_is_dropped_and_the_next_answer_is_taken(
    graph, bridge, simulator, heard, nonsense
):
    first = heard[-1]
    graph.drive.publish(messages.to_drive(first, Command(0.0, nonsense)))
    graph.reset.publish(messages.to_reset(Reset(first, nonsense, 0.0, 0.0)))
    # The frame is repeated after a while; by then the nonsense has been seen.
    graph.spin_until(lambda: len(heard) == 2)
    assert heard[1] == first
    graph.drive.publish(messages.to_drive(first, Command(0.25, 1.5)))
    graph.spin_until(lambda: heard[-1] != first)
    assert simulator.commands[-1] == (pytest.approx(0.25), 1.5)
    assert not simulator.resets


def test_a_reset_takes_effect_in_the_next_frame(graph, bridge, simulator, heard):
    poses = {}
    topics.ODOMETRY.subscribe_on(
        graph.probe,
        lambda message: poses.update(
            {messages.from_stamp(message.header.stamp): message.pose.pose.position}
        ),
    )
    graph.reset.publish(messages.to_reset(Reset(heard[-1], 1.0, 2.0, 0.5)))
    graph.spin_until(lambda: frame_time_ns(2) in poses)
    assert simulator.resets == [(1.0, 2.0, pytest.approx(0.5))]
    assert (poses[frame_time_ns(2)].x, poses[frame_time_ns(2)].y) == (1.0, 2.0)


def test_all_messages_of_a_frame_carry_its_stamp(graph, bridge, heard):
    stamps = {}
    for topic in (topics.CAMERA, topics.JOINT_STATES, topics.TRANSFORM):
        topic.subscribe_on(
            graph.probe,
            lambda message, name=topic.name: stamps.update(
                {name: messages.from_stamp(message.header.stamp)}
            ),
        )
    graph.spin_until(lambda: len(stamps) == 3)
    assert set(stamps.values()) == {heard[-1]}


def test_the_time_is_told_once_for_each_frame(graph, bridge, heard):
    said = []
    topics.CLOCK.subscribe_on(
        graph.probe, lambda message: said.append(messages.from_stamp(message.clock))
    )
    graph.spin_until(lambda: graph.probe.count_subscribers("/clock") == 1)
    for frames in (2, 3):
        graph.drive.publish(messages.to_drive(heard[-1], Command(0.0, 1.0)))
        graph.spin_until(lambda frames=frames: len(heard) == frames)
    graph.spin_until(lambda: len(said) == 2)
    assert said == [frame_time_ns(2), frame_time_ns(3)]


def test_the_simulator_is_let_go_with_the_node(graph, bridge, simulator):
    bridge.destroy_node()
    assert simulator.closed


def test_in_a_race_with_objects_the_answer_and_the_objects_wait_for_each_other(graph, heard):
    simulator = KinematicSimulator()
    bridge = graph.add(SimulatorBridge, race_type="object_avoidance")
    drive = topics.DRIVE.publish_from(graph.probe)
    objects = topics.OBJECTS.publish_from(graph.probe)
    graph.spin_until(lambda: drive.get_subscription_count() and objects.get_subscription_count())
    bridge.start(simulator)
    graph.spin_until(lambda: heard)

    box = ObjectPose("obstacle_0", 1.0, 2.0, 0.5)
    first = heard[-1]
    drive.publish(messages.to_drive(first, Command(0.0, 1.0)))
    # The frame is repeated when it goes unanswered: the drive alone is no answer.
    graph.spin_until(lambda: len(heard) == 2)
    assert heard[1] == first
    objects.publish(messages.to_objects(Placement(first, (box,))))
    graph.spin_until(lambda: heard[-1] != first)
    assert simulator.placed == [(ObjectPose("obstacle_0", 1.0, 2.0, pytest.approx(0.5)),)]
    assert simulator.commands[-1] == (0.0, 1.0)

    second = heard[-1]
    objects.publish(messages.to_objects(Placement(first, (box,))))
    objects.publish(messages.to_objects(Placement(second, ())))
    drive.publish(messages.to_drive(second, Command(0.0, 2.0)))
    graph.spin_until(lambda: heard[-1] != second)
    assert len(simulator.placed) == 1
    assert simulator.commands[-1] == (0.0, 2.0)


def test_where_conditions_are_randomised_a_reset_waits_for_its_own(graph, heard):
    simulator = KinematicSimulator()
    bridge = graph.add(SimulatorBridge, randomised=True)
    drive = topics.DRIVE.publish_from(graph.probe)
    reset = topics.RESET.publish_from(graph.probe)
    conditions = topics.CONDITIONS.publish_from(graph.probe)
    graph.spin_until(
        lambda: all(out.get_subscription_count() for out in (drive, reset, conditions))
    )
    bridge.start(simulator)
    graph.spin_until(lambda: heard)

    dim = Conditions(light_strength=0.5, action_delay=2)
    first = heard[-1]
    reset.publish(messages.to_reset(Reset(first, 1.0, 2.0, 0.5)))
    conditions.publish(messages.to_conditions(first + 1, Conditions()))
    # The frame is repeated when it goes unanswered: neither the reset alone is an answer, nor are
    # another frame's conditions.
    graph.spin_until(lambda: len(heard) == 2)
    assert heard[1] == first
    assert not simulator.resets
    conditions.publish(messages.to_conditions(first, dim))
    graph.spin_until(lambda: heard[-1] != first)
    assert simulator.applied == [dim]
    assert len(simulator.resets) == 1

    # What is driven now comes into effect two control periods later; until then the car stands.
    for speed in (1.0, 2.0, 3.0):
        before = heard[-1]
        drive.publish(messages.to_drive(before, Command(0.0, speed)))
        graph.spin_until(lambda before=before: heard[-1] != before)
    assert [speed for _, speed in simulator.commands[-3:]] == [0.0, 0.0, 1.0]

    last = heard[-1]
    conditions.publish(messages.to_conditions(last, Conditions()))
    reset.publish(messages.to_reset(Reset(last, 1.0, 2.0, 0.5)))
    graph.spin_until(lambda: heard[-1] != last)
    drive.publish(messages.to_drive(heard[-1], Command(0.0, 3.5)))
    graph.spin_until(lambda: simulator.commands[-1] == (0.0, 3.5))
    assert simulator.applied == [dim, Conditions()]


def test_each_camera_has_its_topic(graph, heard):
    seen = {}
    for name, topic in topics.CAMERAS.items():
        topic.subscribe_on(graph.probe, lambda message, name=name: seen.update({name: message}))
    graph.add(SimulatorBridge).start(KinematicSimulator(("right", "left", "chase")))
    graph.spin_until(lambda: {"left", "right"} <= seen.keys())
    assert "front" not in seen
    assert messages.from_image(seen["right"])[0, 0, 0] == 1
    assert messages.from_image(seen["left"])[0, 0, 0] == 2
    assert {messages.from_stamp(message.header.stamp) for message in seen.values()} == set(heard)
    frames = {message.header.frame_id for message in seen.values()}
    assert frames == {"left_camera_link", "right_camera_link"}


@pytest.fixture
def drive_on(graph, bridge, heard):
    """Drives one step further."""

    def drive_on() -> None:
        last = heard[-1]
        graph.drive.publish(messages.to_drive(last, Command(0.0, 1.0)))
        graph.spin_until(lambda: heard[-1] != last)

    return drive_on


@pytest.fixture
def request_picture(graph, bridge):
    """Asks for a picture from behind the car."""
    request = topics.CHASE_REQUEST.publish_from(graph.probe)
    graph.spin_until(request.get_subscription_count)
    return lambda: request.publish(Header())


def test_the_chase_camera_takes_a_picture_for_each_request(
    graph, simulator, heard, drive_on, request_picture
):
    seen = []
    topics.CAMERA_CHASE.subscribe_on(graph.probe, seen.append)
    graph.spin_until(lambda: graph.probe.count_publishers(topics.CAMERA_CHASE.name) == 1)
    for count in range(1, 5):
        for _ in range(3):
            drive_on()
        assert len(simulator.looked) == count - 1
        # One picture, however often it is asked for before it is taken.
        request_picture()
        request_picture()
        while len(simulator.looked) < count:
            drive_on()
        graph.spin_until(lambda count=count: len(seen) == count)
    for message in seen:
        time_ns = messages.from_stamp(message.header.stamp)
        assert time_ns in simulator.looked
        # Its pictures carry the frame's number.
        picture = messages.from_compressed_image(message)
        assert picture.shape == (360, 640, 3)
        assert abs(int(picture[0, 0, 0]) - (heard.index(time_ns) + 1) % 251) <= 1
        assert message.header.frame_id == "chase_camera_link"


def test_a_slow_renderer_is_asked_the_less_often(simulator, drive_on, request_picture):
    simulator.takes_s = 0.02
    began = None
    while began is None or time.monotonic() < began + 1.5:
        request_picture()
        drive_on()
        if began is None and len(simulator.looked) == 2:
            began = time.monotonic()
    # A twentieth of the time: two and a half in a second.
    assert 3 <= len(simulator.looked) - 2 <= 4


def test_the_lidar_measures_what_stands_in_the_frame(graph, heard):
    scans = []
    topics.SCAN.subscribe_on(graph.probe, scans.append)
    bridge = graph.add(SimulatorBridge, race_type="object_avoidance", seed=5, worker=2)
    reset = topics.RESET.publish_from(graph.probe)
    objects = topics.OBJECTS.publish_from(graph.probe)
    graph.spin_until(lambda: reset.get_subscription_count() and objects.get_subscription_count())
    bridge.start(KinematicSimulator())
    graph.spin_until(lambda: heard and scans)
    assert np.isinf(messages.from_scan(scans[0])).all()

    box = ObjectPose("obstacle_0", 3.0, 1.0, 0.0)
    objects.publish(messages.to_objects(Placement(heard[-1], (box,))))
    reset.publish(messages.to_reset(Reset(heard[-1], 1.0, 1.0, 0.0)))
    second = frame_time_ns(2)
    graph.spin_until(lambda: messages.from_stamp(scans[-1].header.stamp) == second)
    ranges = messages.from_scan(scans[-1])
    expected = Lidar(seed=5, worker=2).scan(
        second, 1.0, 1.0, 0.0, outlines(RaceType.OBJECT_AVOIDANCE, [box])
    )
    np.testing.assert_array_equal(ranges, expected)
    # The box is 0.4 m long.
    assert ranges[31:33] == pytest.approx(1.8, abs=0.06)
    assert scans[-1].angle_min == pytest.approx(-scans[-1].angle_max)


def test_an_unknown_race_is_refused(graph, simulator):
    bridge = graph.add(SimulatorBridge, race_type="time_trail")
    with pytest.raises(ConfigurationError, match=r"race_type: expected .*, got 'time_trail'"):
        bridge.start(simulator)
