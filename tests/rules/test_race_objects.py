"""Where boxes and bot cars are, and what the car has to do with them."""

from math import hypot, pi

import numpy as np
import pytest
from deepracer_core.bot_cars import BotCarRules, BotCars
from deepracer_core.errors import ConfigurationError
from deepracer_core.lanes import INNER, OUTER, Lanes
from deepracer_core.object_places import Spread, parse_places
from deepracer_core.obstacles import BOX_LENGTH, BOX_WIDTH, Obstacles
from deepracer_core.race_objects import (
    FREE_ROAD,
    closest_objects,
    free_distance,
    is_crashed,
    sees,
)
from deepracer_core.rectangle import Rectangle
from deepracer_core.track_library import load_track
from shapely import LineString, Polygon

_STEP = 1.0 / 15.0


@pytest.fixture(params=["forward", "reversed"])
def road(request):
    track = load_track("meadow_loop")
    return track if request.param == "forward" else track.reversed()


def along(track, a, b):
    """Metres along a circuit between two distances, the shorter way."""
    return abs((a - b + 0.5 * track.length) % track.length - 0.5 * track.length)


def test_boxes_stand_evenly_and_alternate_between_the_lanes(road):
    boxes = Obstacles(Spread(5)).scene(road, 0.0, 0).at(0.0)
    shares = [box.distance / road.length for box in boxes]
    np.testing.assert_allclose(shares, np.arange(1, 6) / 6.0, atol=0.01)
    sides = [box.offset > 0.0 for box in boxes]
    assert sides == [sides[0], not sides[0]] * 2 + [sides[0]]
    # The inner lane is the geometric inside, which is on the right when it is driven clockwise.
    assert sides[0] != road.is_reversed
    assert [box.name for box in boxes] == [f"obstacle_{i}" for i in range(5)]
    assert {(box.outline.length, box.outline.width) for box in boxes} == {(BOX_LENGTH, BOX_WIDTH)}
    assert {box.speed for box in boxes} == {0.0}


def test_a_box_stands_in_the_middle_of_its_lane_along_the_road(road):
    for box in Obstacles(Spread(6)).scene(road, 0.0, 0).at(0.0):
        x, y, yaw = road.pose_at(box.distance)
        gap = hypot(box.outline.x - x, box.outline.y - y)
        assert gap == pytest.approx(abs(box.offset), abs=0.01)
        assert abs(box.offset) == pytest.approx(0.25 * road.width_at(box.distance), rel=0.1)
        assert np.cos(box.outline.yaw - yaw) > 0.98
        assert road.contains(box.outline.corners).all()


def test_given_places_are_those_that_were_given(road):
    given = parse_places(["0.25,-1", "0.5, 1", ""], "object_positions")
    boxes = Obstacles(Spread(9, given=given)).scene(road, 3.0, 4).at(0.0)
    assert len(boxes) == 2
    assert [box.distance / road.length for box in boxes] == pytest.approx([0.25, 0.5], abs=0.01)
    inside_is_left = not road.is_reversed
    assert [box.offset > 0.0 for box in boxes] == [inside_is_left, not inside_is_left]


@pytest.mark.parametrize("text", ["0.5", "1.0,1", "0.5,0", "-0.1,1", "nan,1", "a,b", "0.5,1,1"])
def test_a_place_that_is_none_is_refused(text):
    with pytest.raises(ConfigurationError, match=r"object_positions: expected a share"):
        parse_places([text], "object_positions")


def test_random_places_keep_their_distances_and_differ_by_episode_only(road):
    source = Obstacles(Spread(4, min_distance=2.0, randomize=True), seed=3, worker=1)
    seen = []
    for episode in range(200):
        start = episode * 0.31 % road.length
        boxes = source.scene(road, start, episode).at(0.0)
        places = [start, *(box.distance for box in boxes)]
        for i, a in enumerate(places):
            # A box is seen from the nearest point of the centre line, a little off its own.
            assert all(along(road, a, b) > 1.9 for b in places[:i])
        assert len({box.offset > 0.0 for box in boxes}) == 2
        again = Obstacles(Spread(4, 2.0, randomize=True), seed=3, worker=1)
        assert again.scene(road, start, episode).at(1.0) == boxes
        seen += [box.distance / road.length for box in boxes]
    counts, _ = np.histogram(seen, bins=5, range=(0.0, 1.0))
    assert counts.min() > 0.7 * counts.mean()
    others = Obstacles(Spread(4, 2.0, randomize=True), seed=4, worker=1).scene(road, 0.0, 0).at(0.0)
    assert others != source.scene(road, 0.0, 0).at(0.0)


