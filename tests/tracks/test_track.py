"""The track's geometry against an independent implementation, shapely, at random poses.

Each test asks for hundreds of poses on every track in both directions, which makes thousands.
"""

import math

import numpy as np
import pytest
import shapely
from deepracer_core.car_geometry import WHEEL_TRACK, wheel_centers
from deepracer_core.simulation import WHEELBASE
from deepracer_core.track import Track
from shapely.affinity import rotate, translate
from shapely.ops import substring

POSES = 900
METRE_ERROR = 1e-9


def line_of(track: Track) -> shapely.LineString:
    rows = np.vstack((track.center, track.center[:1])) if track.closed else track.center
    return shapely.LineString(rows)


def border(track: Track, rows: np.ndarray) -> shapely.Geometry:
    return shapely.LinearRing(rows) if track.closed else shapely.LineString(rows)


def road_of(track: Track) -> shapely.Polygon:
    if track.closed:
        return shapely.Polygon(track.outer, [track.inner])
    return shapely.Polygon(np.vstack((track.outer, track.inner[::-1])))


def random_points(track: Track, seed: int = 7) -> np.ndarray:
    """Points on the road, beside it, and all around it, float64[POSES, 2]."""
    rng = np.random.default_rng(seed)
    low, high = track.outer.min(axis=0) - 1.0, track.outer.max(axis=0) + 1.0
    anywhere = rng.uniform(low, high, (POSES // 3, 2))
    near = track.center[rng.integers(len(track.center), size=POSES - len(anywhere))]
    return np.vstack((anywhere, near + rng.normal(0.0, 0.4, near.shape)))


def test_projects_to_the_nearest_point(track: Track) -> None:
    points = random_points(track)
    line = line_of(track)
    found = track.project(points)
    expected = shapely.distance(line, shapely.points(points))
    np.testing.assert_allclose(np.abs(found.offset), expected, atol=METRE_ERROR)
    # Where two places are equally near either will do, as long as it is that near.
    places = shapely.line_interpolate_point(line, found.distance)
    np.testing.assert_allclose(
        shapely.distance(places, shapely.points(points)), expected, atol=METRE_ERROR
    )
    assert (found.distance >= 0.0).all()
    assert (found.distance < track.length if track.closed else found.distance <= track.length).all()
    assert track.length == pytest.approx(line.length, abs=METRE_ERROR)


def test_left_of_the_driving_direction_is_positive(track: Track) -> None:
    points = random_points(track, seed=8)
    offset = track.project(points).offset
    if track.closed:
        inside = shapely.contains_xy(shapely.Polygon(track.center), points)
        left = inside == shapely.LinearRing(track.center).is_ccw
    else:
        left = (points[:, 1] > 0.5) != track.is_reversed
    np.testing.assert_array_equal(offset > 0.0, left)


def test_heading_and_segment_are_those_of_the_place(track: Track) -> None:
    found = track.project(random_points(track, seed=9))
    line = line_of(track)
    ahead = np.vstack((track.center, track.center[:1]))[found.segment + 1]
    behind = track.center[found.segment]
    expected = np.arctan2(*(ahead - behind).T[::-1])
    np.testing.assert_allclose(found.heading, expected, atol=1e-12)
    start = shapely.line_locate_point(line, shapely.points(behind))
    along = found.distance - start
    assert (along >= -METRE_ERROR).all()
    assert (along <= np.hypot(*(ahead - behind).T) + METRE_ERROR).all()


def test_following_agrees_with_shapely_on_that_part(track: Track) -> None:
    rng = np.random.default_rng(10)
    rows = np.vstack((track.center, track.center[:1])) if track.closed else track.center
    laps = shapely.LineString(np.vstack((rows[:-1], rows[:-1], rows)) if track.closed else rows)
    for point in random_points(track)[::5]:
        distance, reach = rng.uniform(0.0, track.length), rng.uniform(0.01, 2.0)
        found = track.project_near(point, distance, reach)
        middle = distance + (track.length if track.closed else 0.0)
        part = substring(laps, max(middle - reach, 0.0), middle + reach)
        assert abs(found.offset) == pytest.approx(part.distance(shapely.Point(point)), abs=1e-8)
        ahead = found.distance - distance
        if track.closed:
            ahead = math.remainder(ahead, track.length)
        assert abs(ahead) <= reach + METRE_ERROR


def test_following_over_the_whole_lap_is_the_nearest_point(track: Track) -> None:
    points = random_points(track, seed=11)[::10]
    everywhere = track.project(points)
    for row, point in enumerate(points):
        found = track.project_near(point, 1.0, track.length)
        assert abs(found.offset) == pytest.approx(abs(everywhere.offset[row]), abs=METRE_ERROR)


def test_road_lies_between_the_borders(track: Track) -> None:
    points = random_points(track, seed=12)
    road = road_of(track)
    clear = shapely.distance(road.boundary, shapely.points(points)) > METRE_ERROR
    expected = shapely.contains_xy(road, points)
    assert expected.any()
    assert not expected.all()
    np.testing.assert_array_equal(track.contains(points)[clear], expected[clear])


def test_one_point_is_on_the_road_where_many_are(track: Track) -> None:
    """Exactly, at the height of an edge's end, too."""
    points = random_points(track, seed=19)
    points[::3, 1] = np.resize(np.concatenate((track.inner, track.outer))[:, 1], len(points[::3]))
    found = [track.is_on_road(x, y) for x, y in points.tolist()]
    np.testing.assert_array_equal(found, track.contains(points))


def test_width_is_that_of_both_sides(track: Track) -> None:
    inner, outer = border(track, track.inner), border(track, track.outer)
    distances = shapely.line_locate_point(line_of(track), shapely.points(track.center))
    for row, distance in enumerate(distances.tolist()):
        place = shapely.Point(track.center[row])
        expected = place.distance(inner) + place.distance(outer)
        assert track.width_at(distance) == pytest.approx(expected, abs=1e-6)


def test_width_between_waypoints_is_that_of_both_sides_nearly(track: Track) -> None:
    """Between waypoints it changes evenly, which the true distances to the borders nearly do."""
    inner, outer = border(track, track.inner), border(track, track.outer)
    distances = np.random.default_rng(18).uniform(0.0, track.length, 400)
    places = shapely.line_interpolate_point(line_of(track), distances)
    expected = shapely.distance(places, inner) + shapely.distance(places, outer)
    found = [track.width_at(distance) for distance in distances.tolist()]
    # A waypoint every 0.13 m, as library tracks have; the coarse routes have one every 0.2 to 1 m.
    spacing = track.length / len(track.center)
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=3e-3 if spacing < 0.2 else 9e-3)


def test_closest_waypoints_are_behind_and_ahead(track: Track) -> None:
    waypoints = track.waypoints
    assert len(waypoints) == len(track.center) + track.closed
    line = line_of(track)
    for distance in np.random.default_rng(13).uniform(0.0, track.length, 100):
        behind, ahead = track.closest_waypoints(distance)
        assert ahead == behind + 1 < len(waypoints)
        between = shapely.LineString([waypoints[behind], waypoints[ahead]])
        assert between.distance(line.interpolate(distance)) < METRE_ERROR


def test_wheels_are_on_the_road_where_shapely_has_them(track: Track) -> None:
    rng = np.random.default_rng(16)
    road = road_of(track)
    half_base, half_track = 0.5 * WHEELBASE, 0.5 * WHEEL_TRACK
    corners = [(a * half_base, b * half_track) for a in (1, -1) for b in (1, -1)]
    for x, y in random_points(track, seed=16)[::5]:
        yaw = rng.uniform(-math.pi, math.pi)
        car = rotate(shapely.MultiPoint(corners), yaw, origin=(0.0, 0.0), use_radians=True)
        wheels = shapely.get_coordinates(translate(car, x, y))
        found = np.array(wheel_centers(x, y, yaw))
        np.testing.assert_allclose(found, wheels, atol=METRE_ERROR)
        clear = shapely.distance(road.boundary, shapely.points(wheels)) > METRE_ERROR
        expected = shapely.contains_xy(road, wheels)
        np.testing.assert_array_equal(track.contains(found)[clear], expected[clear])


def test_poses_lie_on_the_centre_line(track: Track) -> None:
    line = line_of(track)
    for distance in np.random.default_rng(14).uniform(0.0, track.length, 100):
        x, y, yaw = track.pose_at(distance)
        assert line.interpolate(distance).distance(shapely.Point(x, y)) < METRE_ERROR
        left_x, left_y, same_yaw = track.pose_at(distance, 0.1)
        assert same_yaw == yaw
        assert (left_x - x, left_y - y) == pytest.approx(
            (-0.1 * math.sin(yaw), 0.1 * math.cos(yaw))
        )


def test_other_direction_mirrors_everything(forward: Track) -> None:
    backward = forward.reversed()
    assert backward.is_reversed
    assert not backward.reversed().is_reversed
    np.testing.assert_array_equal(backward.reversed().center, forward.center)
    points = random_points(forward, seed=15)
    one, other = forward.project(points), backward.project(points)
    np.testing.assert_allclose(other.offset, -one.offset, atol=METRE_ERROR)
    np.testing.assert_array_equal(backward.contains(points), forward.contains(points))
    if forward.closed:
        assert backward.waypoints[0] == forward.waypoints[0]
        total = (one.distance + other.distance) % forward.length
        assert np.minimum(total, forward.length - total).max() < 1e-6
    else:
        assert backward.waypoints == forward.waypoints[::-1]


def test_seam_is_a_place_like_any_other(track: Track) -> None:
    if not track.closed:
        assert track.project_near(track.center[-1] + [9.0, 0.0], 0.0, 99.0).distance >= 0.0
        return
    start = track.center[0]
    assert track.project([start]).distance[0] == 0.0
    assert track.project_near(start, track.length - 0.01, 0.5).distance == 0.0
    assert track.pose_at(track.length) == track.pose_at(0.0)
    assert track.pose_at(-1e-18) == track.pose_at(0.0)
    assert track.width_at(track.length) == track.width_at(0.0)
    assert track.closest_waypoints(track.length) == (0, 1)
    for gap in (1e-12, 1e-9, 1e-3):
        before, after = track.pose_at(-gap)[:2], track.pose_at(gap)[:2]
        behind = track.project_near(before, 0.0, 0.5).distance
        assert track.length - behind == pytest.approx(gap, abs=1e-9) or behind == 0.0
        assert track.project_near(after, track.length - gap, 0.5).distance == pytest.approx(
            gap, abs=1e-9
        )


def test_a_driven_lap_gains_what_was_driven(track: Track) -> None:
    step = 0.07
    distance, gained = 0.3, 0.0
    for number in range(1, int(track.length / step)):
        x, y, _ = track.pose_at(0.3 + number * step)
        found = track.project_near((x, y), distance, 2 * step)
        ahead = found.distance - distance
        gain = math.remainder(ahead, track.length) if track.closed else ahead
        if not track.closed and 0.3 + number * step > track.length:
            break
        assert gain == pytest.approx(step, abs=1e-9)
        distance, gained = found.distance, gained + gain
    assert gained > 0.9 * track.length


def test_following_does_not_jump_where_the_track_pinches(pinched_track: Track) -> None:
    track = pinched_track
    waist = float(track.project([[0.0, 0.43]]).distance[0])
    beyond = track.pose_at(waist, 0.5)[:2]
    nearest = track.project([beyond])
    assert abs(math.remainder(nearest.distance[0] - waist, track.length)) > 2.0
    followed = track.project_near(beyond, waist, 0.3)
    assert abs(followed.distance - waist) < 0.31
    assert followed.offset == pytest.approx(0.5, abs=0.02)


def test_no_points_project_to_nothing(forward: Track) -> None:
    empty = np.zeros((0, 2))
    assert forward.project(empty).distance.shape == (0,)
    assert forward.contains(empty).shape == (0,)
