"""The observation node: what the sensors measure, as the network is to see it."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.observation import preprocess, preprocess_scan, preprocess_stereo
from deepracer_core.parameters import parameter
from deepracer_core.sensors import FRONT_FACING_CAMERA, LIDAR_SENSORS, STEREO_CAMERAS
from deepracer_core.telemetry.identity import WorkerIdentity
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image, LaserScan

from deepracer_nodes import messages, topics
from deepracer_nodes.parameters import NODE_OPTIONS, declare
from deepracer_nodes.process import run


@dataclass(frozen=True)
class ObservationParameters(WorkerIdentity):
    """What the launch file tells the observation node."""

    model_metadata: str = parameter("", "path of model_metadata.json")


class Observation(Node):
    """Turns what each sensor measures into its part of the observation, with the same stamp."""

    def __init__(self, **options) -> None:
        super().__init__("observation", **NODE_OPTIONS, **options)
        self.parameters = declare(self, ObservationParameters)
        self._parts: dict[str, Publisher] = {}
        # The newest image of each of two eyes, until there are both of a frame.
        self._eyes: dict[str, Image] = {}

    def start(self, sensors: Iterable[str]) -> None:
        """Observe with these sensors from now on."""
        for sensor in sensors:
            self._parts[sensor] = topics.OBSERVATIONS[sensor].publish_from(self)
            if sensor == FRONT_FACING_CAMERA:
                topics.CAMERA.subscribe_on(self, self._on_image)
            elif sensor == STEREO_CAMERAS:
                topics.CAMERA_LEFT.subscribe_on(self, partial(self._on_eye, "left"))
                topics.CAMERA_RIGHT.subscribe_on(self, partial(self._on_eye, "right"))
            elif sensor in LIDAR_SENSORS:
                topics.SCAN.subscribe_on(self, partial(self._on_scan, sensor))

    def _on_image(self, message: Image) -> None:
        part = preprocess(messages.from_image(message))
        self._publish(FRONT_FACING_CAMERA, part, message)

    def _on_eye(self, side: str, message: Image) -> None:
        self._eyes[side] = message
        eyes = [self._eyes.get(each) for each in ("left", "right")]
        if None in eyes or eyes[0].header.stamp != eyes[1].header.stamp:
            return
        self._eyes.clear()
        self._publish(STEREO_CAMERAS, preprocess_stereo(*map(messages.from_image, eyes)), message)

    def _on_scan(self, sensor: str, message: LaserScan) -> None:
        self._publish(sensor, preprocess_scan(sensor, messages.from_scan(message)), message)

    def _publish(self, sensor: str, part: NDArray, seen: Image | LaserScan) -> None:
        time_ns = messages.from_stamp(seen.header.stamp)
        self._parts[sensor].publish(messages.to_observation(sensor, part, time_ns))


def _start(node: Observation) -> None:
    node.start(load_model_metadata(node.parameters.model_metadata).sensors)


def main() -> None:
    """Run the observation node until it is told to stop."""
    sys.exit(run("observation", Observation, _start))


if __name__ == "__main__":
    main()