def test_more_objects_than_the_track_has_room_for_are_refused(road):
    Spread(4, 2.0, randomize=True).check(road, "boxes")
    with pytest.raises(ConfigurationError, match=r"50 boxes 2 m from each other .* need 102 m"):
        Spread(50, 2.0, randomize=True).check(road, "boxes")


def test_a_bot_car_follows_its_lane_at_its_speed(road):
    scene = BotCars(Spread(1), BotCarRules(speed=0.2)).scene(road, 0.0, 0)
    lane = Lanes(road)
    line = LineString([lane.position(s, INNER) for s in np.linspace(0.0, road.length, 4000)])
    begin = scene.at(0.0)[0]
    for step in range(0, 3000, 40):
        car = scene.at(step * _STEP)[0]
        place = line.distance(LineString([(car.outline.x, car.outline.y)] * 2))
        assert place < 1e-3
        expected = begin.distance + 0.2 * step * _STEP
        assert along(road, car.distance, expected) < 0.05
        assert car.speed == 0.2
        assert road.contains(car.outline.corners).all()


def test_where_a_bot_car_is_depends_on_the_time_alone(road):
    rules = BotCarRules(speed=1.0, changes_lanes=True)
    spread = Spread(3, randomize=True)
    asked_in_order = BotCars(spread, rules, seed=5).scene(road, 1.0, 8)
    expected = [asked_in_order.at(step * _STEP) for step in range(600)]
    asked_at_random = BotCars(spread, rules, seed=5).scene(road, 1.0, 8)
    for step in np.random.default_rng(0).permutation(600):
        assert asked_at_random.at(step * _STEP) == expected[step]
    assert asked_in_order.at(0.0) == expected[0]
    assert BotCars(spread, rules, seed=6).scene(road, 1.0, 8).at(0.0) != expected[0]
    assert BotCars(spread, rules, seed=5).scene(road, 1.0, 9).at(0.0) != expected[0]


def test_lane_changes_are_smooth_and_as_long_and_as_rare_as_the_rules_say(ring):
    rules = BotCarRules(
        speed=0.5, changes_lanes=True, lane_change_times=(3.0, 5.0), lane_change_distance=1.0
    )
    scene = BotCars(Spread(1), rules, seed=2).scene(ring, 0.0, 0)
    cars = [scene.at(step * _STEP)[0] for step in range(1500)]
    offsets = np.array([car.offset for car in cars])
    quarter = 0.25 * 0.76
    assert offsets.max() == pytest.approx(quarter, abs=1e-3)
    assert offsets.min() == pytest.approx(-quarter, abs=1e-3)
    # Smooth: from one frame to the next no more than the steepest part of a change.
    assert np.abs(np.diff(offsets)).max() < 2.0 * quarter * 1.5 / 1.0 * 0.5 * _STEP * 1.05

    in_lane = np.abs(np.abs(offsets) - quarter) < 1e-3
    lengths = [len(part) for part in np.split(in_lane, np.flatnonzero(np.diff(in_lane)) + 1)]
    in_lane_s = np.array(lengths[2:-1:2]) * _STEP
    changing_s = np.array(lengths[1:-1:2]) * _STEP
    assert len(in_lane_s) > 10
    assert np.all((in_lane_s > 2.8) & (in_lane_s < 5.4))
    assert np.all((changing_s > 1.5) & (changing_s < 2.1))

    # It points where it drives to.
    for before, car, after in zip(cars, cars[1:], cars[2:], strict=False):
        dx, dy = after.outline.x - before.outline.x, after.outline.y - before.outline.y
        assert np.cos(np.arctan2(dy, dx) - car.outline.yaw) > 0.999


