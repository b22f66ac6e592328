"""The boxes and bot cars of a race as a camera sees them: solid boxes with shaded faces."""

from dataclasses import dataclass
from math import cos, sin

import cv2
import numpy as np
from deepracer_core.obstacles import BOX_HEIGHT, BOX_LENGTH, BOX_WIDTH
from deepracer_core.race_objects import RaceType
from deepracer_core.simulation import ObjectPose
from numpy.typing import NDArray

_AMBIENT, _SUN = 0.45, 0.6
_TO_SUN = np.array((0.4, -0.3, 0.9)) / np.sqrt(0.4**2 + 0.3**2 + 0.9**2)
"""Of the worlds' light."""

_NEAR = 0.02
"""Metres before the camera at which things are cut off."""

_SUBPIXEL_BITS = 4

# Bits of a corner's index: ahead, left, up. Of each face its corners in order and its direction.
_FACES = (
    ((1, 3, 7, 5), (1.0, 0.0, 0.0)),
    ((0, 4, 6, 2), (-1.0, 0.0, 0.0)),
    ((2, 6, 7, 3), (0.0, 1.0, 0.0)),
    ((0, 1, 5, 4), (0.0, -1.0, 0.0)),
    ((4, 5, 7, 6), (0.0, 0.0, 1.0)),
)


@dataclass(frozen=True, slots=True)
class SolidBox:
    """A box on the ground, or above it.

    Attributes:
        length: metres along the object's heading.
        width: metres across it.
        bottom: metres above the ground.
        top: metres above the ground.
        color: red, green, blue, 0 to 1.
    """

    length: float
    width: float
    bottom: float
    top: float
    color: tuple[float, float, float]


_CARDBOARD = (SolidBox(BOX_LENGTH, BOX_WIDTH, 0.0, BOX_HEIGHT, (0.72, 0.53, 0.32)),)


def _car(color: tuple[float, float, float]) -> tuple[SolidBox, ...]:
    return (
        SolidBox(0.29, 0.19, 0.0, 0.035, (0.05, 0.05, 0.055)),
        SolidBox(0.32, 0.18, 0.035, 0.085, color),
        SolidBox(0.16, 0.15, 0.085, 0.13, (0.05, 0.05, 0.055)),
    )


OWN_CAR = "deepracer"
"""Name of the car itself, for a camera that is no part of it."""

_BOT_CAR, _OWN_CAR = _car((0.75, 0.12, 0.1)), _car((0.05, 0.24, 0.62))


def boxes_of(name: str) -> tuple[SolidBox, ...]:
    """What an object of a race looks like, by its name in the simulator; from below upwards."""
    if name == OWN_CAR:
        return _OWN_CAR
    prefix = name.rpartition("_")[0]
    return _BOT_CAR if prefix == _name(RaceType.HEAD_TO_BOT) else _CARDBOARD


def draw_object(
    image: NDArray[np.uint8],
    pose: ObjectPose,
    eye: NDArray[np.float64],
    to_pixels: NDArray[np.float64],
) -> None:
    """Draw an object over a picture, over whatever is farther away.

    Args:
        image: uint8[H, W, C], C = 3 (red, green, blue) or 1 (luma).
        pose: of the object in the world.
        eye: float64[3], where the camera is in the world, metres.
        to_pixels: float64[3, 3], from a direction in the world to a pixel, homogeneous (column,
            row, depth).
    """
    c, s = cos(pose.yaw), sin(pose.yaw)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    for box in boxes_of(pose.name):
        corners = np.array(
            [
                (
                    0.5 * box.length * (1 if i & 1 else -1),
                    0.5 * box.width * (1 if i & 2 else -1),
                    box.top if i & 4 else box.bottom,
                )
                for i in range(8)
            ]
        )
        corners = corners @ turn.T + (pose.x, pose.y, 0.0) - eye
        for indices, normal in _FACES:
            face, facing = corners[list(indices)], turn @ normal
            if float(face[0] @ facing) < 0.0:
                _fill(image, _before(face @ to_pixels.T), _lit(box.color, facing, image.shape[2]))


def _name(race_type: RaceType) -> str:
    return "bot_car" if race_type is RaceType.HEAD_TO_BOT else "obstacle"


def _lit(
    color: tuple[float, float, float], facing: NDArray[np.float64], channels: int
) -> tuple[float, ...]:
    light = _AMBIENT + _SUN * max(0.0, float(facing @ _TO_SUN))
    lit = np.minimum(np.multiply(color, light), 1.0) * 255.0
    if channels == 1:
        return (float(lit @ (0.299, 0.587, 0.114)),)
    return tuple(lit.tolist())


def _before(face: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a convex face that lies before the camera, float64[K, 3]."""
    kept: list[NDArray[np.float64]] = []
    for i, point in enumerate(face):
        last = face[i - 1]
        if (last[2] < _NEAR) != (point[2] < _NEAR):
            share = (_NEAR - last[2]) / (point[2] - last[2])
            kept.append(last + share * (point - last))
        if point[2] >= _NEAR:
            kept.append(point)
    return np.array(kept).reshape(-1, 3)


def _fill(image: NDArray[np.uint8], points: NDArray[np.float64], color: tuple[float, ...]) -> None:
    if len(points) < 3:
        return
    pixels = points[:, :2] / points[:, 2:] * 2**_SUBPIXEL_BITS
    # Far outside the picture the drawing's whole numbers would overflow.
    pixels = np.clip(np.round(pixels), -(2**20), 2**20).astype(np.int32)
    cv2.fillConvexPoly(image, pixels, color, lineType=cv2.LINE_8, shift=_SUBPIXEL_BITS)
