"""The observation node: what the camera sees, as the network is to see it."""

import sys

from cv_bridge import CvBridge
from deepracer_core.observation import preprocess
from rclpy.node import Node
from sensor_msgs.msg import Image

from deepracer_nodes import topics
from deepracer_nodes.process import run


class Observation(Node):
    """Turns each camera image into an observation with the same stamp."""

    def __init__(self, **options) -> None:
        super().__init__("observation", **options)
        self._pixels = CvBridge()
        self._observation = topics.OBSERVATION.publish_from(self)
        topics.CAMERA.subscribe_on(self, self._on_image)

    def _on_image(self, message: Image) -> None:
        rgb = self._pixels.imgmsg_to_cv2(message, desired_encoding="rgb8")
        observation = self._pixels.cv2_to_imgmsg(preprocess(rgb), encoding="mono8")
        observation.header = message.header
        self._observation.publish(observation)


def main() -> None:
    """Run the observation node until it is told to stop."""
    sys.exit(run(Observation, start=lambda node: None))


if __name__ == "__main__":
    main()
