"""The car follows the bicycle model while its tyres hold, and slides when they cannot."""

from math import cos, hypot, radians, sin, tan

import numpy as np
import pytest
from deepracer_core.simulation import CONTROL_RATE, WHEELBASE
from deepracer_flat.car_dynamics import WHEEL_RADIUS, CarMotion


def driven(steps, steering_angle, speed, friction=1.0):
    motion = CarMotion.at_rest(0.0, 0.0, 0.0)
    states = [motion.state.copy()]
    for _ in range(steps):
        motion.drive(steering_angle, speed, friction)
        states.append(motion.state.copy())
    return motion, np.array(states)


@pytest.mark.parametrize("degrees", [-30.0, -15.0, 5.0, 15.0, 30.0])
def test_a_slow_car_turns_on_the_circle_of_the_bicycle_model(degrees):
    _, states = driven(45, radians(degrees), 0.8)
    settled = states[20:]
    speed = np.hypot(settled[:, 3], settled[:, 4])
    radius = speed / settled[:, 5]
    # The base is midway between the axles, so that it runs outside the rear axle's circle.
    expected = hypot(WHEELBASE / tan(radians(degrees)), 0.5 * WHEELBASE)
    assert np.abs(np.abs(radius) / expected - 1.0).max() < 0.02
    assert np.sign(radius).tolist() == [np.sign(degrees)] * len(radius)


def test_it_gains_speed_as_its_motors_can_and_then_holds_it():
    _, states = driven(30, 0.0, 3.0)
    gained = np.diff(states[:, 3])
    assert 5.0 < gained[1] * CONTROL_RATE < 6.5
    assert states[-1, 3] == pytest.approx(3.0, abs=1e-6)
    assert np.abs(states[:, 1]).max() == 0.0


def test_it_stops_as_fast_as_it_starts():
    motion, _ = driven(30, 0.0, 3.0)
    before = motion.state[3]
    motion.drive(0.0, 0.5)
    assert -6.5 < (motion.state[3] - before) * CONTROL_RATE < -5.0


def test_the_servo_turns_no_faster_than_it_can():
    _, states = driven(6, radians(30.0), 1.0)
    turned = np.abs(np.diff(states[:, 6:8], axis=0)).max()
    assert 0.3 < turned <= 8.7 / CONTROL_RATE + 1e-9
    # The inner wheel turns more than the outer one.
    assert states[-1, 6] > radians(30.0) > states[-1, 7]


def test_what_is_too_fast_for_the_tyres_slides_outwards():
    _, slow = driven(45, radians(30.0), 1.0)
    _, fast = driven(45, radians(30.0), 3.5)
    holds, slides = (
        np.hypot(*np.diff(states[20:, 3:5], axis=0).T).mean() * CONTROL_RATE
        for states in (slow, fast)
    )
    assert 3.0 < holds < 5.0
    # About what friction allows, where the bicycle would need 40 m/s^2.
    assert 7.0 < slides < 13.0


def test_less_friction_means_less_grip():
    _, dry = driven(30, radians(20.0), 2.0)
    _, wet = driven(30, radians(20.0), 2.0, friction=0.3)
    dry_pull, wet_pull = (
        np.hypot(*np.diff(states[15:, 3:5], axis=0).T).mean() * CONTROL_RATE
        for states in (dry, wet)
    )
    assert wet_pull < 0.5 * dry_pull


def test_the_wheels_inside_a_bend_turn_more_slowly():
    motion, _ = driven(45, radians(15.0), 1.0)
    front_left, front_right, rear_left, rear_right = motion.wheel_speeds
    assert rear_left < front_left < rear_right < front_right
    assert 0.5 * (rear_left + rear_right) == pytest.approx(1.0 / WHEEL_RADIUS, rel=0.01)


def test_left_and_right_are_alike():
    _, left = driven(45, radians(22.0), 1.8)
    _, right = driven(45, -radians(22.0), 1.8)
    mirrored = right * (1, -1, -1, 1, -1, -1, -1, -1, 1, -1, 1, 1, 1, 1)
    mirrored[:, [6, 7, 10, 11, 12, 13]] = mirrored[:, [7, 6, 11, 10, 13, 12]]
    np.testing.assert_allclose(left, mirrored, atol=1e-9)


def test_it_drives_alike_wherever_it_starts():
    turned = CarMotion.at_rest(3.0, -2.0, 2.1)
    motion, _ = driven(0, 0.0, 0.0)
    for _ in range(30):
        motion.drive(radians(12.0), 1.5)
        turned.drive(radians(12.0), 1.5)
    x, y, yaw = motion.state[:3]
    c, s = cos(2.1), sin(2.1)
    np.testing.assert_allclose(
        turned.state[:3], (3.0 + c * x - s * y, -2.0 + s * x + c * y, yaw + 2.1), atol=1e-9
    )


def test_what_is_asked_beyond_the_limits_is_clipped():
    _, most = driven(30, radians(30.0), 4.0)
    _, more = driven(30, radians(80.0), 9.0)
    np.testing.assert_array_equal(most, more)
