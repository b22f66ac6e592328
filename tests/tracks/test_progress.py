"""Progress on every track and route, in both directions: forwards, over the seam, the wrong way."""

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from deepracer_core.episode import CarState, Episode, EpisodeRules, EpisodeStatus, EpisodeStep
from deepracer_core.simulation import CONTROL_RATE, frame_time_ns
from deepracer_core.track import Track

LONG_ENOUGH = EpisodeRules(max_steps=100_000)


def room_beside(track: Track, side: int) -> float:
    """Metres from the centre line to the border on its left (1) or right (-1), at least."""
    closed = track.closed
    inner_is_left = shapely.LinearRing(track.center).is_ccw if closed else not track.is_reversed
    is_inner = (side == 1) == inner_is_left
    border = track.inner if is_inner else track.outer
    points = shapely.points(track.center)
    return float(shapely.distance(points, shapely.LineString(border)).min())


def path_beside(track: Track, offset: float) -> shapely.LineString:
    """The line that keeps a distance from the centre line, rounded about its corners.

    It leads in the driving direction, `offset` metres left of the centre line.
    """
    if not track.closed:
        return shapely.LineString(track.center).offset_curve(offset)
    line = shapely.LinearRing(track.center)
    inside = offset if line.is_ccw else -offset
    path = shapely.Polygon(line).buffer(-inside, quad_segs=64).exterior
    return path if path.is_ccw == line.is_ccw else path.reverse()


def along(path: shapely.LineString, distances: np.ndarray, speed: float) -> list[CarState]:
    """The car at distances along a path, in each frame heading for where it is in the next."""
    if path.is_ring:
        distances = distances % path.length
    points = shapely.get_coordinates(shapely.line_interpolate_point(path, distances)).tolist()
    yaws = [math.atan2(b[1] - a[1], b[0] - a[0]) for a, b in pairwise(points)]
    return [
        CarState(frame_time_ns(number), x, y, yaw, speed, 0.0)
        for number, ((x, y), yaw) in enumerate(zip(points, [*yaws, yaws[-1]], strict=True))
    ]


def drive(track: Track, states: list[CarState]) -> list[EpisodeStep]:
    """The steps of an episode that begins with the first state, up to its end."""
    episode = Episode(track, LONG_ENOUGH, states[0], 0)
    steps = []
    for state in states[1:]:
        steps.append(episode.advance(state))
        if steps[-1].done:
            break
    return steps


@pytest.mark.parametrize("share", [0.0, 0.37, 1.0 - 1e-12])
def test_progress_is_what_was_driven_and_the_seam_changes_nothing(
    track: Track, share: float
) -> None:
    begin = share * track.length if track.closed else 0.5 * share * track.length
    lap = track.length if track.closed else track.length - begin
    driven = np.append(np.arange(0.0, lap, 0.17), [lap - 1e-9, lap + 1e-9])
    states = [
        CarState(frame_time_ns(number), *track.pose_at(begin + distance), 2.55, 0.0)
        for number, distance in enumerate(driven.tolist())
    ]
    steps = drive(track, states)
    progress = np.array([step.progress for step in steps])
    expected = np.minimum(100.0 * driven[1:] / lap, 100.0)
    # The last one stands for `lap + 1e-9`, one short of it for a hair's breadth before the line.
    np.testing.assert_allclose(progress, expected[: len(progress)], rtol=0.0, atol=1e-6)
    assert len(steps) >= len(driven) - 2
    assert steps[-1].status is EpisodeStatus.LAP_COMPLETE
    assert progress[-1] == 100.0
    assert {step.status for step in steps[:-1]} == {EpisodeStatus.IN_PROGRESS}


@pytest.mark.parametrize("share", [-0.8, 0.8])
def test_driving_forwards_progress_never_falls(track: Track, share: float) -> None:
    side = 1 if share > 0.0 else -1
    path = path_beside(track, share * room_beside(track, side))
    rng = np.random.default_rng(17)
    begin = rng.uniform(0.0, path.length) if track.closed else 0.0
    length = path.length + 1.0 if track.closed else path.length
    # At any speed that a car can have, slower ones more often.
    steps = rng.uniform(0.02, 1.0, 4000) ** 2 * 4.0 / CONTROL_RATE
    driven = np.append(np.cumsum(steps)[np.cumsum(steps) < length], length)
    driven_steps = drive(track, along(path, begin + driven, 1.0))
    progress = np.array([step.progress for step in driven_steps])
    assert (np.diff(progress) >= 0.0).all()
    assert driven_steps[-1].status is EpisodeStatus.LAP_COMPLETE
    assert progress[-1] == 100.0
    assert progress[-2] < 100.0


@pytest.mark.parametrize("speed", [0.3, 0.5, 1.0])
@pytest.mark.parametrize("side", [-1, 1])
def test_the_wrong_way_is_known_after_15_steps_wherever_on_the_road(
    track: Track, side: int, speed: float
) -> None:
    """On the outside of a bend, too, where one waypoint is nearest for many steps."""
    path = path_beside(track, 0.8 * side * room_beside(track, side))
    step = speed / CONTROL_RATE
    # On an open course, with room behind the car and away from the finish.
    low, high = (0.0, path.length) if track.closed else (31 * step, path.length - 0.1)
    for begin in np.linspace(low, high, 3, endpoint=False):
        back = along(path, begin - step * np.arange(31), speed)
        steps = drive(track, back)
        assert (steps[-1].status, len(steps)) == (EpisodeStatus.REVERSED, 15)
        # One step forwards, wherever it is, and the count begins anew.
        assert len(drive(track, [*back[:11], back[9], *back[10:26]])) == 11 + 15
