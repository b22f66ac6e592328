"""What the sensors measure becomes their parts of the observation, with the same stamp."""

import numpy as np
import pytest
from deepracer_core.observation import preprocess, preprocess_scan
from deepracer_core.sensors import (
    FRONT_FACING_CAMERA,
    LIDAR,
    LIDAR_SENSORS,
    SECTOR_LIDAR,
    STEREO_CAMERAS,
)
from deepracer_core.simulation import frame_time_ns
from deepracer_nodes.observation import Observation

from deepracer_nodes import messages, topics

RNG = np.random.default_rng(2)


def picture(width: int = 160, height: int = 120) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)


class Car:
    """Says what the bridge would say of a car with these sensors, and hears what becomes of it."""

    def __init__(self, graph, *sensors: str) -> None:
        self._graph = graph
        self.heard: dict[str, list] = {sensor: [] for sensor in sensors}
        for sensor in sensors:
            topics.OBSERVATIONS[sensor].subscribe_on(graph.probe, self._keeper(sensor))
        seen = (*topics.CAMERAS.items(), ("scan", topics.SCAN))
        self._publishers = {name: topic.publish_from(graph.probe) for name, topic in seen}
        graph.add(Observation).start(sensors)
        needed = {
            name
            for sensor in sensors
            for name in {FRONT_FACING_CAMERA: ("front",), STEREO_CAMERAS: ("left", "right")}.get(
                sensor, ("scan",)
            )
        }
        graph.spin_until(
            lambda: all(self._publishers[name].get_subscription_count() for name in needed)
        )

    def see(self, step: int, camera: str, image: np.ndarray) -> None:
        self._publishers[camera].publish(messages.to_image(frame_time_ns(step), camera, image))

    def measure(self, step: int, ranges: np.ndarray) -> None:
        self._publishers["scan"].publish(messages.to_scan(frame_time_ns(step), ranges))

    def wait_for(self, sensor: str, count: int) -> list:
        self._graph.spin_until(lambda: len(self.heard[sensor]) >= count)
        return self.heard[sensor]

    def _keeper(self, sensor: str):
        return lambda message: self.heard[sensor].append(messages.from_observation(sensor, message))


@pytest.mark.parametrize("size", [(160, 120), (320, 240), (640, 480)])
def test_the_front_camera_of_any_size_becomes_luma_of_one_size(graph, size):
    car = Car(graph, FRONT_FACING_CAMERA)
    image = picture(*size)
    car.see(3, "front", image)
    ((time_ns, part),) = car.wait_for(FRONT_FACING_CAMERA, 1)
    assert time_ns == frame_time_ns(3)
    assert part.shape == (120, 160)
    np.testing.assert_array_equal(part, preprocess(image))


def test_two_images_of_one_frame_become_one_observation(graph):
    car = Car(graph, STEREO_CAMERAS)
    left, right = picture(), picture()
    # One eye of a frame is lost: the other does not wait for an image of another frame.
    car.see(1, "left", left)
    car.see(2, "right", right)
    car.see(2, "left", left)
    ((time_ns, part),) = car.wait_for(STEREO_CAMERAS, 1)
    assert time_ns == frame_time_ns(2)
    assert part.shape == (120, 160, 2)
    np.testing.assert_array_equal(part[..., 0], preprocess(left))
    np.testing.assert_array_equal(part[..., 1], preprocess(right))


@pytest.mark.parametrize("sensor", LIDAR_SENSORS)
def test_a_scan_becomes_what_the_sensor_tells_of_it(graph, sensor):
    car = Car(graph, sensor)
    ranges = RNG.uniform(0.2, 3.0, 64).astype(np.float32)
    ranges[:8] = np.inf
    car.measure(5, ranges)
    ((time_ns, part),) = car.wait_for(sensor, 1)
    assert time_ns == frame_time_ns(5)
    np.testing.assert_array_equal(part, preprocess_scan(sensor, ranges))
    assert part.max() == {LIDAR: 12.0}.get(sensor, 1.0)


def test_several_sensors_have_a_topic_each(graph):
    car = Car(graph, SECTOR_LIDAR, STEREO_CAMERAS, FRONT_FACING_CAMERA)
    for camera in ("front", "left", "right"):
        car.see(1, camera, picture())
    car.measure(1, np.full(64, 0.2, np.float32))
    shapes = {sensor: car.wait_for(sensor, 1)[0][1].shape for sensor in car.heard}
    assert shapes == {
        SECTOR_LIDAR: (8,),
        STEREO_CAMERAS: (120, 160, 2),
        FRONT_FACING_CAMERA: (120, 160),
    }
