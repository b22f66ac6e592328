"""Stacks of camera frames, so that one observation shows what moves (hyperparameter stack_size)."""

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepracer_core.observation import Observation
from deepracer_core.sensors import CAMERA_SENSORS, STEREO_CAMERAS


def join_frames(frames: Sequence[NDArray[Any]], sensor: str) -> NDArray[Any]:
    """Frames of a camera as the channels of one picture.

    Args:
        frames: uint8[..., H, W], or uint8[..., H, W, 2] of stereo cameras; the oldest first.
        sensor: which of CAMERA_SENSORS.

    Returns:
        uint8[..., H, W, C], C the channels of all frames.
    """
    if sensor == STEREO_CAMERAS:
        return np.concatenate(frames, axis=-1)
    return np.stack(frames, axis=-1)


def stacked_shape(sensor: str, shape: tuple[int, ...], stack_size: int) -> tuple[int, ...]:
    """Shape of a sensor's part of an observation, stacked, from that of one frame."""
    if stack_size == 1 or sensor not in CAMERA_SENSORS:
        return shape
    channels = shape[2] if sensor == STEREO_CAMERAS else 1
    return (*shape[:2], channels * stack_size)


class FrameStack:
    """The newest frames of an episode. Before its first one lie copies of that.

    A lidar is not stacked: of it, the newest scan is all that is told.

    Args:
        size: frames in one observation.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._frames: deque[Observation] = deque(maxlen=size)

    def add(self, observation: Observation) -> Observation:
        """Take in the next frame; the stack with it as the newest, what the policy acts on."""
        if self._size == 1:
            return observation
        self._frames.extend([observation] * (1 if self._frames else self._size))
        return {
            sensor: join_frames([frame[sensor] for frame in self._frames], sensor)
            if sensor in CAMERA_SENSORS
            else newest
            for sensor, newest in observation.items()
        }
