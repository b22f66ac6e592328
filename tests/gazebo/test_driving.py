"""The car drives as its geometry and its motors say."""

import math

import numpy as np
import pytest
from deepracer_core.simulation import MAX_STEERING_ANGLE, WHEELBASE, Frame
from deepracer_gazebo.client import GazeboSimulator

WHEEL_RADIUS = 0.035
TRACK_WIDTH = 0.16


def drive(simulator: GazeboSimulator, steps: int, steering_deg: float, speed: float) -> list[Frame]:
    """Keep to one command."""
    return [simulator.step(math.radians(steering_deg), speed) for _ in range(steps)]


def ground_speed(frame: Frame) -> float:
    return float(np.hypot(*frame.linear_velocity[:2]))


@pytest.mark.parametrize("speed", [0.1, 1.0, 2.0, 4.0])
def test_it_reaches_its_speed_and_keeps_it(simulator: GazeboSimulator, speed: float) -> None:
    run = drive(simulator, 45, 0.0, speed)
    speeds = [ground_speed(frame) for frame in run]
    reached = next(i for i, value in enumerate(speeds, start=1) if value > 0.95 * speed)
    # Its motors give about 6 m/s^2: nothing happens at once, nothing takes for ever.
    assert speed / 8.0 <= reached / 15 <= speed / 4.0 + 2 / 15
    assert speeds[20:] == pytest.approx([speed] * 25, rel=0.01, abs=0.005)
    assert run[-1].wheel_speeds * WHEEL_RADIUS == pytest.approx([speed] * 4, rel=0.01)


def test_it_brakes_to_a_stand(simulator: GazeboSimulator) -> None:
    drive(simulator, 20, 0.0, 2.0)
    braking = drive(simulator, 15, 0.0, 0.0)
    assert ground_speed(braking[0]) > 1.0
    assert ground_speed(braking[-1]) < 1e-3
    stop = braking[-1].position
    assert drive(simulator, 15, 0.0, 0.0)[-1].position == pytest.approx(stop, abs=1e-4)


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_straight_ahead_stays_straight(simulator: GazeboSimulator, speed: float) -> None:
    frame = simulator.reset(0.0, 0.0, 0.7)
    frame = drive(simulator, 60, 0.0, speed)[-1]
    along = np.array([math.cos(0.7), math.sin(0.7)])
    left = np.array([-along[1], along[0]])
    assert frame.position[:2] @ along > 3.0
    assert abs(frame.position[:2] @ left) < 1e-3
    assert abs(frame.yaw - 0.7) < 1e-3


@pytest.mark.parametrize("steering_deg", [-30.0, -10.0, 3.0, 15.0, 30.0])
def test_bends_are_those_of_the_bicycle_model(
    simulator: GazeboSimulator, steering_deg: float
) -> None:
    drive(simulator, 30, steering_deg, 1.0)
    run = drive(simulator, 15, steering_deg, 1.0)
    rear_radius = WHEELBASE / math.tan(math.radians(steering_deg))
    yaw_rate = np.mean([frame.angular_velocity[2] for frame in run])
    assert 1.0 / yaw_rate == pytest.approx(rear_radius, rel=0.02)
    # The base is midway between the axles, so its circle is a little wider.
    speed = np.mean([ground_speed(frame) for frame in run])
    assert speed / abs(yaw_rate) == pytest.approx(
        math.hypot(rear_radius, 0.5 * WHEELBASE), rel=0.02
    )


@pytest.mark.parametrize("steering_deg", [-30.0, 20.0])
def test_the_front_wheels_turn_about_one_point(
    simulator: GazeboSimulator, steering_deg: float
) -> None:
    first, second, *_, last = drive(simulator, 15, steering_deg, 1.0)
    left, right = last.steering_angles
    assert 1 / math.tan(right) - 1 / math.tan(left) == pytest.approx(TRACK_WIDTH / WHEELBASE, 0.01)
    center = math.atan(2.0 / (1 / math.tan(left) + 1 / math.tan(right)))
    assert math.degrees(center) == pytest.approx(steering_deg, abs=0.1)
    # A servo takes its time: not at once, and not for long.
    assert abs(first.steering_angles[0] - left) > math.radians(1.0)
    assert second.steering_angles == pytest.approx(last.steering_angles, abs=math.radians(2.0))


def test_commands_out_of_range_are_clipped(simulator: GazeboSimulator) -> None:
    wild = drive(simulator, 40, 90.0, 1.0)[-1]
    simulator.reset(0.0, 0.0, 0.0)
    tame = drive(simulator, 40, math.degrees(MAX_STEERING_ANGLE), 1.0)[-1]
    assert wild.steering_angles == pytest.approx(tame.steering_angles, abs=1e-6)
    simulator.reset(0.0, 0.0, 0.0)
    assert ground_speed(drive(simulator, 60, 0.0, 50.0)[-1]) == pytest.approx(4.0, rel=0.01)


def test_too_fast_a_bend_makes_it_slide_but_not_roll_over(simulator: GazeboSimulator) -> None:
    run = drive(simulator, 60, 30.0, 4.0)
    assert ground_speed(run[-1]) / abs(run[-1].angular_velocity[2]) > 0.4
    for frame in run:
        x, y, _, _ = frame.orientation
        assert 2.0 * math.hypot(x, y) < math.radians(5.0)
        assert abs(frame.position[2]) < 0.005


def test_a_collision_names_what_was_hit(simulator: GazeboSimulator) -> None:
    simulator.reset(-3.5, 0.0, math.pi)
    run = drive(simulator, 30, 0.0, 1.0)
    hits = [frame for frame in run if frame.contacts]
    assert hits
    assert hits[0].contacts == ("post",)
    # Its nose, 0.16 m ahead of the base, has stopped at the post's face.
    assert run[-1].position[0] == pytest.approx(-4.85 + 0.16, abs=0.01)
    assert not run[5].contacts
