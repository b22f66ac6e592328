"""Stand-in for ROS 2's cv_bridge: pixels of a sensor_msgs/Image as a NumPy array, and back.

It has the encodings rgb8, bgr8, mono8 and 8UC2, without a copy where none is needed. Written from
the documentation of vision_opencv's cv_bridge; another encoding is an error that names it.
"""

import numpy as np
from sensor_msgs.msg import Image

__all__ = ["CvBridge", "CvBridgeError"]

_CHANNELS = {"rgb8": 3, "bgr8": 3, "mono8": 1, "8UC2": 2}


class CvBridgeError(TypeError):
    """An image and an encoding that do not fit."""


class CvBridge:
    """Turns image messages into arrays and arrays into image messages."""

    def imgmsg_to_cv2(self, img_msg, desired_encoding="passthrough"):
        """View a message's pixels as an array; rgb8 and bgr8 are exchanged on demand.

        Args:
            img_msg: sensor_msgs/Image in rgb8, bgr8, mono8 or 8UC2.
            desired_encoding: one of these, or "passthrough" for the message's own.

        Returns:
            uint8[H, W, 3], uint8[H, W] for mono8 or uint8[H, W, 2] for 8UC2: a view of the
            message's data unless the channels had to be exchanged.

        Raises:
            CvBridgeError: another encoding, another conversion, or data of another size.
        """
        channels = _channels(img_msg.encoding)
        row = img_msg.width * channels
        if img_msg.step < row or len(img_msg.data) != img_msg.step * img_msg.height:
            raise CvBridgeError(
                f"image {img_msg.width}x{img_msg.height} {img_msg.encoding}, step {img_msg.step}:"
                f" expected {row * img_msg.height} bytes or padded rows, got {len(img_msg.data)}"
            )
        rows = np.frombuffer(img_msg.data, dtype=np.uint8).reshape(img_msg.height, img_msg.step)
        pixels = rows[:, :row]
        if channels > 1:
            pixels = pixels.reshape(img_msg.height, img_msg.width, channels)
        if desired_encoding in ("passthrough", img_msg.encoding):
            return pixels
        if channels == 3 and _channels(desired_encoding) == 3:
            return np.ascontiguousarray(pixels[:, :, ::-1])
        raise CvBridgeError(
            f"conversion from {img_msg.encoding} to {desired_encoding}: the stand-in for cv_bridge"
            " does not have it; it only exchanges rgb8 and bgr8"
        )

    def cv2_to_imgmsg(self, cvim, encoding="passthrough", header=None):
        """Make a message of an array.

        Args:
            cvim: uint8[H, W, 3], uint8[H, W] for mono8 or uint8[H, W, 2] for 8UC2.
            encoding: rgb8, bgr8, mono8 or 8UC2.
            header: std_msgs/Header for the message, an empty one if None.

        Returns:
            sensor_msgs/Image that holds a copy of the pixels.

        Raises:
            TypeError: not an array.
            CvBridgeError: another encoding, or an array that does not fit it.
        """
        if not isinstance(cvim, np.ndarray):
            raise TypeError(f"expected a NumPy array, got {type(cvim).__name__}")
        channels = _channels(encoding)
        shape = "[H, W]" if channels == 1 else f"[H, W, {channels}]"
        fits = cvim.ndim == 2 if channels == 1 else cvim.ndim == 3 and cvim.shape[2] == channels
        if cvim.dtype != np.uint8 or not fits:
            raise CvBridgeError(
                f"encoding {encoding}: expected uint8{shape}, got {cvim.dtype}{list(cvim.shape)}"
            )
        message = Image() if header is None else Image(header=header)
        message.height, message.width = cvim.shape[:2]
        message.encoding = encoding
        message.step = cvim.shape[1] * channels
        # Extended in place: assigning bytes would check each of them by itself.
        message.data.frombytes(np.ascontiguousarray(cvim).data.cast("B"))
        return message


def _channels(encoding: str) -> int:
    if encoding not in _CHANNELS:
        raise CvBridgeError(
            f"encoding {encoding!r}: the stand-in for cv_bridge does not have it; it has"
            f" {', '.join(_CHANNELS)}"
        )
    return _CHANNELS[encoding]
