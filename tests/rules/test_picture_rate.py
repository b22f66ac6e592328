"""A camera takes its pictures at control periods, evenly."""

import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.simulation import steps_of_a_picture


@pytest.mark.parametrize(("rate", "steps"), [(1, 15), (3, 5), (5, 3), (15, 1)])
def test_a_rate_that_divides_the_control_rate(rate, steps):
    assert steps_of_a_picture(rate) == steps


@pytest.mark.parametrize("rate", [-1, 0, 2, 4, 30])
def test_another_rate_is_refused(rate):
    with pytest.raises(ConfigurationError, match=f"divisor of 15 pictures a second, got {rate}"):
        steps_of_a_picture(rate)
