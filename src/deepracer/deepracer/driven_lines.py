"""A picture of the lines that were driven over a track, coloured by speed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from deepracer_core.evaluation_results import DrivenLine
from deepracer_core.recorded_trace import LONGEST_STEP
from deepracer_core.track import Track
from numpy.typing import NDArray

from deepracer.track_drawing import (
    FAINT,
    INK,
    PAPER,
    RED,
    Canvas,
    draw_road,
    speed_color,
    speed_scale,
)

MAP_WIDTH, MAP_HEIGHT = 1180, 860
"""Pixels that the map may take, at most."""

LEGEND_WIDTH, TITLE_HEIGHT, EDGE = 380, 84, 40

MARGIN = 0.25
"""Metres around the road."""


@dataclass(frozen=True, slots=True)
class PlottedLine:
    """A line and the words for it in the legend."""

    line: DrivenLine
    label: str
    is_lap: bool


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
    canvas = Canvas(
        int(width) + LEGEND_WIDTH + 2 * EDGE,
        max(int(height), legend_height) + TITLE_HEIGHT + EDGE,
    )
    top = TITLE_HEIGHT + max(legend_height - int(height), 0) / 2

    def pixels(points: NDArray[np.float64]) -> NDArray[np.float64]:
        # y points up in the world and down in a picture.
        return (points - [low[0], high[1]]) * [scale, -scale] + [EDGE, top]

    draw_road(canvas, track, pixels)
    speeds = np.concatenate([[0.0], *(plotted.line.speed for plotted in lines)])
    slowest, fastest = speed_scale(speeds)
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


def _draw_line(
    canvas: Canvas,
    points: NDArray[np.float64],
    speeds: NDArray[np.float64],
    speed_range: tuple[float, float],
) -> None:
    # A light edge keeps lines apart that lie over each other.
    canvas.path(points, PAPER, 7.0, closed=False)
    for first, second, speed in zip(points[:-1], points[1:], speeds[1:], strict=True):
        color = speed_color(float(speed), speed_range)
        canvas.path(np.vstack((first, second)), color, 4.5, closed=False)


def _mark_line(
    canvas: Canvas,
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


def _badge(canvas: Canvas, at: NDArray[np.float64], number: int) -> None:
    canvas.disc(at, 15.5, PAPER)
    canvas.disc(at, 13.5, INK)
    words = str(number)
    width = canvas.text_width(words, 0.5)
    canvas.text(words, at[0] - width / 2, at[1], PAPER, 0.5)


def _draw_legend(canvas: Canvas, lines: Sequence[PlottedLine], left: float, top: float) -> None:
    canvas.text("trials", left, top, FAINT, 0.6)
    for row, plotted in enumerate(lines):
        y = top + 48 + 58 * row
        _badge(canvas, np.array([left + 15.0, y]), row + 1)
        time, _, rest = plotted.label.partition(", ")
        canvas.text(time, left + 46, y - 10, size=0.72)
        canvas.text(rest, left + 46, y + 14, FAINT if plotted.is_lap else RED, 0.52)


def _draw_scale(canvas: Canvas, left: float, top: float, speed_range: tuple[float, float]) -> None:
    slowest, fastest = speed_range
    canvas.text("speed, m/s", left, top, FAINT, 0.6)
    bar_top, bar_height, bar_width = top + 30, 240, 24
    for row in range(bar_height):
        pace = fastest - (fastest - slowest) * row / (bar_height - 1)
        y = bar_top + row
        box = np.array([[left, y], [left + bar_width, y], [left + bar_width, y + 1], [left, y + 1]])
        canvas.fill(box, speed_color(pace, speed_range))
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
