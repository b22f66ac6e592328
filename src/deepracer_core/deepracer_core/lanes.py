"""The two lanes of a road, one on either side of its centre line."""

from bisect import bisect_right
from math import atan2

import numpy as np
from numpy.typing import NDArray

from deepracer_core.track import Track

INNER, OUTER = 0.0, 1.0
"""The lanes, as shares of the way from the inner to the outer one."""

HALF_CHORD = 0.05
"""Metres along the centre line, ahead and behind, between which a direction is taken."""


class Lanes:
    """Lines midway between the centre line and each border.

    A place on them is told by its distance along the centre line, and by its share of the way from
    the inner to the outer lane: a lane change moves through the shares between.
    """

    def __init__(self, track: Track) -> None:
        """Lay the lanes, in the direction in which `track` is driven."""
        self._closed = track.closed
        self._length = track.length
        center = _ends_joined(track.center, track.closed)
        self._lines = [
            (0.5 * (center + _ends_joined(border, track.closed))).tolist()
            for border in (track.inner, track.outer)
        ]
        steps = np.hypot(*np.diff(center, axis=0).T)
        self._distances: list[float] = np.concatenate(([0.0], np.cumsum(steps))).tolist()

    def position(self, distance: float, share: float) -> tuple[float, float]:
        """The place `distance` metres along the centre line: x and y, metres.

        Args:
            distance: any number of laps on; on an open course the nearest end counts.
            share: of the way from the inner to the outer lane.
        """
        distance = self._on_course(distance)
        last = len(self._distances) - 2
        index = min(bisect_right(self._distances, distance) - 1, last)
        begin, end = self._distances[index], self._distances[index + 1]
        along = (distance - begin) / (end - begin)
        (inner_x, inner_y), (outer_x, outer_y) = (
            _between(line[index], line[index + 1], along) for line in self._lines
        )
        return _between((inner_x, inner_y), (outer_x, outer_y), share)

    def pose(self, distance: float, share: float) -> tuple[float, float, float]:
        """x, y and yaw of what stands in a lane, in driving direction."""
        return (*self.position(distance, share), self.heading(distance, share, share))

    def heading(self, distance: float, share_behind: float, share_ahead: float) -> float:
        """Direction of a line that changes its share around a place, radians.

        Args:
            distance: of the place.
            share_behind: share at `HALF_CHORD` before it.
            share_ahead: share at `HALF_CHORD` after it.
        """
        if not self._closed:
            # At an end of the course the direction is that of its last part.
            low, high = HALF_CHORD, self._length - HALF_CHORD
            distance = min(max(distance, low), high)
        behind_x, behind_y = self.position(distance - HALF_CHORD, share_behind)
        ahead_x, ahead_y = self.position(distance + HALF_CHORD, share_ahead)
        return atan2(ahead_y - behind_y, ahead_x - behind_x)

    def _on_course(self, distance: float) -> float:
        if self._closed:
            return distance % self._length
        return min(max(distance, 0.0), self._length)


def _ends_joined(line: NDArray[np.float64], closed: bool) -> NDArray[np.float64]:
    return np.concatenate((line, line[:1])) if closed else line


def _between(a: tuple[float, float], b: tuple[float, float], share: float) -> tuple[float, float]:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
