"""Counts the messages of a running graph: `python -m deepracer.graph_rates`, until it is stopped.

A process of its own, so that the command line needs no ROS and its environment stays as it is.
Each second one line of JSON goes to standard output: for each topic `{"count", "seconds"}`, counted
since the topic's first message (of the topics of several sensors for the one that is heard first,
under `observation`), and under `clock` the simulated seconds that passed meanwhile.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass

import rclpy
from deepracer_core.die_with_parent import die_with_parent
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile

from deepracer_nodes import topics

COUNTED = {
    "odom": (topics.ODOMETRY,),
    "observation": (topics.OBSERVATION, topics.OBSERVATION_STEREO, topics.OBSERVATION_LIDAR),
    "drive": (topics.DRIVE,),
    "episode": (topics.EPISODE,),
}
"""What each of the four nodes says reliably of every frame; which sensors a car has is up to it."""

_BACKLOG = 100


@dataclass(slots=True)
class Count:
    """How many messages came after the first one, in how many seconds."""

    count: int = -1
    seconds: float = 0.0
    first: float = 0.0

    def add(self, now: float) -> None:
        """Count a message that came at `now`, seconds of any clock."""
        if self.count < 0:
            self.first = now
        self.count += 1
        self.seconds = now - self.first


class GraphRates(Node):
    """Listens to everything that a frame causes."""

    def __init__(self) -> None:
        super().__init__("graph_rates")
        self._counts = {name: Count() for name in COUNTED}
        self._heard: dict[str, str] = {}
        self._simulated = Count()
        for name, alternatives in COUNTED.items():
            for topic in alternatives:
                counter = self._counter(name, topic.name)
                # Raw: an image need not be unpacked to be counted.
                self.create_subscription(
                    topic.message, topic.name, counter, _patient(topic.qos), raw=True
                )
        topics.CLOCK.subscribe_on(self, self._on_clock)
        self.create_timer(1.0, self._print)

    def _counter(self, name: str, topic: str):
        def count(message: bytes) -> None:
            if self._heard.setdefault(name, topic) == topic:
                self._counts[name].add(time.monotonic())

        return count

    def _on_clock(self, message: topics.Clock) -> None:
        self._simulated.add(message.clock.sec + message.clock.nanosec * 1e-9)

    def _print(self) -> None:
        rates = {name: asdict(count) for name, count in self._counts.items()}
        rates["clock"] = asdict(self._simulated)
        print(json.dumps(rates), flush=True)


def _patient(qos: QoSProfile) -> QoSProfile:
    """The same guarantees, but a late listener still counts what came meanwhile."""
    return QoSProfile(depth=_BACKLOG, reliability=qos.reliability, durability=qos.durability)


def main() -> None:
    """Count until SIGINT or SIGTERM."""
    die_with_parent()
    rclpy.init()
    node = GraphRates()
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        sys.exit(0)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
