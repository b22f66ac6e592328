"""A stack of frames shows the newest ones of its episode, as channels, the oldest first."""

import numpy as np
import pytest
from deepracer_core.frame_stack import FrameStack, stacked_shape

CAMERA, STEREO, LIDAR = "FRONT_FACING_CAMERA", "STEREO_CAMERAS", "LIDAR"


def frame(number):
    return {
        CAMERA: np.full((2, 3), number, np.uint8),
        STEREO: np.stack([np.full((2, 3), 10 * number + eye, np.uint8) for eye in (1, 2)], axis=-1),
        LIDAR: np.full(4, number, np.float32),
    }


def test_before_the_first_frame_lie_copies_of_it():
    stack = FrameStack(3)
    seen = [stack.add(frame(number)) for number in (5, 6, 7, 8)]
    assert [each[CAMERA][0, 0].tolist() for each in seen] == [
        [5, 5, 5],
        [5, 5, 6],
        [5, 6, 7],
        [6, 7, 8],
    ]


def test_both_eyes_are_stacked_and_a_lidar_is_not():
    stack = FrameStack(2)
    stack.add(frame(1))
    seen = stack.add(frame(2))
    assert seen[STEREO][0, 0].tolist() == [11, 12, 21, 22]
    assert seen[LIDAR].tolist() == [2.0] * 4


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_shapes_are_those_that_are_announced(size):
    stack = FrameStack(size)
    seen = stack.add(frame(1))
    for sensor, array in frame(1).items():
        assert seen[sensor].shape == stacked_shape(sensor, array.shape, size)
        assert seen[sensor].dtype == array.dtype


def test_a_stack_of_one_is_the_frame():
    one = frame(1)
    assert FrameStack(1).add(one) is one
