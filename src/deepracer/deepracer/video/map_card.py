"""The map: the road from above, the line driven so far coloured by speed, and the car on it."""

import numpy as np
from deepracer_core.recorded_trace import LONGEST_STEP
from deepracer_core.track import Track
from numpy.typing import NDArray
from PIL import Image

from deepracer.track_drawing import INK, PAPER, Canvas, draw_road, speed_color
from deepracer.video.card import FAINT, Card

PADDING = 16
_MARGIN = 0.15
"""Metres around the road."""

_LINE, _PEN = 3.4, 0.62
_SCALE_HEIGHT = 46


class MapCard:
    """Grows a driven line on a map.

    Args:
        track: in the direction in which it is driven.
        right: right edge of the card in the picture, pixels.
        top: its top.
        room: most width and height of the map, pixels.
        speeds: slowest and fastest speed of the scale, m/s.
        scale: pixels of the picture that one of these pixels is.
    """

    def __init__(
        self,
        track: Track,
        *,
        right: int,
        top: int,
        room: tuple[int, int],
        speeds: tuple[float, float],
        scale: float = 1.0,
    ) -> None:
        borders = np.vstack((track.inner, track.outer))
        low, high = borders.min(axis=0) - _MARGIN, borders.max(axis=0) + _MARGIN
        self._pen = scale
        self._scale = float(min(np.array(room) / (high - low))) * scale
        self._corner = np.array([low[0], high[1]])
        # However narrow the track is, the scale below has room.
        drawn, height = np.ceil((high - low) * self._scale).astype(int).tolist()
        width = round(room[0] * scale)
        self._offset = np.array([max(width - drawn, 0) / 2, 0.0])
        self._speeds = speeds
        self._canvas = Canvas(width, height)
        draw_road(self._canvas, track, self._pixels, _PEN * scale)
        self._road = self._canvas.pixels.copy()
        self._last: NDArray[np.float64] | None = None
        below = round(height / scale) + PADDING
        full = (room[0] + 2 * PADDING, below + PADDING + _SCALE_HEIGHT)
        self._card = Card(right - full[0], top, *full, scale=scale)
        self._draw_scale(below)

    def clear(self) -> None:
        """Take the line away."""
        self._canvas.pixels = self._road.copy()
        self._last = None

    def move(self, x: float, y: float, speed: float) -> None:
        """Draw the line on to a point (metres), driven to at a speed (m/s)."""
        here = np.array([x, y])
        if self._last is not None and np.hypot(*(here - self._last)) <= LONGEST_STEP:
            ends = self._pixels(np.vstack((self._last, here)))
            width = _LINE * self._pen
            self._canvas.path(ends, speed_color(speed, self._speeds), width, closed=False)
        self._last = here

    def card(self, x: float, y: float, yaw: float) -> Card:
        """The card with the car at a pose (metres, radians)."""
        map_alone = self._canvas.pixels.copy()
        self._draw_car(x, y, yaw)
        picture = self._canvas.picture()
        self._canvas.pixels = map_alone
        card = self._card.copy()
        card.image.paste(Image.fromarray(picture[..., ::-1]), card.place(PADDING, PADDING))
        return card

    def _draw_car(self, x: float, y: float, yaw: float) -> None:
        """An arrowhead: the car itself would be too small to see."""
        (center,) = self._pixels(np.array([[x, y]]))
        ahead = np.array([np.cos(yaw), -np.sin(yaw)])
        left = np.array([ahead[1], -ahead[0]])
        for length, color in ((13.0, PAPER), (9.5, INK)):
            size = length * self._pen
            tip, tail = center + 1.1 * size * ahead, center - 0.45 * size * ahead
            for side in (left, -left):
                wing = center - 0.85 * size * ahead + 0.78 * size * side
                self._canvas.fill(np.array([tip, wing, tail]), color)

    def _pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        # y points up in the world and down in a picture.
        scaled = (points - self._corner) * [self._scale, -self._scale]
        return np.asarray(scaled + self._offset, np.float64)

    def _draw_scale(self, top: int) -> None:
        slowest, fastest = self._speeds
        left, width = PADDING, self._card.width - 2 * PADDING
        columns, rows = self._card.place(width, 8)
        colors = [
            speed_color(slowest + (fastest - slowest) * share, self._speeds)[::-1]
            for share in np.linspace(0.0, 1.0, columns)
        ]
        bar = Image.fromarray(np.tile(np.array(colors, np.uint8), (rows, 1, 1)))
        self._card.image.paste(bar, self._card.place(left, top + 18))
        words = {"size": 15, "color": FAINT}
        baseline = top + 44
        self._card.text(f"{slowest:.1f}", left, baseline, **words)
        self._card.text("speed, m/s", left + width / 2, baseline, anchor="m", **words)
        self._card.text(f"{fastest:.1f}", left + width, baseline, anchor="r", **words)
