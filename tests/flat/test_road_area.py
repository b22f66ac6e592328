"""Which pixels show the road, by a pinhole camera's own arithmetic and by the picture's colours."""

from math import cos, sin, tan

import cv2
import numpy as np
import pytest
from deepracer_core.track import Track
from deepracer_flat.flat_simulator import FRONT
from deepracer_flat.parity import road_area

WIDTH = 0.8
FOCAL = 0.5 * FRONT.width / tan(0.5 * FRONT.field_of_view)
HORIZON = 0.5 * FRONT.size - FOCAL * tan(FRONT.pitch)


@pytest.fixture(scope="module")
def straight():
    """A course along x, the car's place in the middle of it."""
    x = np.arange(-40.0, 41.0)
    level = np.zeros_like(x)
    left, right = level + 0.5 * WIDTH, level - 0.5 * WIDTH
    return Track.from_route(np.column_stack((x, level, x, left, x, right)), "straight")


def test_a_straight_road_is_as_wide_as_a_pinhole_camera_sees_it(straight):
    area = road_area(straight, FRONT, (0.0, 0.0, 0.0))
    for row in range(FRONT.size):
        down = (row - 0.5 * (FRONT.size - 1)) / FOCAL
        falls = sin(FRONT.pitch) + down * cos(FRONT.pitch)
        depth = FRONT.height / falls if falls > 0.0 else np.inf
        ends = depth * (cos(FRONT.pitch) - down * sin(FRONT.pitch)) + FRONT.ahead > 40.0
        wide = 0.0 if ends else min(FOCAL * WIDTH / depth, FRONT.width)
        assert abs(area[row].sum() - wide) <= 1.0
    assert area[-1].all()
    assert not area[: int(HORIZON)].any()
    np.testing.assert_array_equal(area, area[:, ::-1])


def test_it_moves_and_turns_with_the_car(straight):
    ahead = road_area(straight, FRONT, (0.0, 0.0, 0.0))
    beside = road_area(straight, FRONT, (0.0, 0.3, 0.0))
    columns = np.arange(FRONT.width)
    middles = [columns[area[60]].mean() for area in (ahead, beside)]
    assert middles[1] > middles[0] + 10.0  # it is left of the middle, the road right of it
    assert not road_area(straight, FRONT, (0.0, 5.0, 1.5)).any()
    np.testing.assert_array_equal(road_area(straight, FRONT, (0.0, 0.0, np.pi)), ahead)


def test_grass_is_outside_and_asphalt_inside(simulator, track):
    for distance in np.arange(0.0, track.length, 2.0):
        pose = track.pose_at(distance, 0.1)
        image = simulator.reset(*pose).image.astype(int)
        area = road_area(track, FRONT, pose).astype(np.uint8)
        # A pixel on the border is some of both, and far off a pixel is as wide as the lines.
        inside = cv2.erode(area, np.ones((3, 3)))[45:] == 1
        outside = cv2.dilate(area, np.ones((3, 3)))[45:] == 0
        is_green = (image[..., 1] > image[..., 0] + 15)[45:]
        assert inside.any()
        assert outside.any()
        assert not is_green[inside].any()
        assert is_green[outside].all()
