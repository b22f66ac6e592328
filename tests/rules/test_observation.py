import numpy as np
import pytest
from deepracer_core.observation import preprocess


def luma(rgb):
    return rgb.astype(np.float64) @ [0.299, 0.587, 0.114]


def test_every_pixel_is_its_luma():
    rgb = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    observation = preprocess(rgb)
    assert observation.dtype == np.uint8
    assert observation.shape == (120, 160)
    # Rounded to the nearest integer, but for the last bits of its fixed-point weights.
    assert np.abs(observation - luma(rgb)).max() < 0.52


@pytest.mark.parametrize("color", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255,) * 3, (0,) * 3])
def test_plain_colours(color):
    rgb = np.full((120, 160, 3), color, np.uint8)
    assert set(np.unique(preprocess(rgb))) == {round(luma(np.array(color)))}


def test_a_larger_picture_is_resized():
    rgb = np.zeros((480, 640, 3), np.uint8)
    rgb[:, 320:] = 200
    observation = preprocess(rgb)
    assert observation.shape == (120, 160)
    assert (observation[:, :79] == 0).all()
    assert (observation[:, 81:] == 200).all()
    assert preprocess(rgb, (80, 60)).shape == (60, 80)


def test_the_picture_is_left_as_it_was():
    rgb = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    rgb.flags.writeable = False
    before = rgb.copy()
    preprocess(rgb)
    np.testing.assert_array_equal(rgb, before)


@pytest.mark.parametrize(
    "picture",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)],
)
def test_what_is_no_picture_is_refused(picture):
    with pytest.raises(ValueError, match="expected uint8"):
        preprocess(picture)
