"""Routes to measure: each has one of the traits that real route files are known for."""

import functools
from collections.abc import Callable

import numpy as np
import pytest
from deepracer_core.track import Track
from deepracer_core.track_library import load_track, shipped_names
from deepracer_gazebo.track_definition import Corner, TrackDefinition, route_rows


def around(
    count: int,
    radius: Callable[[np.ndarray], np.ndarray] = lambda angle: np.full_like(angle, 3.0),
    inner_width: Callable[[np.ndarray], np.ndarray] = lambda angle: np.full_like(angle, 0.38),
    outer_width: Callable[[np.ndarray], np.ndarray] = lambda angle: np.full_like(angle, 0.38),
    stretch: float = 1.4,
) -> np.ndarray:
    """A closed counter-clockwise route, float64[count + 1, 6], star-shaped around the origin."""
    angle = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    step = 1e-5

    def point(at: np.ndarray) -> np.ndarray:
        return np.column_stack((stretch * np.cos(at), np.sin(at))) * radius(at)[:, None]

    tangent = point(angle + step) - point(angle - step)
    tangent /= np.hypot(*tangent.T)[:, None]
    left = np.column_stack((-tangent[:, 1], tangent[:, 0]))
    center = point(angle)
    inner = center + left * inner_width(angle)[:, None]
    outer = center - left * outer_width(angle)[:, None]
    rows = np.hstack((center, inner, outer))
    return np.vstack((rows, rows[:1]))


def varying(angle: np.ndarray) -> np.ndarray:
    """Half a width that changes along the lap."""
    return 0.4 + 0.15 * np.sin(3.0 * angle)


def pinched() -> np.ndarray:
    """A waist: opposite sides of the lap come within a hand of each other."""
    places = [(-4.0, -1.6), (0.0, -0.36), (4.0, -1.6), (4.0, 1.6), (0.0, 0.36), (-4.0, 1.6)]
    corners = tuple(Corner(x, y, radius=1.0, width=0.76) for x, y in places)
    return route_rows(TrackDefinition("pinched", "", corners))


def straight() -> np.ndarray:
    """A course with two ends, float64[22, 6]."""
    x = np.linspace(-1.0, 4.7, 22)
    lines = [np.column_stack((x, np.full_like(x, y))) for y in (0.5, 0.9, 0.1)]
    return np.hstack(lines)


def like_a_real_one() -> np.ndarray:
    """Clockwise, open, with repeated rows, of varying width, off the middle: all at once."""
    rows = around(140, inner_width=varying, outer_width=lambda angle: np.full_like(angle, 0.5))
    return np.repeat(rows[:0:-1], [1 + (i % 9 == 0) for i in range(140)], axis=0)


PLAIN = around(118)
ROUTES = {
    "plain": PLAIN,
    "coarse": around(21),
    "fine": around(400),
    "repeated rows": np.repeat(PLAIN, [1 + (i % 7 == 0) * 2 for i in range(len(PLAIN))], axis=0),
    "open end": PLAIN[:-1],
    "clockwise": PLAIN[::-1],
    "off the middle": around(150, outer_width=lambda angle: np.full_like(angle, 1.2)),
    "varying width": around(200, inner_width=varying, outer_width=lambda a: varying(a + 1.0)),
    "wavy": around(300, radius=lambda angle: 4.0 + 0.5 * np.cos(5.0 * angle)),
    "like a real one": like_a_real_one(),
    "pinched": pinched(),
    "course with two ends": straight(),
}


@functools.cache
def made(name: str, direction: str = "forward") -> Track:
    """A track of the library or one of the routes; no test changes it."""
    if direction == "reversed":
        return made(name).reversed()
    return Track.from_route(ROUTES[name], name) if name in ROUTES else load_track(name)


@pytest.fixture(params=[*shipped_names(), *ROUTES])
def forward(request: pytest.FixtureRequest) -> Track:
    """Each track, in the direction of its route."""
    return made(request.param)


@pytest.fixture(params=["forward", "reversed"])
def track(request: pytest.FixtureRequest, forward: Track) -> Track:
    """Each track in both directions."""
    return made(forward.name, request.param)


@pytest.fixture(params=ROUTES)
def rows_of_a_kind(request: pytest.FixtureRequest) -> np.ndarray:
    """The rows of each route file, float64[N, 6]."""
    return ROUTES[request.param].copy()


@pytest.fixture(scope="session")
def real_rows() -> np.ndarray:
    """A route file with most of the traits of real ones, float64[N, 6]."""
    return like_a_real_one()


@pytest.fixture
def straight_rows() -> np.ndarray:
    """A course with two ends, float64[22, 6]."""
    return straight()


@pytest.fixture
def plain_rows() -> np.ndarray:
    """A good route to spoil, float64[119, 6]."""
    return PLAIN.copy()


@pytest.fixture
def pinched_track() -> Track:
    """A track whose parts come near each other."""
    return Track.from_route(ROUTES["pinched"], "pinched")
