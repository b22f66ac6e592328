"""Overlap and field of view, against shapely."""

from math import cos, hypot, pi, sin

import numpy as np
import pytest
from deepracer_core.car_geometry import CAR_LENGTH, CAR_WIDTH, footprint
from deepracer_core.rectangle import Rectangle, is_in_view, overlap
from shapely import Polygon

_UNDECIDED = 1e-9
"""Metres: nearer to touching than this, the two ways of calculating may differ."""


def polygon(rectangle):
    return Polygon(rectangle.corners)


def random_rectangles(rng, spread):
    for _ in range(5000):
        yield [
            Rectangle(*rng.uniform(-spread, spread, 2), rng.uniform(-9.0, 9.0), length, width)
            for length, width in rng.uniform(0.05, 0.6, (2, 2))
        ]


@pytest.mark.parametrize("spread", [0.1, 0.3, 1.0])
def test_overlap_is_that_of_shapely(spread):
    found = []
    for a, b in random_rectangles(np.random.default_rng(7), spread):
        first, second = polygon(a), polygon(b)
        gap = first.distance(second)
        if gap == 0.0 and first.intersection(second).area < _UNDECIDED:
            continue
        expected = gap == 0.0
        assert overlap(a, b) == expected, (a, b)
        assert overlap(b, a) == expected, (a, b)
        found.append(expected)
    assert any(found)
    assert spread < 0.3 or not all(found)


def test_corners_stand_where_the_length_and_width_say():
    rectangle = Rectangle(1.0, 2.0, 0.5 * pi, 0.4, 0.2)
    expected = [(0.9, 2.2), (0.9, 1.8), (1.1, 1.8), (1.1, 2.2)]
    np.testing.assert_allclose(rectangle.corners, expected, atol=1e-12)
    assert polygon(rectangle).exterior.is_ccw
    assert polygon(rectangle).area == pytest.approx(0.08)


@pytest.mark.parametrize("turn", [0.0, 0.5 * pi, pi, -2.5 * pi])
def test_touching_overlaps_and_a_hair_further_does_not(turn):
    car = footprint(0.0, 0.0, 0.0)
    side = CAR_LENGTH if round(turn / (0.5 * pi)) % 2 == 0 else CAR_WIDTH
    reach = 0.5 * (CAR_LENGTH + side)
    assert overlap(car, footprint(reach - 1e-9, 0.0, turn))
    assert not overlap(car, footprint(reach + 1e-9, 0.0, turn))


def test_corner_to_corner_neither_box_around_them_decides():
    """Turned by 45 degrees, the outlines' bounds overlap and the rectangles do not."""
    a = Rectangle(0.0, 0.0, 0.0, 1.0, 1.0)
    b = Rectangle(0.95, 0.95, pi / 4, 1.0, 1.0)
    assert hypot(0.95, 0.95) - 0.5 < hypot(0.5, 0.5) + 0.5
    assert not overlap(a, Rectangle(0.86, 0.86, pi / 4, 1.0, 1.0))
    assert overlap(a, Rectangle(0.84, 0.84, pi / 4, 1.0, 1.0))
    assert not overlap(a, b)


def test_field_of_view_is_that_of_shapely():
    rng = np.random.default_rng(11)
    found = []
    for target, eye in random_rectangles(rng, 1.5):
        field_of_view = rng.uniform(0.2, 3.0)
        right, left = eye.yaw - 0.5 * field_of_view, eye.yaw + 0.5 * field_of_view
        far = 1e3
        view = Polygon(
            [
                (eye.x, eye.y),
                (eye.x + far * cos(right), eye.y + far * sin(right)),
                (eye.x + 3 * far * cos(eye.yaw), eye.y + 3 * far * sin(eye.yaw)),
                (eye.x + far * cos(left), eye.y + far * sin(left)),
            ]
        )
        shape = polygon(target)
        if 0.0 < view.intersection(shape).area < 1e-6 or 0.0 < view.distance(shape) < 1e-6:
            continue
        seen = is_in_view(target, (eye.x, eye.y), eye.yaw, field_of_view)
        assert seen == view.intersects(shape), (target, eye, field_of_view)
        found.append(seen)
    assert 0.1 < np.mean(found) < 0.9


def test_a_wide_thing_right_ahead_is_seen_though_no_corner_of_it_is():
    wall = Rectangle(1.0, 0.0, 0.0, 0.1, 20.0)
    assert is_in_view(wall, (0.0, 0.0), 0.0, 1.13)
    assert not is_in_view(wall, (0.0, 0.0), pi, 1.13)
