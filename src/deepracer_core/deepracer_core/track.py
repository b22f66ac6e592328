"""Where on the track: distances along it, offsets from its centre line, what lies on the road.

The centre line is the polyline through the waypoints, not the waypoints alone: every position on
it can be reached, the lap's seam included. Left of the driving direction is positive (REP-103).
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, copysign, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepracer_core.polyline import distances_to_line, segments, squared_distances
from deepracer_core.route import Route, TrackError, check_route, read_route

__all__ = ["Projection", "Projections", "Track", "TrackError"]

_CHUNK = 2048
"""So many points are projected at once, which bounds the memory for any number of them."""


@dataclass(frozen=True, slots=True)
class Projection:
    """The nearest point of the centre line to one point.

    Attributes:
        distance: metres along the centre line from the start line, [0, length) on a circuit.
        offset: metres from the centre line, positive on the left of the driving direction.
        heading: driving direction of the centre line there, radians in (-pi, pi].
        segment: index of the waypoint behind.
    """

    distance: float
    offset: float
    heading: float
    segment: int


@dataclass(frozen=True, slots=True)
class Projections:
    """The nearest points of the centre line to M points; fields as in Projection, one row each."""

    distance: NDArray[np.float64]
    offset: NDArray[np.float64]
    heading: NDArray[np.float64]
    segment: NDArray[np.intp]


class Track:
    """A centre line between two borders, driven in one direction.

    Attributes:
        name: what the track is called.
        center: float64[N, 2], metres, in driving direction; row 0 is the start line. A circuit
            does not repeat it at the end.
        inner: float64[N, 2], border on the geometric inside, whatever the driving direction.
        outer: float64[N, 2], border on the geometric outside.
        closed: whether it is a circuit; a course with two ends otherwise.
        is_reversed: whether it is driven against the direction of its route file.
        length: metres along the centre line, of a circuit once around.
    """

    def __init__(self, route: Route, name: str, *, is_reversed: bool = False) -> None:
        self.name = name
        self.center = route.center
        self.inner = route.inner
        self.outer = route.outer
        self.closed = route.closed
        self.is_reversed = is_reversed

        self._starts, vectors = segments(self.center, self.closed)
        lengths = np.hypot(vectors[:, 0], vectors[:, 1])
        self._lengths = lengths
        self._directions = vectors / lengths[:, None]
        self._headings = np.arctan2(vectors[:, 1], vectors[:, 0])
        ends = np.cumsum(lengths)
        self._distances = np.concatenate(([0.0], ends[:-1]))
        self.length = float(ends[-1])
        self._road_edges = _road_edges(route)
        self._widths = _widths(route)

        # Plain floats: one point is projected at every step, and NumPy's call costs would dominate.
        self._segments: list[tuple[float, float, float, float, float, float]] = [
            (x, y, ux, uy, length, distance)
            for (x, y), (ux, uy), length, distance in zip(
                self._starts.tolist(),
                self._directions.tolist(),
                lengths.tolist(),
                self._distances.tolist(),
                strict=True,
            )
        ]
        points = [(x, y) for x, y in self.center.tolist()]
        self._waypoints: list[tuple[float, float]] = points + points[:1] * self.closed
        self._slab_bottoms, self._slabs = _slabs(*self._road_edges)
        self._distance_list: list[float] = self._distances.tolist()
        self._width_list: list[float] = self._widths.tolist()

    @classmethod
    def load(cls, path: str | Path) -> "Track":
        """Read a route file in the public format; the track is called as the file is.

        Raises:
            TrackError: the file is not there or is no route that can be driven.
        """
        path = Path(path)
        return cls(read_route(path), path.stem)

    @classmethod
    def from_route(cls, rows: ArrayLike, name: str) -> "Track":
        """Make a track of the rows of a route file, float64[N, 6].

        Raises:
            TrackError: the rows are no route that can be driven.
        """
        return cls(check_route(rows, name), name)

    def reversed(self) -> "Track":
        """The same road driven the other way; a circuit keeps its start line."""
        shift = 1 if self.closed else 0
        center, inner, outer = (
            np.roll(line[::-1], shift, axis=0) for line in (self.center, self.inner, self.outer)
        )
        route = Route(center, inner, outer, self.closed)
        return Track(route, self.name, is_reversed=not self.is_reversed)

    @property
    def waypoints(self) -> list[tuple[float, float]]:
        """The centre line as the reward parameters have it: a circuit's first is repeated."""
        return self._waypoints.copy()

    @property
    def widths(self) -> tuple[float, float]:
        """Metres from border to border where the road is narrowest and where it is widest."""
        return float(self._widths.min()), float(self._widths.max())

    def closest_waypoints(self, distance: float) -> tuple[int, int]:
        """Indices in `waypoints` of the one behind (or at) `distance` and of the one ahead."""
        behind = self._segment_at(self._on_lap(distance))
        return behind, behind + 1

    def project(self, points: ArrayLike) -> Projections:
        """The point of the whole centre line that is nearest to each of `points`.

        Where the road comes back near itself this can jump between its parts from one step to the
        next: follow a car with `project_near`.

        Args:
            points: float64[M, 2], metres.
        """
        array = np.atleast_2d(np.asarray(points, dtype=np.float64))
        chunks = [self._nearest(array[i : i + _CHUNK]) for i in range(0, len(array), _CHUNK)]
        segment = np.concatenate([chunk[0] for chunk in chunks] or [np.zeros(0, np.intp)])
        along = np.concatenate([chunk[1] for chunk in chunks] or [np.zeros(0)])

        # A waypoint ends one segment and begins the next: it counts as the beginning.
        if self.closed:
            at_end = along >= self._lengths[segment]
            segment = np.where(at_end, (segment + 1) % len(self._lengths), segment)
            along = np.where(at_end, 0.0, along)
        direction = self._directions[segment]
        away = array - self._starts[segment]
        across = direction[:, 0] * away[:, 1] - direction[:, 1] * away[:, 0]
        gap = away - along[:, None] * direction
        distance = self._distances[segment] + along
        if self.closed:
            distance = np.where(distance >= self.length, 0.0, distance)
        return Projections(
            distance=distance,
            offset=np.copysign(np.hypot(gap[:, 0], gap[:, 1]), across),
            heading=self._headings[segment],
            segment=segment,
        )

    def project_near(
        self, point: Sequence[float] | NDArray[np.float64], distance: float, reach: float
    ) -> Projection:
        """The nearest point of one part of the centre line: at most `reach` from `distance`.

        A car that was at `distance` one step ago and can drive at most `reach` in a step is on that
        part, however near another part of the road comes.

        Args:
            point: x and y, metres.
            distance: metres along the centre line, any number of laps on.
            reach: metres along the centre line to either side.
        """
        x, y = float(point[0]), float(point[1])
        parts = self._segments
        if self.closed:
            reach = min(reach, 0.5 * self.length)
            low = self._on_lap(distance - reach)
            remaining = 2.0 * reach
        else:
            low = self._on_lap(distance - reach)
            remaining = self._on_lap(distance + reach) - low
        index = self._segment_at(low)
        begin = low - parts[index][5]
        best = (float("inf"), 0, 0.0, 0.0)
        while True:
            start_x, start_y, ux, uy, length, _ = parts[index]
            dx, dy = x - start_x, y - start_y
            end = min(length, begin + remaining)
            along = min(max(dx * ux + dy * uy, begin), end)
            gap_x, gap_y = dx - along * ux, dy - along * uy
            squared = gap_x * gap_x + gap_y * gap_y
            if squared < best[0]:
                best = (squared, index, along, ux * dy - uy * dx)
            remaining -= length - begin
            if remaining <= 0.0 or (index + 1 == len(parts) and not self.closed):
                break
            index = (index + 1) % len(parts)
            begin = 0.0

        squared, index, along, across = best
        if along >= parts[index][4] and (self.closed or index + 1 < len(parts)):
            index, along = (index + 1) % len(parts), 0.0
        _, _, ux, uy, _, start = parts[index]
        at = start + along
        if self.closed and at >= self.length:
            at = 0.0
        return Projection(at, copysign(sqrt(squared), across), atan2(uy, ux), index)

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Whether each of `points` (float64[M, 2]) lies on the road, between the borders: bool[M].

        Even-odd rule over the edges of the road: a ray to the right crosses them an odd number of
        times from the road. It needs no symmetry, constant width or orientation of the borders.
        """
        array = np.atleast_2d(np.asarray(points, dtype=np.float64))
        x, y = array[:, :1], array[:, 1:]
        start_x, start_y, end_y, slope = self._road_edges
        spans = (start_y <= y) != (end_y <= y)
        crossed = spans & (x < start_x + (y - start_y) * slope)
        return np.asarray(np.count_nonzero(crossed, axis=1) % 2 == 1)

    def is_on_road(self, x: float, y: float) -> bool:
        """As `contains` of one point, of which only the edges at its height are looked at."""
        is_inside = False
        for start_x, start_y, slope in self._slabs[bisect_right(self._slab_bottoms, y)]:
            if x < start_x + (y - start_y) * slope:
                is_inside = not is_inside
        return is_inside

    def pose_at(self, distance: float, offset: float = 0.0) -> tuple[float, float, float]:
        """x, y and yaw of a car on the track, in driving direction, `offset` left of the centre."""
        distance = self._on_lap(distance)
        x, y, ux, uy, _, start = self._segments[self._segment_at(distance)]
        along = distance - start
        return x + along * ux - offset * uy, y + along * uy + offset * ux, atan2(uy, ux)

    def width_at(self, distance: float) -> float:
        """Metres from border to border through the centre line at `distance`."""
        distance = self._on_lap(distance)
        index = self._segment_at(distance)
        *_, length, start = self._segments[index]
        share = (distance - start) / length
        before = self._width_list[index]
        after = self._width_list[(index + 1) % len(self._width_list)]
        return before + share * (after - before)

    def _on_lap(self, distance: float) -> float:
        """The same place on the first lap, [0, length); on an open course its nearest end."""
        if not self.closed:
            return min(max(distance, 0.0), self.length)
        on_lap = distance % self.length
        # A tiny negative distance is rounded up to the length itself.
        return on_lap if on_lap < self.length else 0.0

    def _segment_at(self, distance: float) -> int:
        return bisect_right(self._distance_list, distance) - 1

    def _nearest(self, points: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Index of the nearest segment (intp[M]) and metres along it (float64[M])."""
        squared, along = squared_distances(points, self._starts, self._directions, self._lengths)
        segment = squared.argmin(axis=1)
        return segment, along[np.arange(len(points)), segment]


