"""From a track's definition, a few corners with the radii of their bends, to its route.

The centre line goes straight from corner to corner and rounds each with an arc: a definition says
exactly what a driver meets: how long the straights are and how tight the bends.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from deepracer_core.errors import ConfigurationError
from deepracer_core.route import check_route
from numpy.typing import NDArray

_SPACING = 0.13
"""About so many metres lie between two waypoints of a route."""

_DECIMALS = 6
"""Coordinates are whole micrometres, so that no machine's last digits show in the files."""

_ROUNDING = 1e-9
"""Metres; two bends that share the whole straight between them, as a hairpin's do, may touch."""


@dataclass(frozen=True, slots=True)
class Corner:
    """Where two straights of the centre line would meet, and the arc that rounds them off.

    Attributes:
        x: metres.
        y: metres.
        radius: of the centre line in the bend, metres.
        width: from border to border in the middle of the bend, metres.
    """

    x: float
    y: float
    radius: float
    width: float


@dataclass(frozen=True, slots=True)
class TrackDefinition:
    """A circuit through three or more corners.

    The start line is in the middle of the straight from the first corner to the second, which is
    also the driving direction.

    Attributes:
        name: what the track is called; the name of its files.
        description: one line for people.
        corners: in driving direction; the last one leads to the first.
    """

    name: str
    description: str
    corners: tuple[Corner, ...]


@dataclass(frozen=True, slots=True)
class _Bend:
    """The arc at a corner: where it begins, which way, how far round (left positive, radians)."""

    start: tuple[float, float]
    heading: float
    angle: float
    radius: float
    tangent: float
    width: float

    @property
    def length(self) -> float:
        return self.radius * abs(self.angle)

    def at(self, distance: float) -> tuple[float, float, float]:
        """x, y and heading `distance` metres into the arc; beyond its end straight on."""
        share = min(distance / self.length, 1.0) if self.length > 0.0 else 1.0
        turn = share * self.angle
        chord = 2.0 * self.radius * math.sin(0.5 * abs(turn))
        middle = self.heading + 0.5 * turn
        heading = self.heading + turn
        beyond = max(distance - self.length, 0.0)
        x = self.start[0] + chord * math.cos(middle) + beyond * math.cos(heading)
        y = self.start[1] + chord * math.sin(middle) + beyond * math.sin(heading)
        return x, y, heading


def load_definition(path: Path) -> TrackDefinition:
    """Read a track's definition (YAML: `description`, `width`, `points` of x, y, radius, width).

    Raises:
        ConfigurationError: names the file and the field that cannot be used.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: expected a track definition (YAML): {error}") from error
    fields = _fields(document, str(path), {"description", "width", "points"})
    points = fields.get("points")
    if not isinstance(points, list) or len(points) < 3:
        raise ConfigurationError(f"{path}: points: expected a list of 3 or more, got {points!r}")
    width = fields.get("width")
    corners = []
    for number, point in enumerate(points, start=1):
        where = f"{path}: point {number}"
        values = {"width": width, **_fields(point, where, {"x", "y", "radius", "width"})}
        x, y = (_number(values, key, where) for key in ("x", "y"))
        radius, corner_width = (_number(values, key, where, 0.1) for key in ("radius", "width"))
        if radius <= 0.5 * corner_width:
            raise ConfigurationError(
                f"{where}: radius: expected more than half of the width ({corner_width} m),"
                f" else the inner border folds over; got {radius}"
            )
        corners.append(Corner(x, y, radius, corner_width))
    return TrackDefinition(path.stem, str(fields.get("description", "")), tuple(corners))


def route_rows(definition: TrackDefinition) -> NDArray[np.float64]:
    """The route in the public format: centre, inner and outer x, y; the last row repeats the first.

    Raises:
        ConfigurationError: two bends do not fit on the straight between them, or borders cross.
    """
    bends = _bends(definition)
    straights = _straights(definition, bends)
    # Distances at which each bend begins, from the middle of the first straight (the start line).
    start = bends[0].length + 0.5 * straights[0]
    begins = np.cumsum([0.0] + [b.length + s for b, s in zip(bends, straights, strict=True)])
    length = float(begins[-1])
    count = round(length / _SPACING)
    left, right, center = [], [], []
    for row in range(count):
        distance = (start + row * length / count) % length
        index = int(np.searchsorted(begins, distance, side="right")) - 1
        x, y, heading = bends[index].at(distance - float(begins[index]))
        half = 0.5 * _width_at(distance, bends, begins)
        across = (-math.sin(heading) * half, math.cos(heading) * half)
        center.append((x, y))
        left.append((x + across[0], y + across[1]))
        right.append((x - across[0], y - across[1]))

    counter_clockwise = sum(bend.angle for bend in bends) > 0.0
    inner, outer = (left, right) if counter_clockwise else (right, left)
    rows = np.round(np.hstack((center, inner, outer)), _DECIMALS) + 0.0
    rows = np.vstack((rows, rows[:1]))
    check_route(rows, definition.name)
    return rows


def _bends(definition: TrackDefinition) -> list[_Bend]:
    bends = []
    corners = definition.corners
    for number, corner in enumerate(corners):
        before, after = corners[number - 1], corners[(number + 1) % len(corners)]
        heading = math.atan2(corner.y - before.y, corner.x - before.x)
        onward = math.atan2(after.y - corner.y, after.x - corner.x)
        angle = math.remainder(onward - heading, math.tau)
        tangent = corner.radius * math.tan(0.5 * abs(angle))
        start = (
            corner.x - tangent * math.cos(heading),
            corner.y - tangent * math.sin(heading),
        )
        bends.append(_Bend(start, heading, angle, corner.radius, tangent, corner.width))
    return bends


def _straights(definition: TrackDefinition, bends: list[_Bend]) -> list[float]:
    """Metres of straight road after each bend."""
    straights = []
    corners = definition.corners
    for number, corner in enumerate(corners):
        following = (number + 1) % len(corners)
        side = math.hypot(corners[following].x - corner.x, corners[following].y - corner.y)
        straight = side - bends[number].tangent - bends[following].tangent
        if straight < -_ROUNDING:
            raise ConfigurationError(
                f"{definition.name}: points {number + 1} and {following + 1}: {side:.2f} m apart,"
                f" but their bends need {side - straight:.2f} m: move them or take smaller radii"
            )
        straights.append(max(straight, 0.0))
    return straights


def _width_at(distance: float, bends: list[_Bend], begins: NDArray[np.float64]) -> float:
    """The corners' widths hold in the middle of their bends and change evenly in between."""
    middles = [float(b) + 0.5 * bend.length for b, bend in zip(begins, bends, strict=False)]
    widths = [bend.width for bend in bends]
    return float(np.interp(distance, middles, widths, period=float(begins[-1])))


def _fields(document: object, where: str, known: set[str]) -> dict[str, object]:
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"{where}: expected fields {sorted(known)}, got {document!r}")
    unknown = sorted(str(key) for key in document if key not in known)
    if unknown:
        raise ConfigurationError(
            f"{where}: unknown field {unknown[0]!r}; known are {sorted(known)}"
        )
    return {str(key): value for key, value in document.items()}


def _number(fields: Mapping[str, object], key: str, where: str, least: float = -1e4) -> float:
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 1e4:
        raise ConfigurationError(
            f"{where}: {key}: expected metres, at least {least}, got {value!r}"
        )
    return float(value)
