"""A node that publishes and hears as fast as it can, to be stopped by a signal in the middle."""

import sys

from deepracer_nodes.process import run
from rclpy.node import Node
from sensor_msgs.msg import Image


class TalksToItself(Node):
    """Answers each of its own images with the next."""

    def __init__(self) -> None:
        super().__init__("talks_to_itself")
        self._image = Image(data=bytes(1000))
        self._publisher = self.create_publisher(Image, "image", 1)
        self.create_subscription(Image, "image", self._answer, 1)
        self._timer = self.create_timer(0.001, self._publish)
        self._heard = 0

    def _publish(self) -> None:
        self._publisher.publish(self._image)

    def _answer(self, message: Image) -> None:
        self._heard += 1
        if self._heard == 100:
            print("busy", flush=True)
        self._publisher.publish(message)


if __name__ == "__main__":
    sys.exit(run("talks_to_itself", TalksToItself, lambda node: None))
