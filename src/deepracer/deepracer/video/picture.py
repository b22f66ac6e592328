"""One picture of a film: what the chase camera sees, and on it cards with all the rest.

The colours are those of the other pictures of a run, of the driven lines for one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import degrees

import cv2
import numpy as np
from deepracer_core.episode import EpisodeStatus
from deepracer_core.simulation import MAX_STEERING_ANGLE
from deepracer_core.track import Track
from numpy.typing import NDArray
from PIL import Image

from deepracer.track_drawing import speed_color
from deepracer.video.card import BORDER, FAINT, GREEN, INK, RED, ROAD, Card, Color, text_width
from deepracer.video.map_card import MapCard

WIDTH, HEIGHT = 1280, 720
"""Pixels of a picture, if nothing else is asked for. All places are in these."""

CHASE_CAMERA, CAR_CAMERA = "chase", "front"
"""What the simulator calls the cameras."""

_EDGE = 24
_CAMERA_SIZE = (320, 240)
_FRAME = 7
_MAP_ROOM = (300, 250)
_NUMBERS_HEIGHT = 108


@dataclass(frozen=True, slots=True)
class Caption:
    """What is shown all through an episode.

    Attributes:
        track: in the direction in which it is driven.
        title: what is being driven.
        subtitle: which part of it this is.
        speeds: slowest and fastest speed of the scale, m/s.
    """

    track: Track
    title: str
    subtitle: str
    speeds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Moment:
    """The car in one frame.

    Attributes:
        x: metres.
        y: metres.
        yaw: radians.
        speed: m/s.
        steering: radians, left positive.
        progress: percent of the lap.
        reward: sum so far.
        time_s: lap time so far, seconds.
        status: how the episode stands.
    """

    x: float
    y: float
    yaw: float
    speed: float
    steering: float
    progress: float
    reward: float
    time_s: float
    status: EpisodeStatus


@dataclass(frozen=True, slots=True)
class Result:
    """How an episode ended, in words.

    Attributes:
        title: what happened.
        subtitle: the numbers of it.
        is_lap: whether it is a complete lap.
    """

    title: str
    subtitle: str
    is_lap: bool


class EpisodePictures:
    """Composes the pictures of one episode, in the order of its frames.

    Args:
        caption: what all of them show.
        width: of a picture, pixels; it is as high as it is for 16 by 9.
    """

    def __init__(self, caption: Caption, width: int = WIDTH) -> None:
        self._scale = width / WIDTH
        self._size = width, round(HEIGHT * self._scale)
        self._speeds = caption.speeds
        self._map = MapCard(
            caption.track,
            right=WIDTH - _EDGE,
            top=_EDGE,
            room=_MAP_ROOM,
            speeds=caption.speeds,
            scale=self._scale,
        )
        self._title_text = caption.title
        self._title = _title_card(caption.title, caption.subtitle, self._scale)
        self._numbers = _empty_numbers_card(self._scale)

    def begin(self, subtitle: str) -> None:
        """Go on with another episode: with another subtitle, and without a line on the map."""
        self._map.clear()
        self._title = _title_card(self._title_text, subtitle, self._scale)

    def drive(self, x: float, y: float, speed: float) -> None:
        """Draw the line on to a point (metres) in a frame without a picture; m/s."""
        self._map.move(x, y, speed)

    def compose(
        self, images: Mapping[str, NDArray[np.uint8]], moment: Moment, result: Result | None = None
    ) -> NDArray[np.uint8]:
        """The picture of the next frame.

        Args:
            images: what the cameras see, uint8[height, width, 3] each, RGB.
            moment: where the car is, and how it gets on.
            result: how the episode ended, if this is its end.

        Returns:
            uint8[H, W, 3], RGB, with W the width asked for.
        """
        self.drive(moment.x, moment.y, moment.speed)
        picture = Image.fromarray(_fill(images[CHASE_CAMERA], *self._size))
        self._title.put_on(picture)
        self._map.card(moment.x, moment.y, moment.yaw).put_on(picture)
        _put_camera_on(picture, images[CAR_CAMERA], self._scale)
        numbers = self._numbers.copy()
        _write_numbers(numbers, moment, self._speeds)
        numbers.put_on(picture)
        if result is not None:
            _result_card(result, self._scale).put_on(picture)
        return np.asarray(picture, np.uint8)


def _fill(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """An image in another size, cut where its shape is another one."""
    scale = max(width / image.shape[1], height / image.shape[0])
    if scale != 1.0:
        enlarged = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        way = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(image, enlarged, interpolation=way), np.uint8)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def _title_card(title: str, subtitle: str, scale: float) -> Card:
    widths = text_width(title, 28, bold=True), text_width(subtitle, 18)
    card = Card(_EDGE, _EDGE, round(max(widths)) + 44, 80, scale=scale)
    card.text(title, 22, 38, size=28, bold=True)
    card.text(subtitle, 22, 63, size=18, color=FAINT)
    return card


def _put_camera_on(picture: Image.Image, image: NDArray[np.uint8], scale: float) -> None:
    """Put what the car sees into a picture, on a card that is its frame."""
    width, height = (side + 2 * _FRAME for side in _CAMERA_SIZE)
    card = Card(WIDTH - _EDGE - width, HEIGHT - _EDGE - height, width, height, scale=scale)
    card.put_on(picture)
    # Not on the card, through which the picture below is seen.
    place = card.place(card.left + _FRAME, card.top + _FRAME)
    picture.paste(Image.fromarray(_fill(image, *card.place(*_CAMERA_SIZE))), place)


_TIME, _PROGRESS, _SPEED, _STEERING, _REWARD, _STATUS = 24, 178, 324, 470, 616, 730
"""Where the columns of the numbers begin."""

_STATUSES = {
    EpisodeStatus.PREPARE: ("ready", INK),
    EpisodeStatus.IN_PROGRESS: ("driving", INK),
    EpisodeStatus.PAUSE: ("put back", RED),
    EpisodeStatus.LAP_COMPLETE: ("lap complete", GREEN),
}
"""What is written for them; for all others it is their name, in red."""

_GAUGE = 120
"""How long the bars are."""

_GAUGE_TOP, _GAUGE_BOTTOM = 84, 91


def _empty_numbers_card(scale: float) -> Card:
    width = WIDTH - 3 * _EDGE - _CAMERA_SIZE[0] - 2 * _FRAME
    top = HEIGHT - _EDGE - _NUMBERS_HEIGHT
    card = Card(_EDGE, top, width, _NUMBERS_HEIGHT, scale=scale)
    columns = {
        "lap time": _TIME,
        "progress": _PROGRESS,
        "speed": _SPEED,
        "steering": _STEERING,
        "reward": _REWARD,
        "status": _STATUS,
    }
    for name, x in columns.items():
        card.text(name, x, 30, size=17, color=FAINT)
    return card


def _write_numbers(card: Card, moment: Moment, speeds: tuple[float, float]) -> None:
    end = card.text(f"{moment.time_s:.2f}", _TIME, 74, size=48, bold=True)
    card.text("s", end + 6, 74, size=20, color=FAINT)

    _number(card, _PROGRESS, f"{moment.progress:.1f}", "%")
    _gauge(card, _PROGRESS, moment.progress / 100.0, INK)

    _number(card, _SPEED, f"{moment.speed:.2f}", "m/s")
    color: Color = speed_color(moment.speed, speeds)[::-1]
    _gauge(card, _SPEED, moment.speed / speeds[1], color)

    angle = round(degrees(moment.steering))
    side = "" if angle == 0 else "left" if angle > 0 else "right"
    _number(card, _STEERING, f"{abs(angle)}°", side)
    _gauge(card, _STEERING, 0.0, INK)
    # Left is left, as the driver has it.
    middle = _STEERING + _GAUGE / 2
    tip = middle - min(max(moment.steering / MAX_STEERING_ANGLE, -1.0), 1.0) * _GAUGE / 2
    card.bar(min(middle, tip), _GAUGE_TOP, max(middle, tip), _GAUGE_BOTTOM, BORDER)
    card.bar(middle - 1.5, _GAUGE_TOP - 3, middle + 1.5, _GAUGE_BOTTOM + 3, INK)

    _number(card, _REWARD, f"{moment.reward:.1f}", "")
    words, color = _STATUSES.get(moment.status, (moment.status.value.replace("_", " "), RED))
    card.text(words, _STATUS, 67, size=21, bold=True, color=color)


def _number(card: Card, x: float, number: str, unit: str) -> None:
    end = card.text(number, x, 69, size=34, bold=True)
    card.text(unit, end + 5, 69, size=19, color=FAINT)


def _gauge(card: Card, left: float, share: float, color: Color) -> None:
    """A bar of which a share is filled."""
    card.bar(left, _GAUGE_TOP, left + _GAUGE, _GAUGE_BOTTOM, ROAD)
    card.bar(left, _GAUGE_TOP, left + min(max(share, 0.0), 1.0) * _GAUGE, _GAUGE_BOTTOM, color)


def _result_card(result: Result, scale: float) -> Card:
    widths = text_width(result.title, 42, bold=True), text_width(result.subtitle, 22)
    width = round(max(widths)) + 88
    # In the middle of what the map and the car's camera leave free.
    free = WIDTH - _EDGE - _CAMERA_SIZE[0] - 2 * _FRAME
    card = Card((free - width) // 2, 132, width, 116, scale=scale)
    color = GREEN if result.is_lap else RED
    card.text(result.title, width / 2, 56, size=42, bold=True, color=color, anchor="m")
    card.text(result.subtitle, width / 2, 90, size=22, color=FAINT, anchor="m")
    return card
