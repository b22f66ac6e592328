"""What a camera fixed to the car sees of a flat ground: one homography for each frame.

A ray through a pixel meets the ground at a point that is fixed in the car's frame; the car's pose
moves all of them alike (Hartley and Zisserman 2004, section 8.1.1). Towards the horizon a pixel
covers more and more ground, so that farther rows are looked up in coarser levels of the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, log2, sin, tan

import cv2
import numpy as np
from deepracer_core.simulation import ObjectPose
from numpy.typing import NDArray

from deepracer_flat.ground_picture import FINEST, GroundPicture
from deepracer_flat.solid_boxes import draw_object

_SKY = (158, 199, 235)
"""Red, green and blue of the worlds' background."""

_FAR = 100.0
"""Metres to the end of the field."""


@dataclass(frozen=True, slots=True)
class CameraMount:
    """Where the camera sits on the car, and how it looks.

    Attributes:
        ahead: of the car's base, metres.
        left: of the car's middle, metres.
        height: above the ground, metres.
        pitch: downwards, radians.
        field_of_view: horizontal, radians.
        width: of its picture, pixels.
        size: height of its picture, pixels.
    """

    ahead: float = 0.145
    left: float = 0.0
    height: float = 0.13
    pitch: float = 0.261799
    field_of_view: float = 1.13
    width: int = 160
    size: int = 120


@dataclass(frozen=True, slots=True)
class _Band:
    """Rows of the picture that are looked up in one level.

    Attributes:
        first: row.
        last: the row after it.
        level: of the ground picture.
        ground: float64[3, 3], from a pixel of the band (column, row, 1) to the ground in the car's
            frame, homogeneous.
    """

    first: int
    last: int
    level: int
    ground: NDArray[np.float64]


class GroundCamera:
    """Takes pictures of the ground.

    Args:
        picture: of the ground; its number of channels is that of the camera's pictures.
        mount: of the camera.
    """

    def __init__(self, picture: GroundPicture, mount: CameraMount) -> None:
        self._picture = picture
        self._fill = tuple(float(value) for value in picture.field)
        scales = [1.0 / (FINEST * 2**level) for level in range(len(picture.levels))]
        x, y = picture.origin
        self._to_pixels = [
            np.array([[s, 0.0, -x * s - 0.5], [0.0, s, -y * s - 0.5], [0.0, 0.0, 1.0]])
            for s in scales
        ]

        self.look(mount)

    def look(self, mount: CameraMount) -> None:
        """Sit and look otherwise from the next picture on."""
        picture = self._picture
        channels = picture.levels[0].shape[2]
        self._mount = mount
        horizon, self._bands = _bands(mount, len(picture.levels))
        sky = np.array(_SKY, np.uint8)
        if channels == 1:
            sky = cv2.cvtColor(sky[None, None], cv2.COLOR_RGB2GRAY)[0]
        self._blank = np.empty((mount.size, mount.width, channels), np.uint8)
        self._blank[:horizon] = sky
        self._blank[horizon:] = picture.field

    def shoot(
        self, x: float, y: float, yaw: float, objects: Sequence[ObjectPose] = ()
    ) -> NDArray[np.uint8]:
        """The picture from a car at a pose (metres, radians): uint8[size, width, C].

        Args:
            x: of the car's base.
            y: as x.
            yaw: as x.
            objects: what else stands on the ground.
        """
        image = self._blank.copy()
        c, s = cos(yaw), sin(yaw)
        pose = np.array([[c, -s, x], [s, c, y], [0.0, 0.0, 1.0]])
        for band in self._bands:
            cv2.warpPerspective(
                self._picture.levels[band.level],
                self._to_pixels[band.level] @ pose @ band.ground,
                (self._mount.width, band.last - band.first),
                dst=image[band.first : band.last],
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=self._fill,
            )
        if objects:
            self._draw(image, pose, objects)
        return image

    def _draw(
        self, image: NDArray[np.uint8], pose: NDArray[np.float64], objects: Sequence[ObjectPose]
    ) -> None:
        mount = self._mount
        eye = np.append((pose @ (mount.ahead, mount.left, 1.0))[:2], mount.height)
        turn = np.eye(3)
        turn[:2, :2] = pose[:2, :2]
        to_pixels = np.linalg.inv(turn @ pixel_rays(mount))
        for each in sorted(objects, key=lambda o: -hypot(o.x - eye[0], o.y - eye[1])):
            draw_object(image, each, eye, to_pixels)


def pixel_rays(mount: CameraMount) -> NDArray[np.float64]:
    """float64[3, 3], from a pixel (column, row, 1) to its ray in the car's frame (x, y, z)."""
    focal = 0.5 * mount.width / tan(0.5 * mount.field_of_view)
    # In the camera's own frame, x ahead, y left, z up; a pixel's middle is half a pixel in.
    camera = np.array(
        [
            [0.0, 0.0, 1.0],
            [-1.0 / focal, 0.0, 0.5 * (mount.width - 1) / focal],
            [0.0, -1.0 / focal, 0.5 * (mount.size - 1) / focal],
        ]
    )
    c, s = cos(mount.pitch), sin(mount.pitch)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]]) @ camera


def ground_points(mount: CameraMount) -> NDArray[np.float64]:
    """float64[3, 3], from a pixel (column, row, 1) to the ground in the car's frame.

    Homogeneous: x and y in metres are the first two over the third, which is positive where a
    pixel's ray falls to the ground.
    """
    # A ray (X, Y, Z) from height h meets the ground at (X, Y) h / -Z.
    meets = np.array(
        [
            [mount.height, 0.0, -mount.ahead],
            [0.0, mount.height, -mount.left],
            [0.0, 0.0, -1.0],
        ]
    )
    return meets @ pixel_rays(mount)


def _bands(mount: CameraMount, levels: int) -> tuple[int, list[_Band]]:
    """The first row that shows the ground, and the bands from the end of the picture's field on."""
    ground = ground_points(mount)
    middle = 0.5 * (mount.width - 1)
    horizon, chosen = mount.size, []
    for row in range(mount.size):
        along, _, falls = ground @ (middle, row, 1.0)
        if falls <= 0.0 or along / falls > _FAR:
            continue
        horizon = min(horizon, row)
        chosen.append((row, _level(ground, middle, row, levels)))
    bands: list[_Band] = []
    for row, level in chosen:
        first = bands.pop().first if bands and bands[-1].level == level else row
        shift = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, first], [0.0, 0.0, 1.0]])
        bands.append(_Band(first, row + 1, level, ground @ shift))
    return horizon, bands


def _level(ground: NDArray[np.float64], column: float, row: int, levels: int) -> int:
    """The level whose pixels are about as large as those of a row on the ground."""
    points = [ground @ (column + dc, row + dr, 1.0) for dc, dr in ((0, 0), (1, 0), (0, 1))]
    here, right, below = (point[:2] / point[2] for point in points)
    across, along = np.hypot(*(right - here)), np.hypot(*(below - here))
    size = float(np.sqrt(across * along))
    return min(max(round(log2(size / FINEST)), 0), levels - 1)