def _widths(route: Route) -> NDArray[np.float64]:
    """Width of the road at each waypoint: from the centre line to the nearest of either border."""
    inner = distances_to_line(route.center, route.inner, route.closed)
    return inner + distances_to_line(route.center, route.outer, route.closed)


def _road_edges(
    route: Route,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """All edges of the road's outline, float64[E] each: start x, start y, end y, dx/dy."""
    if route.closed:
        outlines = [route.outer, route.inner]
    else:
        outlines = [np.concatenate((route.outer, route.inner[::-1]))]
    start = np.concatenate(outlines)
    end = np.concatenate([np.roll(outline, -1, axis=0) for outline in outlines])
    rise = end[:, 1] - start[:, 1]
    # A level edge spans no ray, so that its slope is never used.
    slope = (end[:, 0] - start[:, 0]) / np.where(rise == 0.0, 1.0, rise)
    return start[:, 0], start[:, 1], end[:, 1], slope


def _slabs(
    start_x: NDArray[np.float64],
    start_y: NDArray[np.float64],
    end_y: NDArray[np.float64],
    slope: NDArray[np.float64],
) -> tuple[list[float], list[list[tuple[float, float, float]]]]:
    """The edges (start x, start y, dx/dy) that span each height.

    Between two neighbouring ends of edges they are the same. The list before the first bottom, and
    that above the last, are empty.
    """
    bottoms = np.unique(start_y)
    edges = np.stack((start_x, start_y, slope), axis=1)
    slabs = [edges[(start_y <= bottom) != (end_y <= bottom)].tolist() for bottom in bottoms]
    return bottoms.tolist(), [[], *([tuple(edge) for edge in slab] for slab in slabs)]
