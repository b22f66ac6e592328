"""The road as triangles: asphalt, two white border lines, a dashed orange centre line.

Lines are geometry of their own, so that they have their true width on every road, and so that each
can be given another colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from deepracer_core.route import Route
from numpy.typing import NDArray

_BORDER_WIDTH = 0.05
"""Metres; the white line lies inside the road, its outer edge is the border."""

_DASH_WIDTH = 0.04
_DASH_LENGTH = 0.2
_DASH_PERIOD = 0.4
"""About so many metres from dash to dash: a whole number of them fills the lap."""

_TEXTURE_SIZE = 1.0
"""Metres of road that one copy of the texture covers."""

_DECIMALS = 4
"""Tenths of a millimetre: finer than any camera sees, and the files stay small."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """Flat triangles seen from above.

    Attributes:
        vertices: float64[V, 2], metres.
        triangles: int64[T, 3], counter-clockwise from above.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]

    def to_obj(self, name: str) -> str:
        """Wavefront text; the texture lies evenly over the ground, one copy per metre."""
        vertices = self.vertices.round(_DECIMALS) + 0.0
        lines = [f"o {name}"]
        lines += [f"v {x:.{_DECIMALS}f} {y:.{_DECIMALS}f} 0" for x, y in vertices]
        lines += [f"vt {x:.{_DECIMALS}f} {y:.{_DECIMALS}f}" for x, y in vertices / _TEXTURE_SIZE]
        lines.append("vn 0 0 1")
        lines += [f"f {a}/{a}/1 {b}/{b}/1 {c}/{c}/1" for a, b, c in self.triangles + 1]
        return "\n".join(lines) + "\n"


def asphalt(route: Route) -> Mesh:
    """The road's surface, from border to border."""
    return _strip([route.inner, route.outer], route.closed)


def border_lines(route: Route) -> Mesh:
    """A white line along either border, inside it."""
    strips = []
    for border in (route.inner, route.outer):
        inward = route.center - border
        inward = inward / np.hypot(inward[:, 0], inward[:, 1])[:, None]
        strips.append(_strip([border, border + _BORDER_WIDTH * inward], route.closed))
    return _joined(strips)


def center_dashes(route: Route) -> Mesh:
    """The dashes of the centre line; the first one begins at the start line."""
    line = np.vstack((route.center, route.center[:1])) if route.closed else route.center
    vectors = np.diff(line, axis=0)
    distances = np.concatenate(([0.0], np.cumsum(np.hypot(vectors[:, 0], vectors[:, 1]))))
    headings = np.unwrap(np.arctan2(vectors[:, 1], vectors[:, 0]))
    middles = 0.5 * (distances[:-1] + distances[1:])
    length = float(distances[-1])
    count = max(round(length / _DASH_PERIOD), 1)
    dashes = []
    for begin in np.arange(count) * (length / count):
        end = begin + _DASH_LENGTH
        inside = distances[(distances > begin) & (distances < end)]
        at = np.concatenate(([begin], inside, [end]))
        points = np.column_stack([np.interp(at, distances, line[:, axis]) for axis in (0, 1)])
        heading = np.interp(at, middles, headings)
        left = 0.5 * _DASH_WIDTH * np.column_stack((-np.sin(heading), np.cos(heading)))
        dashes.append(_strip([points + left, points - left], closed=False))
    return _joined(dashes)


def _strip(lines: Sequence[NDArray[np.float64]], closed: bool) -> Mesh:
    """The surface between neighbouring lines of N points each."""
    count = len(lines[0])
    row = np.arange(count if closed else count - 1)
    following = (row + 1) % count
    triangles = []
    for number in range(len(lines) - 1):
        near, far = number * count, (number + 1) * count
        triangles += [
            np.column_stack((near + row, far + row, far + following)),
            np.column_stack((near + row, far + following, near + following)),
        ]
    return Mesh(*_facing_up(np.vstack(lines), np.vstack(triangles)))


def _facing_up(
    vertices: NDArray[np.float64], triangles: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Turn over the triangles that face down; leave out those without any area."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    ab, ac = b - a, c - a
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    triangles = np.where((area < 0.0)[:, None], triangles[:, ::-1], triangles)
    return vertices, triangles[np.abs(area) > 1e-12]


def _joined(meshes: Sequence[Mesh]) -> Mesh:
    firsts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return Mesh(
        np.vstack([mesh.vertices for mesh in meshes]),
        np.vstack([mesh.triangles + first for mesh, first in zip(meshes, firsts, strict=True)]),
    )
