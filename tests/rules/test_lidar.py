"""Distances that the lidar measures, against shapely."""

from math import cos, hypot, pi, sin

import numpy as np
import pytest
from deepracer_core.car_geometry import footprint
from deepracer_core.lidar import NOISE, Lidar, cast, outlines
from deepracer_core.race_objects import RaceType
from deepracer_core.rectangle import Rectangle
from deepracer_core.sensors import LIDAR_ANGLE, LIDAR_RANGE, LIDAR_RAYS
from deepracer_core.simulation import ObjectPose
from shapely import LineString, Point, Polygon, union_all

_FAR = 50.0


def expected_distances(x, y, angles, rectangles):
    """The same by another way: cut each ray, as a long line, with all outlines."""
    solid = union_all([Polygon(each.corners) for each in rectangles])
    eye = Point(x, y)
    for angle in angles:
        ray = LineString([(x, y), (x + _FAR * cos(angle), y + _FAR * sin(angle))])
        cut = ray.intersection(solid)
        yield np.inf if cut.is_empty else cut.distance(eye)


def test_rays_end_where_those_of_shapely_do():
    rng = np.random.default_rng(5)
    angles = np.linspace(-LIDAR_ANGLE, LIDAR_ANGLE, LIDAR_RAYS)
    hits = 0
    for _ in range(200):
        rectangles = [
            Rectangle(*rng.uniform(-4.0, 4.0, 2), rng.uniform(-9.0, 9.0), *rng.uniform(0.1, 1.0, 2))
            for _ in range(rng.integers(1, 7))
        ]
        x, y, yaw = rng.uniform(-4.0, 4.0, 3)
        measured = cast(x, y, yaw + angles, rectangles)
        expected = list(expected_distances(x, y, yaw + angles, rectangles))
        np.testing.assert_allclose(measured, expected, atol=1e-9)
        hits += np.isfinite(measured).sum()
    assert 1000 < hits < 200 * LIDAR_RAYS - 1000


@pytest.mark.parametrize("turn", [0.0, 0.5 * pi, pi, -1.5 * pi])
def test_rays_along_the_sides(turn):
    box = [Rectangle(2.0, 0.0, turn, 0.4, 0.4)]
    ahead, left, behind = cast(0.0, 0.0, np.array([0.0, 0.5 * pi, pi]), box)
    assert ahead == pytest.approx(1.8)
    assert left == behind == np.inf
    # Within it; beside it; along its side.
    assert cast(2.1, 0.1, np.zeros(1), box)[0] == 0.0
    assert cast(0.0, 0.21, np.zeros(1), box)[0] == np.inf
    assert cast(0.0, 0.2 - 1e-9, np.zeros(1), box)[0] == pytest.approx(1.8)


def test_an_empty_road_is_infinitely_far_away():
    assert np.isinf(cast(0.0, 0.0, np.zeros(LIDAR_RAYS), [])).all()
    assert np.isinf(Lidar().scan(0, 1.0, 2.0, 3.0, [])).all()


def test_the_first_ray_points_to_the_right():
    scan = Lidar().scan(0, 5.0, 5.0, 0.5 * pi, [footprint(6.0, 5.0, 0.0)])
    middle_of_right = round((LIDAR_ANGLE - 0.5 * pi) / (2.0 * LIDAR_ANGLE) * (LIDAR_RAYS - 1))
    assert np.nanargmin(scan) == pytest.approx(middle_of_right, abs=2)
    assert np.isinf(scan[LIDAR_RAYS // 2 :]).all()
    assert scan.dtype == np.float32


def test_noise_is_of_its_size_and_repeats():
    box = [Rectangle(2.0, 0.0, 0.0, 0.4, 8.0)]
    exact = cast(0.0, 0.0, np.linspace(-LIDAR_ANGLE, LIDAR_ANGLE, LIDAR_RAYS), box)
    seen = np.isfinite(exact)
    lidar = Lidar(seed=3, worker=1)
    scans = np.array([lidar.scan(time_ns, 0.0, 0.0, 0.0, box) for time_ns in range(500)])
    errors = scans[:, seen] - exact[seen]
    assert errors.mean() == pytest.approx(0.0, abs=4.0 * NOISE / errors.size**0.5)
    assert errors.std() == pytest.approx(NOISE, rel=0.05)
    assert np.isinf(scans[:, ~seen]).all()

    again = Lidar(seed=3, worker=1).scan(7, 0.0, 0.0, 0.0, box)
    np.testing.assert_array_equal(again, scans[7])
    for other in (Lidar(seed=4, worker=1), Lidar(seed=3, worker=2)):
        assert (other.scan(7, 0.0, 0.0, 0.0, box) != again)[seen].all()


def test_distances_stay_within_what_it_measures():
    shortest, longest = LIDAR_RANGE
    near = Lidar().scan(0, 0.0, 0.0, 0.0, [Rectangle(0.1, 0.0, 0.0, 0.1, 9.0)])
    assert near.min() == np.float32(shortest)
    wall = [Rectangle(longest + 1.0, 0.0, 0.0, 0.1, 9.0)]
    assert np.isinf(Lidar().scan(0, 0.0, 0.0, 0.0, wall)).all()


@pytest.mark.parametrize(
    ("race_type", "size"),
    [(RaceType.OBJECT_AVOIDANCE, (0.4, 0.3)), (RaceType.HEAD_TO_BOT, (0.32, 0.20))],
)
def test_objects_are_as_large_as_in_the_race(race_type, size):
    (outline,) = outlines(race_type, [ObjectPose("any", 1.0, 2.0, 0.3)])
    assert outline == Rectangle(1.0, 2.0, 0.3, *size)
    angle = 0.3
    start = (1.0 - 3.0 * cos(angle), 2.0 - 3.0 * sin(angle))
    (distance,) = cast(*start, np.array([angle]), [outline])
    assert distance == pytest.approx(hypot(3.0 * cos(angle), 3.0 * sin(angle)) - 0.5 * size[0])
