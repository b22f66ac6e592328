import numpy as np
import pytest
from deepracer_core.starts import StartPositions


def test_each_start_is_a_twentieth_of_the_lap_further_on(ring):
    starts = StartPositions(ring)
    distances = [starts.next().distance for _ in range(41)]
    shares = np.array(distances) / ring.length
    np.testing.assert_allclose(shares[:20], np.arange(20) * 0.05, atol=1e-12)
    np.testing.assert_allclose(shares[20:40], shares[:20], atol=1e-12)
    assert all(0.0 <= distance < ring.length for distance in distances)


def test_alternating_drives_from_each_place_in_both_directions(ring):
    starts = StartPositions(ring, alternate_direction=True, first=0.9)
    taken = [starts.next() for _ in range(8)]
    assert [start.track.is_reversed for start in taken] == [False, True] * 4
    forward, back = taken[::2], taken[1::2]
    shares = [start.distance / ring.length for start in forward]
    assert shares == pytest.approx([0.9, 0.95, 0.0, 0.05])
    for there, again in zip(forward, back, strict=True):
        x, y, yaw = there.track.pose_at(there.distance)
        same_x, same_y, other_way = again.track.pose_at(again.distance)
        assert (same_x, same_y) == pytest.approx((x, y), abs=1e-9)
        # At a waypoint each way has the heading of the part that follows.
        assert np.cos(other_way - yaw) == pytest.approx(-1.0, abs=1e-3)


def test_alternating_on_an_open_course_begins_no_episode_at_its_end(course):
    starts = StartPositions(course, advance=0.25, alternate_direction=True)
    taken = [starts.next() for _ in range(8)]
    shares = [start.distance / course.length for start in taken]
    assert shares == pytest.approx([0.0, 0.0, 0.25, 0.75, 0.5, 0.5, 0.75, 0.25])


def test_an_evaluation_starts_on_the_line_each_time(ring):
    starts = StartPositions.start_line(ring)
    assert [starts.next().distance for _ in range(5)] == [0.0] * 5


def test_the_same_starts_in_every_run(ring):
    first = StartPositions(ring, 0.07, True, 0.3)
    second = StartPositions(ring, 0.07, True, 0.3)
    pairs = [(first.next(), second.next()) for _ in range(100)]
    assert all(a.distance == b.distance for a, b in pairs)
    assert all(a.track.is_reversed == b.track.is_reversed for a, b in pairs)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_beyond_the_lap_is_refused(ring, share):
    with pytest.raises(ValueError, match="advance: expected a share"):
        StartPositions(ring, advance=share)
