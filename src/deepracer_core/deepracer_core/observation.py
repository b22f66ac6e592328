"""From the camera's picture to what the network sees."""

import cv2
import numpy as np
from numpy.typing import NDArray

OBSERVATION_SIZE = (160, 120)
"""Width and height of an observation, pixels."""


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
