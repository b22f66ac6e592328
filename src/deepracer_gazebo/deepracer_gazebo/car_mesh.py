"""The car's looks: a low-poly shell over a racing truck's chassis, as Wavefront meshes.

All lengths are metres in the car's frame: x ahead, y left, z up, the origin on the ground midway
between the axles. Nothing ahead of the camera may rise into its view.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float, float]
Face = list[Point]
Section = tuple[float, tuple[tuple[float, float], ...]]

_SECTIONS: tuple[Section, ...] = (
    # x, then half width and height of sill, shoulder and edge of the roof
    (-0.155, ((0.072, 0.080), (0.072, 0.092), (0.055, 0.097))),
    (-0.115, ((0.094, 0.077), (0.092, 0.096), (0.062, 0.104))),
    (-0.055, ((0.094, 0.077), (0.090, 0.096), (0.054, 0.126))),
    (+0.005, ((0.094, 0.077), (0.090, 0.096), (0.052, 0.128))),
    (+0.060, ((0.094, 0.077), (0.088, 0.094), (0.060, 0.099))),
    (+0.115, ((0.092, 0.075), (0.082, 0.088), (0.058, 0.092))),
    (+0.155, ((0.068, 0.066), (0.060, 0.075), (0.045, 0.078))),
)
"""Cross-sections of the shell from the tail to the nose; it stays above the wheels."""

_CABIN = (1, 2, 3)
"""The stretches between sections whose upper parts are windows: rear, side, front."""

_WINDOW_SIZE = 0.78
"""Of the panel that a window is cut into."""

_WINDOW_LIFT = 0.0006
"""So far a window lies above its panel, so that the panel does not shine through."""

_WHEEL_SEGMENTS = 24


def shell() -> str:
    """The painted body."""
    faces = [face for panels in _panels() for face in panels]
    faces += [_outline(_SECTIONS[0]), _outline(_SECTIONS[-1])[::-1]]
    # A wing at the tail, on two posts.
    faces += _box((-0.142, 0.0, 0.134), (0.034, 0.168, 0.004))
    for side in (-1, 1):
        faces += _box((-0.142, 0.05 * side, 0.116), (0.018, 0.004, 0.036))
    return _obj("shell", faces)


def windows() -> str:
    """The dark glass of the cabin."""
    rear, side, front = (_panels()[index] for index in _CABIN)
    panes = [rear[2], front[2], side[1], side[3]]
    return _obj("windows", [_inset(pane) for pane in panes])


def trim() -> str:
    """What is black: tub, bumpers, the camera's mast and housing."""
    faces = _box((0.0, 0.0, 0.049), (0.27, 0.08, 0.056))
    faces += _box((0.150, 0.0, 0.042), (0.020, 0.15, 0.022))
    faces += _box((-0.150, 0.0, 0.046), (0.018, 0.13, 0.026))
    faces += _box((0.122, 0.0, 0.105), (0.012, 0.020, 0.034))
    faces += _box((0.125, 0.0, 0.130), (0.024, 0.036, 0.024))
    for x in (-0.082, 0.082):
        faces += _box((x, 0.0, 0.035), (0.012, 0.13, 0.010))
    return _obj("trim", faces)


def lamps() -> str:
    """Head lamps."""
    faces: list[Face] = []
    for side in (-1, 1):
        faces += _box((0.1535, 0.048 * side, 0.0705), (0.006, 0.020, 0.007))
    return _obj("lamps", faces)


def tyre() -> str:
    """A tyre with its axle along y, 0.070 m high and 0.034 m wide."""
    profile = [(0.022, 0.012), (0.031, 0.017), (0.035, 0.012), (0.035, -0.012)]
    profile += [(0.031, -0.017), (0.022, -0.012)]
    return _obj("tyre", _turned(profile))


def rim() -> str:
    """The disc in the tyre, with five spokes' worth of gaps told by its facets."""
    faces = _turned([(0.0, 0.011), (0.008, 0.013), (0.022, 0.009)])
    faces += _turned([(0.022, -0.009), (0.008, -0.013), (0.0, -0.011)])
    for spoke in range(5):
        angle = 2.0 * np.pi * spoke / 5
        for y in (-0.0125, 0.0125):
            center = (0.014 * np.cos(angle), y, 0.014 * np.sin(angle))
            faces += _box(center, (0.012, 0.004, 0.005), pitch=-angle)
    return _obj("rim", faces)


def _outline(section: Section) -> Face:
    """A cross-section, from the right sill over the roof to the left one."""
    x, corners = section
    right = [(x, -half, z) for half, z in corners]
    left = [(x, half, z) for half, z in reversed(corners)]
    return right + left


def _panels() -> list[list[Face]]:
    """The shell's panels: for each stretch between two sections, from right to left, then below."""
    outlines = [_outline(section) for section in _SECTIONS]
    outlines = [[*outline, outline[0]] for outline in outlines]
    stretches = []
    for behind, ahead in pairwise(outlines):
        corners = zip(behind, ahead, behind[1:], ahead[1:], strict=False)
        stretches.append([[a, b, d, c] for a, b, c, d in corners])
    return stretches


def _inset(panel: Face) -> Face:
    points = np.array(panel)
    middle = points.mean(axis=0)
    lifted = middle + _WINDOW_SIZE * (points - middle) + _WINDOW_LIFT * _normal(points)
    return [tuple(point) for point in lifted]


def _box(center: Point, size: Point, pitch: float = 0.0) -> list[Face]:
    half = 0.5 * np.array(size)
    cos, sin = np.cos(pitch), np.sin(pitch)
    turn = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
    axes = np.eye(3)
    faces = []
    for axis in range(3):
        out, across, along = np.roll(axes, -axis, axis=0)
        square = [out - across - along, out + across - along, out + across + along]
        square.append(out - across + along)
        opposite = [-corner for corner in square]
        faces += [
            [tuple(turn @ (half * corner) + center) for corner in corners]
            for corners in (square, opposite[::-1])
        ]
    return faces


def _turned(profile: Sequence[tuple[float, float]]) -> list[Face]:
    """A body of revolution about y; the profile is (radius, y), outward along its right side."""
    angles = 2.0 * np.pi * np.arange(_WHEEL_SEGMENTS + 1) / _WHEEL_SEGMENTS
    rings = [[(r * np.cos(a), y, r * np.sin(a)) for a in angles] for r, y in profile]
    faces = []
    for near, far in pairwise(rings):
        for i in range(_WHEEL_SEGMENTS):
            face = [near[i], near[i + 1], far[i + 1], far[i]]
            distinct = [p for i, p in enumerate(face) if p not in face[:i]]
            faces.append(distinct)
    return faces


def _normal(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a flat polygon, by Newell's method: three of its corners may lie on a line."""
    following = np.roll(points, -1, axis=0)
    normal = np.cross(points, following).sum(axis=0)
    return normal / np.linalg.norm(normal)


def _obj(name: str, faces: Iterable[Face]) -> str:
    """Wavefront text with flat shading: every face has corners and a normal of its own."""
    lines = [f"o {name}"]
    corner = 0
    for index, face in enumerate(faces, start=1):
        points = np.array(face)
        lines += [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in points + 0.0]
        nx, ny, nz = _normal(points) + 0.0
        lines.append(f"vn {nx:.4f} {ny:.4f} {nz:.4f}")
        # Triangles, since Gazebo reads nothing else.
        for second in range(1, len(face) - 1):
            triangle = (corner + 1, corner + second + 1, corner + second + 2)
            lines.append("f " + " ".join(f"{vertex}//{index}" for vertex in triangle))
        corner += len(face)
    return "\n".join(lines) + "\n"
