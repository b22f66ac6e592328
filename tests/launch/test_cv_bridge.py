"""The conversions of cv_bridge that the nodes use."""

import numpy as np
import pytest
from cv_bridge import CvBridge, CvBridgeError
from sensor_msgs.msg import Image

IMAGE = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)


def test_message_of_an_image():
    message = CvBridge().cv2_to_imgmsg(IMAGE, encoding="rgb8")
    assert (message.height, message.width, message.step) == (3, 5, 15)
    assert (message.encoding, message.is_bigendian) == ("rgb8", 0)
    assert bytes(message.data) == IMAGE.tobytes()


@pytest.mark.parametrize(
    ("image", "encoding"),
    [
        (IMAGE, "rgb8"),
        (IMAGE, "bgr8"),
        (IMAGE[:, :, 1], "mono8"),
        (IMAGE[:, :, :2], "8UC2"),
        (IMAGE[::2, ::-1], "rgb8"),
    ],
)
def test_there_and_back(image, encoding):
    message = CvBridge().cv2_to_imgmsg(image, encoding=encoding)
    for desired in (encoding, "passthrough"):
        back = CvBridge().imgmsg_to_cv2(message, desired_encoding=desired)
        assert back.dtype == np.uint8
        np.testing.assert_array_equal(back, image)


def test_colours_are_exchanged():
    message = CvBridge().cv2_to_imgmsg(IMAGE, encoding="rgb8")
    back = CvBridge().imgmsg_to_cv2(message, desired_encoding="bgr8")
    np.testing.assert_array_equal(back, IMAGE[:, :, ::-1])


def test_message_owns_its_pixels():
    image = IMAGE.copy()
    message = CvBridge().cv2_to_imgmsg(image, encoding="rgb8")
    image[:] = 0
    np.testing.assert_array_equal(CvBridge().imgmsg_to_cv2(message), IMAGE)


def test_padded_rows():
    padded = np.zeros((3, 20), dtype=np.uint8)
    padded[:, :15] = IMAGE.reshape(3, 15)
    message = Image(height=3, width=5, step=20, encoding="rgb8", data=padded.tobytes())
    np.testing.assert_array_equal(CvBridge().imgmsg_to_cv2(message), IMAGE)


@pytest.mark.parametrize(
    ("image", "encoding"),
    [
        (IMAGE, "mono8"),
        (IMAGE[:, :, 0], "rgb8"),
        (IMAGE, "8UC2"),
        (IMAGE.astype(np.float32), "rgb8"),
    ],
)
def test_image_that_does_not_fit_its_encoding(image, encoding):
    with pytest.raises(CvBridgeError):
        CvBridge().cv2_to_imgmsg(image, encoding=encoding)


def test_what_is_no_image():
    with pytest.raises(TypeError):
        CvBridge().cv2_to_imgmsg([[1, 2]], encoding="mono8")
