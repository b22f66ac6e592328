"""Stacks of camera frames, from frames that are kept once each."""

from typing import Any

import numpy as np
from deepracer_core.frame_stack import join_frames
from deepracer_core.sensors import CAMERA_SENSORS
from numpy.typing import NDArray


def stacked(
    sensor: str, frames: NDArray[Any], rows: NDArray[np.int64], stack_size: int
) -> NDArray[Any]:
    """What the network sees of a sensor in some rows.

    Args:
        sensor: whose frames these are.
        frames: [M, ...], a ring: row number n is at n % M.
        rows: int[B], of the newest frame of each stack; those before it lie in the rows before.
        stack_size: camera frames in one observation.

    Returns:
        [B, H, W, C * stack_size] of a camera, oldest frame first; [B, ...] of a lidar, or of a
        camera where a stack is one frame.
    """
    if stack_size == 1 or sensor not in CAMERA_SENSORS:
        return frames[rows % len(frames)]
    first = 1 - stack_size
    return join_frames([frames[(rows + back) % len(frames)] for back in range(first, 1)], sensor)
