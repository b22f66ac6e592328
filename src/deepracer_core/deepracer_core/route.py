"""The public route file: centre x, y | inner x, y | outer x, y of each waypoint, in metres."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepracer_core.errors import ConfigurationError
from deepracer_core.polyline import first_crossing

_SAME_POINT = 1e-6
"""Waypoints closer than this (metres) are one waypoint; public files repeat them exactly."""

_GAP_OF_A_CIRCUIT = 3.0
"""A file whose ends lie within so many of its longest steps is a circuit without its last row."""


class TrackError(ConfigurationError):
    """A route cannot be driven: the message names the file, what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Route:
    """Waypoints that can be driven along: distinct, finite, between borders that do not cross.

    Attributes:
        center: float64[N, 2], metres; of a circuit the first row is not repeated at the end.
        inner: float64[N, 2], the border on the geometric inside.
        outer: float64[N, 2], the border on the geometric outside.
        closed: whether the last waypoint leads to the first one (a circuit).
    """

    center: NDArray[np.float64]
    inner: NDArray[np.float64]
    outer: NDArray[np.float64]
    closed: bool


def read_route(path: Path) -> Route:
    """Read and check a route file (`.npy`, float64[N, 6]).

    Raises:
        TrackError: there is no such file, it is no NumPy array, or it cannot be driven.
    """
    try:
        rows = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise TrackError(f"{path}: no such file; expected a route (.npy, N rows of 6)") from error
    except (OSError, ValueError, EOFError) as error:
        raise TrackError(f"{path}: expected a NumPy file (.npy) of floats: {error}") from error
    if not isinstance(rows, np.ndarray):
        raise TrackError(f"{path}: expected one NumPy array (.npy), got an archive of several")
    return check_route(rows, str(path))


def check_route(rows: ArrayLike, source: str) -> Route:
    """Turn the rows of a route file into waypoints that can be driven along.

    Consecutive duplicates are dropped. The route is a circuit when its last row repeats the first,
    or nearly comes back to it; otherwise it is a course with two ends.

    Args:
        rows: float64[N, 6], row 0 is the start line.
        source: what to call the rows in an error, the file's path.

    Raises:
        TrackError: wrong shape or type, not finite, too few waypoints, or crossing borders.
    """
    array = np.asarray(rows)
    if array.ndim != 2 or array.shape[1] != 6:
        raise TrackError(
            f"{source}: expected shape (N, 6): centre x, y, inner x, y, outer x, y;"
            f" got {array.shape}"
        )
    if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise TrackError(f"{source}: expected real numbers (float64), got {array.dtype}")
    array = array.astype(np.float64)
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        got = array[row].tolist()
        raise TrackError(f"{source}: expected finite metres, got {got} in row {row}")

    array, closed = _distinct(array)
    needed = 3 if closed else 2
    if len(array) < needed:
        raise TrackError(
            f"{source}: expected {needed} or more distinct waypoints, got {len(array)}"
        )
    center, inner, outer = (np.ascontiguousarray(array[:, i : i + 2]) for i in (0, 2, 4))
    route = Route(center, inner, outer, closed)
    _check_borders(route, source)
    return route


def _distinct(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """Drop each row whose centre is that of the row before, round the seam too.

    Returns:
        float64[N, 6] and whether the rows close to a circuit.
    """
    if len(rows) < 2:
        return rows, False
    steps = np.hypot(*np.diff(rows[:, :2], axis=0).T)
    rows = rows[np.concatenate(([True], steps >= _SAME_POINT))]
    gap = float(np.hypot(*(rows[-1, :2] - rows[0, :2])))
    if len(rows) > 1 and gap < _SAME_POINT:
        return rows[:-1], True
    return rows, len(rows) > 2 and gap <= _GAP_OF_A_CIRCUIT * float(steps.max())


def _check_borders(route: Route, source: str) -> None:
    """Raise TrackError where a border has no width to the other one, or crosses it or itself."""
    widths = np.hypot(*(route.outer - route.inner).T)
    narrowest = int(widths.argmin())
    if widths[narrowest] < _SAME_POINT:
        raise TrackError(
            f"{source}: expected two borders, but at waypoint {narrowest} the inner and the outer"
            f" one are both at {route.inner[narrowest].tolist()}"
        )
    for what, first, second in (
        ("the inner border crosses itself", route.inner, route.inner),
        ("the outer border crosses itself", route.outer, route.outer),
        ("the inner border crosses the outer one", route.inner, route.outer),
    ):
        crossing = first_crossing(first, second, route.closed)
        if crossing is not None:
            raise TrackError(
                f"{source}: expected borders that do not cross, but {what}"
                f" near waypoints {crossing[0]} and {crossing[1]}"
            )
