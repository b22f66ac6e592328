"""How alike two simulators are: the same commands in both, the same poses seen by both."""

from collections.abc import Sequence
from math import cos, sin, sqrt

import cv2
import numpy as np
from deepracer_core.action_space import Command
from deepracer_core.simulation import Simulator
from deepracer_core.track import Track
from numpy.typing import NDArray

from deepracer_flat.ground_camera import CameraMount, ground_points

_SIGMA = 1.5
_STABILISERS = ((0.01 * 255) ** 2, (0.03 * 255) ** 2)
"""Of the structural similarity, as in its paper."""


def drive_open_loop(
    simulator: Simulator, start: tuple[float, float, float], commands: Sequence[Command]
) -> NDArray[np.float64]:
    """Where a car goes that is at rest at `start` and then given these commands, one a step.

    Returns:
        float64[steps + 1, 3]: x and y in metres, yaw in radians without jumps.
    """
    frames = [simulator.reset(*start)]
    frames += [simulator.step(each.steering_angle, each.speed) for each in commands]
    poses = np.array([(*frame.position[:2], frame.yaw) for frame in frames])
    poses[:, 2] = np.unwrap(poses[:, 2])
    return poses


def structural_similarity(
    first: NDArray[np.uint8], second: NDArray[np.uint8], area: NDArray[np.bool_] | None = None
) -> float:
    """Mean structural similarity of two pictures (Wang et al. 2004), at most 1.

    Args:
        first: uint8[H, W].
        second: likewise.
        area: bool[H, W], the pixels that count; all of them when None.
    """
    a, b = first.astype(np.float64), second.astype(np.float64)
    mean_a, mean_b = _around(a), _around(b)
    variance_a = _around(a * a) - mean_a**2
    variance_b = _around(b * b) - mean_b**2
    covariance = _around(a * b) - mean_a * mean_b
    c1, c2 = _STABILISERS
    similarity = ((2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2)) / (
        (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    )
    return float(similarity.mean() if area is None else similarity[area].mean())


def road_area(
    track: Track, mount: CameraMount, pose: tuple[float, float, float]
) -> NDArray[np.bool_]:
    """Which pixels show the road: their rays meet the ground between its borders.

    Args:
        track: the road.
        mount: of the camera.
        pose: of the car: x, y and yaw, metres and radians.

    Returns:
        bool[size, width].
    """
    rows, columns = np.indices((mount.size, mount.width))
    pixels = np.stack((columns, rows, np.ones_like(rows)), axis=-1)
    ahead, left, falls = np.moveaxis(pixels @ ground_points(mount).T, -1, 0)
    area = falls > 0.0
    ahead, left = ahead[area] / falls[area], left[area] / falls[area]
    x, y, yaw = pose
    c, s = cos(yaw), sin(yaw)
    area[area] = track.contains(
        np.column_stack((x + c * ahead - s * left, y + s * ahead + c * left))
    )
    return area


def gap(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float]:
    """Metres and radians between the last poses of two drives."""
    away = first[-1] - second[-1]
    return sqrt(float(away[0] ** 2 + away[1] ** 2)), abs(float(away[2]))


def _around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian mean of the neighbourhood of each pixel, 11 pixels wide."""
    return cv2.GaussianBlur(values, (11, 11), _SIGMA)