@pytest.mark.parametrize(
    "values",
    [{"lane_change_times": (5.0, 3.0)}, {"speed": -1.0}, {"lane_change_distance": 0.0}],
)
def test_bot_cars_that_cannot_drive_so_are_refused(values):
    with pytest.raises(ConfigurationError, match="expected"):
        BotCarRules(**values)


def test_a_parked_bot_car_stays(ring):
    scene = BotCars(Spread(2), BotCarRules(speed=0.0, changes_lanes=True)).scene(ring, 0.0, 0)
    assert scene.at(0.0) == scene.at(99.0)


def test_a_crash_is_an_overlap_of_outlines(road):
    box = Obstacles(Spread(1)).scene(road, 0.0, 0).at(0.0)[0]
    rng = np.random.default_rng(1)
    outcomes = []
    for _ in range(2000):
        x, y = rng.uniform(-0.5, 0.5, 2) + np.array((box.outline.x, box.outline.y))
        yaw = rng.uniform(-pi, pi)
        car = Polygon(Rectangle(x, y, yaw, 0.32, 0.20).corners)
        crashed = is_crashed(x, y, yaw, [box])
        assert crashed == car.intersects(Polygon(box.outline.corners))
        outcomes.append(crashed)
    assert 0.2 < np.mean(outcomes) < 0.8
    assert not is_crashed(box.outline.x, box.outline.y, 0.0, [])


def test_the_closest_objects_are_those_behind_and_ahead_across_the_line_too(ring):
    boxes = Obstacles(Spread(4)).scene(ring, 0.0, 0).at(0.0)
    lap = ring.length
    assert closest_objects(ring, 0.5 * lap, boxes) == [1, 2]
    assert closest_objects(ring, 0.05 * lap, boxes) == [3, 0]
    assert closest_objects(ring, 0.95 * lap, boxes) == [3, 0]
    assert closest_objects(ring, 0.3 * lap, boxes[:1]) == [0, 0]
    assert closest_objects(ring, 0.3 * lap, ()) == [0, 0]


def test_on_an_open_course_no_object_comes_after_the_last_one(course):
    boxes = Obstacles(Spread(4)).scene(course, 0.0, 0).at(0.0)
    assert closest_objects(course, 0.5 * course.length, boxes) == [1, 2]
    assert closest_objects(course, 0.0, boxes) == [0, 0]
    assert closest_objects(course, 0.95 * course.length, boxes) == [3, 3]
    assert closest_objects(course, boxes[1].distance, boxes) == [1, 1]
    assert closest_objects(course, 0.3, ()) == [0, 0]


def test_the_camera_sees_what_is_ahead_of_it(ring):
    box = Obstacles(Spread(1)).scene(ring, 0.0, 0).at(0.0)[0]
    x, y, yaw = ring.pose_at(box.distance - 0.8)
    assert sees(x, y, yaw, box)
    assert not sees(x, y, yaw + pi, box)
    # Beside the camera the box is out of view already, though its front is ahead of the axles.
    x, y, yaw = ring.pose_at(box.distance + 0.2)
    assert not sees(x, y, yaw, box)


def test_free_road_is_at_the_place_or_before_it(road):
    boxes = Obstacles(Spread(5)).scene(road, 0.0, 0).at(0.0)
    for wanted in np.linspace(0.0, road.length, 200, endpoint=False):
        at = free_distance(road, wanted, boxes)
        x, y, yaw = road.pose_at(at)
        room = Polygon(Rectangle(x, y, yaw, 0.32 + 2 * FREE_ROAD, 0.20).corners)
        assert not any(room.intersects(Polygon(box.outline.corners)) for box in boxes)
        assert (wanted - at) % road.length < 2.0
    assert free_distance(road, 1.25, ()) == 1.25


def test_lanes_join_at_the_start_line(road):
    lanes = Lanes(road)
    for lane in (INNER, OUTER):
        before, after = lanes.position(-1e-6, lane), lanes.position(1e-6, lane)
        assert before == pytest.approx(after, abs=1e-5)
        assert lanes.position(2.0 + road.length, lane) == pytest.approx(lanes.position(2.0, lane))
