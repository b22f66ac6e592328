"""A picture of the lines that were driven over a track, coloured by speed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from deepracer_core.evaluation_results import DrivenLine
from deepracer_core.track import Track
from numpy.typing import NDArray

Color = tuple[int, int, int]
"""Blue, green, red."""

SMOOTHING = 2
"""Each pixel is the mean of so many pixels across and down."""

MAP_WIDTH, MAP_HEIGHT = 1180, 860
"""Pixels that the map may take, at most."""

LEGEND_WIDTH, TITLE_HEIGHT, EDGE = 380, 84, 40

MARGIN = 0.25
"""Metres around the road."""

PAPER, ROAD, BORDER = (255, 255, 255), (236, 231, 228), (105, 92, 84)
DASH, INK, FAINT, RED = (60, 175, 235), (60, 46, 38), (140, 130, 122), (54, 54, 214)
COLORS = cv2.COLORMAP_TURBO
LONGEST_STEP = 0.6
"""Metres: a car that is further on in the next frame was put there."""

_SHIFT = 4
"""Bits of a pixel that OpenCV is given beyond the whole ones."""


@dataclass(frozen=True, slots=True)
class PlottedLine:
    """A line and the words for it in the legend."""

    line: DrivenLine
    label: str
    is_lap: bool


class _Canvas:
    """Draws in pixels of the final picture, at `SMOOTHING` times its size."""

    def __init__(self, width: int, height: int) -> None:
        size = (height * SMOOTHING, width * SMOOTHING, 3)
        self.pixels: NDArray[np.uint8] = np.full(size, PAPER, np.uint8)

    def path(self, points: NDArray[np.float64], color: Color, width: float, closed: bool) -> None:
        cv2.polylines(
            self.pixels, [_fixed(points)], closed, color, _pen(width), cv2.LINE_AA, _SHIFT
        )

    def fill(self, points: NDArray[np.float64], color: Color) -> None:
        cv2.fillConvexPoly(self.pixels, _fixed(points), color, cv2.LINE_AA, _SHIFT)

    def disc(self, center: NDArray[np.float64], radius: float, color: Color) -> None:
        at = _fixed(center)
        size = round(radius * SMOOTHING * 2**_SHIFT)
        cv2.circle(self.pixels, (int(at[0]), int(at[1])), size, color, -1, cv2.LINE_AA, _SHIFT)

    def text(
        self, words: str, x: float, y: float, color: Color = INK, size: float = 0.6, bold: int = 1
    ) -> None:
        """Write words, their left end at `x` and the middle of their height at `y`."""
        scale = size * SMOOTHING
        (_, height), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_DUPLEX, scale, bold * SMOOTHING)
        at = (round(x * SMOOTHING), round(y * SMOOTHING + height / 2))
        cv2.putText(
            self.pixels, words, at, cv2.FONT_HERSHEY_DUPLEX, scale, color, bold, cv2.LINE_AA
        )

    def text_width(self, words: str, size: float) -> float:
        (width, _), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_DUPLEX, size * SMOOTHING, 1)
        return float(width) / SMOOTHING

    def picture(self) -> NDArray[np.uint8]:
        height, width = (side // SMOOTHING for side in self.pixels.shape[:2])
        small = cv2.resize(self.pixels, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)


def draw_lines(track: Track, lines: Sequence[PlottedLine], title: str) -> NDArray[np.uint8]:
    """Draw driven lines over a track.

    Args:
        track: that was driven on.
        lines: one for each trial, in their order; their numbers in the picture begin at 1.
        title: what the picture is called.

    Returns:
        uint8[H, W, 3], blue, green, red.
    """
    borders = np.vstack((track.inner, track.outer))
    low, high = borders.min(axis=0) - MARGIN, borders.max(axis=0) + MARGIN
    scale = float(min(MAP_WIDTH / (high[0] - low[0]), MAP_HEIGHT / (high[1] - low[1])))
    width, height = np.ceil((high - low) * scale).astype(int)
    legend_height = 430 + 58 * len(lines)
    canvas = _Canvas(
        int(width) + LEGEND_WIDTH + 2 * EDGE,
        max(int(height), legend_height) + TITLE_HEIGHT + EDGE,
    )
    top = TITLE_HEIGHT + max(legend_height - int(height), 0) / 2

    def pixels(points: NDArray[np.float64]) -> NDArray[np.float64]:
        # y points up in the world and down in a picture.
        return (points - [low[0], high[1]]) * [scale, -scale] + [EDGE, top]

    _draw_road(canvas, track, pixels)
    slowest, fastest = _speed_range(lines)
    for plotted in lines:
        for points, speeds in _unbroken(plotted.line):
            _draw_line(canvas, pixels(points), speeds, (slowest, fastest))
    # The start is where all lines meet: no place for a number.
    taken = [pixels(track.center[0])]
    for number, plotted in enumerate(lines, start=1):
        if len(plotted.line.x):
            _mark_line(canvas, pixels(_points(plotted.line)), plotted, number, taken)
    canvas.text(title, EDGE, TITLE_HEIGHT / 2 + 4, size=0.95)
    left = EDGE + int(width) + 60
    _draw_legend(canvas, lines, left, TITLE_HEIGHT + 20)
    _draw_scale(canvas, left, TITLE_HEIGHT + 90 + 58 * len(lines), (slowest, fastest))
    return canvas.picture()


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture as PNG.

    Raises:
        OSError: the file cannot be written.
    """
    good, data = cv2.imencode(".png", picture, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    if not good:
        raise OSError(f"{path}: the picture could not be made")
    path.write_bytes(data.tobytes())


def _draw_road(
    canvas: _Canvas, track: Track, pixels: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> None:
    inner, outer, center = (pixels(line) for line in (track.inner, track.outer, track.center))
    following = np.roll(np.arange(len(center)), -1)
    for here, there in zip(range(len(center) - (not track.closed)), following, strict=False):
        canvas.fill(np.vstack((inner[here], outer[here], outer[there], inner[there])), ROAD)
    for border in (inner, outer):
        canvas.path(border, BORDER, 2.5, track.closed)
    dash, gap = 0.16, 0.14
    for begin in np.arange(0.0, track.length, dash + gap):
        ends = [
            track.pose_at(float(min(begin + along, track.length - 1e-6)))[:2]
            for along in (0.0, dash)
        ]
        canvas.path(pixels(np.array(ends)), DASH, 2.0, closed=False)
    # The start line, chequered, and an arrow ahead of it.
    x, y, yaw = track.pose_at(0.0)
    ahead = np.array([np.cos(yaw), np.sin(yaw)])
    across = (track.outer[0] - track.inner[0]) / 10
    for row in range(2):
        for column in range(10):
            corner = track.inner[0] + column * across + (row - 1) * 0.06 * ahead
            square = np.array(
                [corner, corner + across, corner + across + 0.06 * ahead, corner + 0.06 * ahead]
            )
            canvas.fill(pixels(square), INK if (row + column) % 2 else PAPER)
    left = np.array([-ahead[1], ahead[0]])
    tip = np.array([x, y]) + 0.34 * ahead
    canvas.fill(
        pixels(np.array([tip, tip - 0.18 * ahead + 0.09 * left, tip - 0.18 * ahead - 0.09 * left])),
        INK,
    )


def _draw_line(
    canvas: _Canvas,
    points: NDArray[np.float64],
    speeds: NDArray[np.float64],
    speed_range: tuple[float, float],
) -> None:
    # A light edge keeps lines apart that lie over each other.
    canvas.path(points, PAPER, 7.0, closed=False)
    for first, second, speed in zip(points[:-1], points[1:], speeds[1:], strict=True):
        color = _color(float(speed), speed_range)
        canvas.path(np.vstack((first, second)), color, 4.5, closed=False)


def _mark_line(
    canvas: _Canvas,
    points: NDArray[np.float64],
    plotted: PlottedLine,
    number: int,
    taken: list[NDArray[np.float64]],
) -> None:
    """Put a cross where a trial ended early, and its number far from those that are there."""
    if not plotted.is_lap:
        for turn in (1, -1):
            arm = np.array([9.0, 9.0 * turn])
            canvas.path(np.vstack((points[-1] - arm, points[-1] + arm)), RED, 5.0, closed=False)
    distances = np.hypot(*(points[:, None] - np.array([*taken, points[-1]])).T)
    at = points[distances.min(axis=0).argmax()]
    _badge(canvas, at, number)
    taken.append(at)


def _badge(canvas: _Canvas, at: NDArray[np.float64], number: int) -> None:
    canvas.disc(at, 15.5, PAPER)
    canvas.disc(at, 13.5, INK)
    words = str(number)
    width = canvas.text_width(words, 0.5)
    canvas.text(words, at[0] - width / 2, at[1], PAPER, 0.5)


def _draw_legend(canvas: _Canvas, lines: Sequence[PlottedLine], left: float, top: float) -> None:
    canvas.text("trials", left, top, FAINT, 0.6)
    for row, plotted in enumerate(lines):
        y = top + 48 + 58 * row
        _badge(canvas, np.array([left + 15.0, y]), row + 1)
        time, _, rest = plotted.label.partition(", ")
        canvas.text(time, left + 46, y - 10, size=0.72)
        canvas.text(rest, left + 46, y + 14, FAINT if plotted.is_lap else RED, 0.52)


def _draw_scale(canvas: _Canvas, left: float, top: float, speed_range: tuple[float, float]) -> None:
    slowest, fastest = speed_range
    canvas.text("speed, m/s", left, top, FAINT, 0.6)
    bar_top, bar_height, bar_width = top + 30, 240, 24
    for row in range(bar_height):
        pace = fastest - (fastest - slowest) * row / (bar_height - 1)
        y = bar_top + row
        box = np.array([[left, y], [left + bar_width, y], [left + bar_width, y + 1], [left, y + 1]])
        canvas.fill(box, _color(pace, speed_range))
    for tick in np.arange(slowest, fastest + 0.01, 0.5 if fastest - slowest <= 3.0 else 1.0):
        y = bar_top + bar_height * (fastest - tick) / (fastest - slowest)
        mark = np.array([[left + bar_width, y], [left + bar_width + 7, y]])
        canvas.path(mark, FAINT, 1.5, closed=False)
        canvas.text(f"{tick:.1f}", left + bar_width + 16, y, size=0.55)


def _unbroken(line: DrivenLine) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Points and speeds of a line in parts, between the places where the car was put back."""
    points = _points(line)
    jumps = np.hypot(*np.diff(points, axis=0).T) > LONGEST_STEP
    places = np.flatnonzero(jumps) + 1
    return list(zip(np.split(points, places), np.split(line.speed, places), strict=True))


def _points(line: DrivenLine) -> NDArray[np.float64]:
    return np.column_stack((line.x, line.y))


def _speed_range(lines: Sequence[PlottedLine]) -> tuple[float, float]:
    """Round numbers around all speeds, m/s."""
    speeds = np.concatenate([[0.0], *(plotted.line.speed for plotted in lines)])
    moving = speeds[speeds > 0.1]
    if not len(moving):
        return 0.0, 1.0
    # Standing at the start says nothing about how the lap was driven.
    low, high = np.percentile(moving, 2), moving.max()
    slowest = float(np.floor(low * 2) / 2)
    return slowest, max(float(np.ceil(high * 2) / 2), slowest + 0.5)


def _color(speed: float, speed_range: tuple[float, float]) -> Color:
    slowest, fastest = speed_range
    share = min(max((speed - slowest) / (fastest - slowest), 0.0), 1.0)
    # The ends of the map are so dark that they look alike on a road.
    level = np.array([[round(255 * (0.08 + 0.84 * share))]], np.uint8)
    blue, green, red = cv2.applyColorMap(level, COLORS)[0, 0].tolist()
    return blue, green, red


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.asarray((points * SMOOTHING * 2**_SHIFT).round(), np.int32)


def _pen(width: float) -> int:
    return max(round(width * SMOOTHING), 1)
