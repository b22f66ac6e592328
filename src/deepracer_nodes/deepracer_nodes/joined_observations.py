"""Hearing whole observations: each sensor has a topic of its own, a frame's parts are joined."""

from collections.abc import Callable, Iterable
from functools import partial

from deepracer_core.observation import Observation
from deepracer_core.observation_parts import ObservationParts
from rclpy.node import Node

from deepracer_nodes import messages, topics


def subscribe_on_observations(
    node: Node, sensors: Iterable[str], callback: Callable[[int, Observation], None]
) -> None:
    """Subscribe a node to what a car's sensors see.

    Args:
        node: the node.
        sensors: their public names.
        callback: takes the time of a frame, nanoseconds, and its observation when it is complete.
    """
    parts = ObservationParts(sensors)

    def join(sensor: str, message) -> None:
        time_ns, array = messages.from_observation(sensor, message)
        observation = parts.add(time_ns, sensor, array)
        if observation is not None:
            callback(time_ns, observation)

    for sensor in sensors:
        topics.OBSERVATIONS[sensor].subscribe_on(node, partial(join, sensor))
