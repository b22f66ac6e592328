"""How every node's process begins and ends."""

import contextlib
import logging
import signal
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

import rclpy
from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.errors import ConfigurationError
from deepracer_core.lite_policy import PolicyError
from deepracer_core.model_store import StoreError
from deepracer_core.redis_connection import RedisUnavailable
from deepracer_core.reward import RewardError
from deepracer_core.rollout import ResetError
from deepracer_core.telemetry.identity import WorkerIdentity, identify_worker
from deepracer_core.telemetry.log import show_events, start_log
from deepracer_gazebo.client import SimulatorError
from rclpy._rclpy_pybind11 import RCLError
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future

from deepracer_nodes.executor import MessageExecutor
from deepracer_nodes.ros_log import RosLog

FAULTS = (PolicyError, RedisUnavailable, ResetError, SimulatorError, StoreError)
"""Faults outside this program; each message says what to do, so no traceback is shown."""

AnyNode = TypeVar("AnyNode", bound=Node)

_LOG = logging.getLogger(__name__)


_SIGNAL_PATIENCE_S = 1.0
"""Seconds in which a signal comes, where another process of the worker had it before."""


class Interruption:
    """What a signal to end does: it breaks off whatever a node waits for while it starts.

    A node that spins is ended by rclpy's own handler, which calls this one. An exception would come
    up inside rclpy, in the middle of a message, where it turns into another error or is lost.

    Attributes:
        starting: whether a signal raises KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self.starting = True
        self._told = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._interrupt)

    def _interrupt(self, number: int, _: FrameType | None) -> None:
        # The SIGTERM that follows an unheard signal ends a callback that waits for something.
        if self.starting or (self._told and number == signal.SIGTERM):
            raise KeyboardInterrupt
        self._told = True

    def ignore(self) -> None:
        """Let no second signal, from the terminal and from the launch, break off the end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


def run(name: str, create_node: Callable[[], AnyNode], start: Callable[[AnyNode], None]) -> int:
    """Initialise ROS, spin one node until it is told to stop, and shut down once.

    What it logs goes through the node's logger, to /rosout too, or to standard error as JSON.

    A node that finishes by itself has a `finished` future, whose result is the exit code.

    Args:
        name: of the program, in its log.
        create_node: called when ROS is up; declares parameters, topics and timers, no more.
        start: opens what the node's parameters name and hands it in; it may raise
            ConfigurationError.

    Returns:
        The process's exit code: 0 after a requested stop, 1 after a fault outside this program, 2
        when the configuration is unusable, the user's reward function included.
    """
    die_with_parent()
    interruption = Interruption()
    rclpy.init()
    node = console = None
    try:
        settings = start_log(name)
        node = create_node()
        given = getattr(node, "parameters", None)
        if isinstance(given, WorkerIdentity):
            identify_worker(given)
        if not settings.is_json:
            console = show_events(RosLog(node))
        start(node)
        interruption.starting = False
        finished: Future | None = getattr(node, "finished", None)
        executor = MessageExecutor()
        if finished is None:
            rclpy.spin(node, executor)
            return 0
        rclpy.spin_until_future_complete(node, finished, executor)
        return int(finished.result() or 0)
    except (ConfigurationError, RewardError) as error:
        _LOG.error("%s", error)
        return 2
    except FAULTS as error:
        if _is_told_to_end():  # as all of the worker's processes are, Gazebo among them
            return 0
        _LOG.error("%s", error)
        return 1
    except RCLError:
        if rclpy.ok():
            raise
        return 0  # a callback was publishing when the signal shut its context down
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    finally:
        interruption.ignore()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
        if console is not None:
            show_events(console)


def _is_told_to_end() -> bool:
    """Whether a signal has shut rclpy down, or does in a moment."""
    if rclpy.ok():
        # It has nothing to do but to be woken. The signal may come while it is being made, too.
        with contextlib.suppress(ExternalShutdownException, RCLError):
            SingleThreadedExecutor().spin_once(timeout_sec=_SIGNAL_PATIENCE_S)
    return not rclpy.ok()
