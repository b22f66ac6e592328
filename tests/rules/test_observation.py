import numpy as np
import pytest
from deepracer_core.observation import (
    observation_dtype,
    observation_shapes,
    preprocess,
    preprocess_scan,
    preprocess_stereo,
)
from deepracer_core.sensors import LIDAR_SENSORS, SENSORS


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


def test_stereo_is_left_and_right():
    left, right = np.random.default_rng(0).integers(0, 256, (2, 120, 160, 3), dtype=np.uint8)
    pair = preprocess_stereo(left, right)
    np.testing.assert_array_equal(pair[..., 0], preprocess(left))
    np.testing.assert_array_equal(pair[..., 1], preprocess(right))


def scan(**distances):
    """Nothing around but, at some rays, something at a distance."""
    ranges = np.full(64, np.inf, np.float32)
    for ray, distance in distances.items():
        ranges[int(ray[1:])] = distance
    return ranges


def test_a_lidar_tells_distances_within_its_range():
    distances = preprocess_scan("LIDAR", scan(_0=0.05, _1=3.5, _2=40.0))
    np.testing.assert_allclose(distances[:4], [0.15, 3.5, 12.0, 12.0])


def test_a_sector_is_one_when_something_in_it_is_near():
    sectors = preprocess_scan("SECTOR_LIDAR", scan(_0=0.4, _15=0.49, _16=0.5, _63=0.2, _62=9.0))
    assert sectors.tolist() == [1, 1, 0, 0, 0, 0, 0, 1]


def test_a_discretized_sector_tells_how_far_its_nearest_thing_is():
    seen = preprocess_scan(
        "DISCRETIZED_SECTOR_LIDAR", scan(_0=0.1, _7=1.0, _8=0.3, _16=1.99, _24=2.0, _33=0.5)
    ).reshape(8, 8)
    assert [row.nonzero()[0].tolist() for row in seen] == [[0], [1], [7], [], [2], [], [], []]


@pytest.mark.parametrize("sensor", LIDAR_SENSORS)
def test_every_lidar_observation_has_its_shape(sensor):
    observation = preprocess_scan(sensor, np.linspace(0.0, 13.0, 64))
    assert observation.shape == observation_shapes([sensor])[sensor]
    assert observation.dtype == observation_dtype(sensor)


def test_shapes_are_in_the_order_of_the_sensors():
    shapes = observation_shapes(SENSORS)
    assert tuple(shapes) == SENSORS
    assert list(shapes.values()) == [(120, 160), (120, 160, 2), (64,), (8,), (64,)]


@pytest.mark.parametrize("ranges", [np.ones(63), np.full(64, np.nan)])
def test_what_is_no_scan_is_refused(ranges):
    with pytest.raises(ValueError, match="expected 64 distances"):
        preprocess_scan("LIDAR", ranges)
