from math import nan, radians

import numpy as np
import pytest
from deepracer_core.action_space import Command, ContinuousActionSpace, DiscreteActionSpace
from hypothesis import given
from hypothesis import strategies as st

DISCRETE = DiscreteActionSpace(
    [Command(radians(angle), speed) for angle in (-30, 0, 30) for speed in (0.5, 1.0)]
)
CONTINUOUS = ContinuousActionSpace(Command(radians(-30), 0.5), Command(radians(20), 3.0))


def test_discrete_commands_and_actions_are_each_others_inverse():
    assert DISCRETE.size == 6
    assert DISCRETE.is_discrete
    for action in range(6):
        command = DISCRETE.command(action)
        assert DISCRETE.action(command) == action
        nearly = Command(command.steering_angle + 1e-9, command.speed - 1e-9)
        assert DISCRETE.action(nearly) == action


def test_the_nearest_discrete_action_stands_for_a_command_that_is_none():
    assert DISCRETE.action(Command(radians(20), 0.6)) == 4
    assert DISCRETE.action(Command(radians(-4), 9.0)) == 3


def test_equal_discrete_actions_are_the_first_of_them():
    twice = DiscreteActionSpace([Command(0.0, 1.0), Command(0.1, 1.0), Command(0.0, 1.0)])
    assert twice.size == 3
    assert twice.action(Command(0.0, 1.0)) == 0


@pytest.mark.parametrize("action", [-1, 6])
def test_an_index_that_is_not_there_is_refused(action):
    with pytest.raises(ValueError, match=rf"expected an index within 0..5, got {action}"):
        DISCRETE.command(action)


@given(st.floats(-1, 1, width=32), st.floats(-1, 1, width=32))
def test_continuous_commands_and_actions_are_each_others_inverse(steering, speed):
    action = np.array([steering, speed], np.float32)
    command = CONTINUOUS.command(action)
    assert radians(-30) <= command.steering_angle <= radians(20)
    assert 0.5 <= command.speed <= 3.0
    back = CONTINUOUS.action(command)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, action, atol=1e-6)


def test_continuous_ends_and_middle():
    assert CONTINUOUS.command(np.array([-1, 1])) == Command(radians(-30), 3.0)
    middle = CONTINUOUS.command(np.array([0.0, 0.0]))
    assert (middle.steering_angle, middle.speed) == pytest.approx((radians(-5), 1.75))
    np.testing.assert_array_equal(CONTINUOUS.action(Command(-9.0, 9.0)), [-1.0, 1.0])
    assert CONTINUOUS.command(np.array([7.0, -7.0])) == Command(radians(20), 0.5)


@pytest.mark.parametrize("action", [np.zeros(3), np.array([nan, 0.0]), 1])
def test_what_is_no_continuous_action_is_refused(action):
    with pytest.raises(ValueError, match="expected float32"):
        CONTINUOUS.command(action)


def test_a_range_of_one_speed():
    space = ContinuousActionSpace(Command(-0.5, 1.0), Command(0.5, 1.0))
    assert space.command(np.array([0.3, 0.9])).speed == 1.0
    assert space.action(Command(0.0, 1.0)).tolist() == [0.0, 0.0]


def test_samples_are_seeded_and_spread():
    drawn = [DISCRETE.sample(np.random.default_rng(1)) for _ in range(3)]
    assert len(set(drawn)) == 1
    rng = np.random.default_rng(1)
    assert {DISCRETE.sample(rng) for _ in range(200)} == set(range(6))
    points = np.array([CONTINUOUS.sample(rng) for _ in range(500)])
    assert points.dtype == np.float32
    assert points.shape == (500, 2)
    assert (points.min(0) < -0.9).all()
    assert (points.max(0) > 0.9).all()


def test_empty_and_upside_down_spaces_are_refused():
    with pytest.raises(ValueError, match="at least one command"):
        DiscreteActionSpace([])
    with pytest.raises(ValueError, match="low <= high"):
        ContinuousActionSpace(Command(0.0, 2.0), Command(0.1, 1.0))
