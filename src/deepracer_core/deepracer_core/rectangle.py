"""Rectangles on the ground: do two of them overlap, does one lie within a field of view."""

from dataclasses import dataclass
from math import cos, sin

_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """The outline of a thing that stands on the ground.

    Attributes:
        x: of its middle, metres.
        y: as x.
        yaw: direction of its length, radians.
        length: metres.
        width: metres, across its length.
    """

    x: float
    y: float
    yaw: float
    length: float
    width: float

    @property
    def corners(self) -> list[_Point]:
        """Its four corners, counter-clockwise from the one ahead on the left, metres."""
        ux, uy = cos(self.yaw), sin(self.yaw)
        half_x, half_y = 0.5 * self.length, 0.5 * self.width
        return [
            (self.x + along * ux - across * uy, self.y + along * uy + across * ux)
            for along, across in (
                (half_x, half_y),
                (-half_x, half_y),
                (-half_x, -half_y),
                (half_x, -half_y),
            )
        ]


def overlap(a: Rectangle, b: Rectangle) -> bool:
    """Whether two rectangles have a point in common; touching is enough.

    Separating axes (Gottschalk et al. 1996): two convex figures lie apart exactly when their
    shadows on the normal of one of their edges do.
    """
    away_x, away_y = b.x - a.x, b.y - a.y
    for yaw in (a.yaw, b.yaw):
        ux, uy = cos(yaw), sin(yaw)
        for axis_x, axis_y in ((ux, uy), (-uy, ux)):
            reach = _half_shadow(a, axis_x, axis_y) + _half_shadow(b, axis_x, axis_y)
            if abs(away_x * axis_x + away_y * axis_y) > reach:
                return False
    return True


def is_in_view(rectangle: Rectangle, eye: _Point, yaw: float, field_of_view: float) -> bool:
    """Whether a part of a rectangle lies within a field of view, however far away.

    Args:
        rectangle: what is looked for.
        eye: from where, metres.
        yaw: direction of the middle of the view, radians.
        field_of_view: from its right to its left edge, radians, below pi.
    """
    outline = [(x - eye[0], y - eye[1]) for x, y in rectangle.corners]
    right, left = yaw - 0.5 * field_of_view, yaw + 0.5 * field_of_view
    # The view is what lies left of its right edge and right of its left edge.
    outline = _left_of(outline, cos(right), sin(right))
    return bool(_left_of(outline, -cos(left), -sin(left)))


def _half_shadow(rectangle: Rectangle, axis_x: float, axis_y: float) -> float:
    ux, uy = cos(rectangle.yaw), sin(rectangle.yaw)
    along, across = abs(ux * axis_x + uy * axis_y), abs(ux * axis_y - uy * axis_x)
    return 0.5 * (rectangle.length * along + rectangle.width * across)


def _left_of(outline: list[_Point], ux: float, uy: float) -> list[_Point]:
    """The part of a convex outline on the left of the line through the origin along (ux, uy)."""
    sides = [ux * y - uy * x for x, y in outline]
    part: list[_Point] = []
    for i, (x, y) in enumerate(outline):
        (before_x, before_y), before, here = outline[i - 1], sides[i - 1], sides[i]
        if (before < 0.0) != (here < 0.0):
            share = before / (before - here)
            part.append((before_x + share * (x - before_x), before_y + share * (y - before_y)))
        if here >= 0.0:
            part.append((x, y))
    return part
