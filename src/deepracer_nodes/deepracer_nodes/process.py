"""How every node's process begins and ends."""

import sys
from collections.abc import Callable
from typing import TypeVar

import rclpy
from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.errors import ConfigurationError
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.task import Future

AnyNode = TypeVar("AnyNode", bound=Node)


def run(create_node: Callable[[], AnyNode], start: Callable[[AnyNode], None]) -> int:
    """Initialise ROS, spin one node until it is told to stop, and shut down once.

    A node that finishes by itself has a `finished` future, whose result is the exit code.

    Args:
        create_node: called when ROS is up; declares parameters, topics and timers, no more.
        start: opens what the node's parameters name and hands it in; it may raise
            ConfigurationError.

    Returns:
        The process's exit code: 0 after a requested stop, 2 when the configuration is unusable.
    """
    die_with_parent()
    rclpy.init()
    node = None
    try:
        node = create_node()
        start(node)
        finished: Future | None = getattr(node, "finished", None)
        if finished is None:
            rclpy.spin(node)
            return 0
        rclpy.spin_until_future_complete(node, finished)
        return int(finished.result() or 0)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
