"""How a track and what is driven on it are drawn: a canvas, the road, speeds as colours."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from deepracer_core.track import Track
from numpy.typing import NDArray

Color = tuple[int, int, int]
"""Blue, green, red."""

Projection = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From metres in the world, float64[N, 2], to pixels of a picture."""

SMOOTHING = 2
"""Each pixel is the mean of so many pixels across and down."""

PAPER, ROAD, BORDER = (255, 255, 255), (236, 231, 228), (105, 92, 84)
DASH, INK, FAINT, RED = (60, 175, 235), (60, 46, 38), (140, 130, 122), (54, 54, 214)
COLORS = cv2.COLORMAP_TURBO

_SHIFT = 4
"""Bits of a pixel that OpenCV is given beyond the whole ones."""


class Canvas:
    """Draws in pixels of the final picture, at `SMOOTHING` times its size."""

    def __init__(self, width: int, height: int) -> None:
        size = (height * SMOOTHING, width * SMOOTHING, 3)
        self.pixels: NDArray[np.uint8] = np.full(size, PAPER, np.uint8)

    def path(self, points: NDArray[np.float64], color: Color, width: float, closed: bool) -> None:
        """Draw a line through points."""
        cv2.polylines(
            self.pixels, [_fixed(points)], closed, color, _pen(width), cv2.LINE_AA, _SHIFT
        )

    def fill(self, points: NDArray[np.float64], color: Color) -> None:
        """Fill a convex polygon."""
        cv2.fillConvexPoly(self.pixels, _fixed(points), color, cv2.LINE_AA, _SHIFT)

    def disc(self, center: NDArray[np.float64], radius: float, color: Color) -> None:
        """Fill a circle."""
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
        """How wide words are, pixels."""
        (width, _), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_DUPLEX, size * SMOOTHING, 1)
        return float(width) / SMOOTHING

    def picture(self) -> NDArray[np.uint8]:
        """The picture in its final size, uint8[H, W, 3], blue, green, red."""
        height, width = (side // SMOOTHING for side in self.pixels.shape[:2])
        small = cv2.resize(self.pixels, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)


def draw_road(canvas: Canvas, track: Track, pixels: Projection, pen: float = 1.0) -> None:
    """Draw a road, its borders and its centre line, and where and which way it begins.

    Args:
        canvas: that it is drawn on.
        track: in the direction in which it is driven.
        pixels: where on the canvas a point is.
        pen: how wide lines are, 1 in a large picture.
    """
    inner, outer, center = (pixels(line) for line in (track.inner, track.outer, track.center))
    following = np.roll(np.arange(len(center)), -1)
    for here, there in zip(range(len(center) - (not track.closed)), following, strict=False):
        canvas.fill(np.vstack((inner[here], outer[here], outer[there], inner[there])), ROAD)
    for border in (inner, outer):
        canvas.path(border, BORDER, 2.5 * pen, track.closed)
    dash, gap = 0.16, 0.14
    for begin in np.arange(0.0, track.length, dash + gap):
        ends = [
            track.pose_at(float(min(begin + along, track.length - 1e-6)))[:2]
            for along in (0.0, dash)
        ]
        canvas.path(pixels(np.array(ends)), DASH, 2.0 * pen, closed=False)
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


def speed_scale(speeds: NDArray[np.float64]) -> tuple[float, float]:
    """Round numbers around speeds, m/s."""
    moving = speeds[speeds > 0.1]
    if not len(moving):
        return 0.0, 1.0
    # Standing at the start says nothing about how the lap was driven.
    low, high = np.percentile(moving, 2), moving.max()
    slowest = float(np.floor(low * 2) / 2)
    return slowest, max(float(np.ceil(high * 2) / 2), slowest + 0.5)


def speed_color(speed: float, speed_range: tuple[float, float]) -> Color:
    """The colour of a speed (m/s) within a range."""
    slowest, fastest = speed_range
    share = min(max((speed - slowest) / (fastest - slowest), 0.0), 1.0)
    # The ends of the map are so dark that they look alike on a road.
    return _colors()[round(255 * (0.08 + 0.84 * share))]


@cache
def _colors() -> list[Color]:
    """The colours of all levels."""
    levels = np.arange(256, dtype=np.uint8)[:, None]
    return [
        (blue, green, red) for blue, green, red in cv2.applyColorMap(levels, COLORS)[:, 0].tolist()
    ]


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.asarray((points * SMOOTHING * 2**_SHIFT).round(), np.int32)


def _pen(width: float) -> int:
    return max(round(width * SMOOTHING), 1)
