"""From what the sensors measure to what the network sees."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from deepracer_core.sensors import (
    CAMERA_SENSORS,
    DISCRETIZED_BINS,
    DISCRETIZED_CLIPPING_DISTANCE,
    DISCRETIZED_SECTOR_LIDAR,
    FRONT_FACING_CAMERA,
    LIDAR,
    LIDAR_RANGE,
    LIDAR_RAYS,
    LIDAR_SECTORS,
    SECTOR_CLIPPING_DISTANCE,
    SECTOR_LIDAR,
    STEREO_CAMERAS,
)

Observation: TypeAlias = Mapping[str, NDArray[Any]]
"""One array for each sensor of a car, by its public name, in the order of model_metadata.json."""

OBSERVATION_SIZE = (160, 120)
"""Width and height of an observation, pixels."""

_IMAGE_SHAPE = (OBSERVATION_SIZE[1], OBSERVATION_SIZE[0])
_SHAPES: dict[str, tuple[int, ...]] = {
    FRONT_FACING_CAMERA: _IMAGE_SHAPE,
    STEREO_CAMERAS: (*_IMAGE_SHAPE, 2),
    LIDAR: (LIDAR_RAYS,),
    SECTOR_LIDAR: (LIDAR_SECTORS,),
    DISCRETIZED_SECTOR_LIDAR: (LIDAR_SECTORS * DISCRETIZED_BINS,),
}


def observation_shapes(sensors: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Shape of what each of these sensors puts into an observation."""
    return {sensor: _SHAPES[sensor] for sensor in sensors}


def observation_dtype(sensor: str) -> np.dtype[Any]:
    """What a sensor's array is made of: uint8 for a camera, float32 for a lidar."""
    return np.dtype(np.uint8 if sensor in CAMERA_SENSORS else np.float32)


def preprocess(
    rgb: NDArray[np.uint8], size: tuple[int, int] = OBSERVATION_SIZE
) -> NDArray[np.uint8]:
    """The luma of a picture, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.

    A picture of another size is resized (bilinear); it costs nothing when the camera renders at
    the size that the network needs.

    Args:
        rgb: uint8[H, W, 3].
        size: width and height of the result, pixels.

    Returns:
        uint8[height, width].

    Raises:
        ValueError: it is no such picture.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"picture: expected uint8[H, W, 3], got {rgb.dtype}{list(rgb.shape)}")
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if (rgb.shape[1], rgb.shape[0]) != size:
        luma = cv2.resize(luma, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(luma, dtype=np.uint8)


def preprocess_stereo(
    left: NDArray[np.uint8], right: NDArray[np.uint8], size: tuple[int, int] = OBSERVATION_SIZE
) -> NDArray[np.uint8]:
    """Two pictures, uint8[H, W, 3] each, as the two channels of one: uint8[height, width, 2].

    Raises:
        ValueError: see `preprocess`.
    """
    return np.stack([preprocess(left, size), preprocess(right, size)], axis=-1)


def preprocess_scan(sensor: str, ranges: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """What one of the lidar sensors tells of a scan.

    LIDAR: the distances, metres. SECTOR_LIDAR: for each sector 1 if something in it is nearer than
    `SECTOR_CLIPPING_DISTANCE`, else 0. DISCRETIZED_SECTOR_LIDAR: for each sector a one at the
    distance, of `DISCRETIZED_BINS` equal ones, at which the nearest thing in it is; zeros only if
    that is `DISCRETIZED_CLIPPING_DISTANCE` away or more.

    Args:
        sensor: one of LIDAR_SENSORS.
        ranges: float[64], metres, from the right to the left; inf where there is nothing.

    Returns:
        float32[64], float32[8] or float32[64] (sector by sector).

    Raises:
        ValueError: it is no such scan.
    """
    if ranges.shape != (LIDAR_RAYS,) or np.isnan(ranges).any():
        raise ValueError(
            f"scan: expected {LIDAR_RAYS} distances, got {ranges.dtype}{list(ranges.shape)} "
            f"with {np.isnan(ranges).sum()} that are no numbers"
        )
    distances = np.asarray(np.clip(ranges, *LIDAR_RANGE), np.float32)
    if sensor == LIDAR:
        return distances
    nearest = distances.reshape(LIDAR_SECTORS, -1).min(axis=1)
    if sensor == SECTOR_LIDAR:
        return np.asarray(nearest < SECTOR_CLIPPING_DISTANCE, np.float32)
    bins = np.floor(nearest * (DISCRETIZED_BINS / DISCRETIZED_CLIPPING_DISTANCE))
    return np.asarray(bins[:, np.newaxis] == np.arange(DISCRETIZED_BINS), np.float32).ravel()
