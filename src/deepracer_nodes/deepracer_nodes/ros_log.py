"""What a node's process logs, through the node's own logger: on the screen and on /rosout."""

import logging

from deepracer_core.telemetry.log import PlainFormatter
from rclpy.node import Node


class RosLog(logging.Handler):
    """Hands events on to ROS.

    Args:
        node: whose logger they go through.
    """

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.setFormatter(PlainFormatter("%(message)s"))
        self._logger = node.get_logger()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand an event on; rclpy wants each severity to come from a line of its own."""
        text = self.format(record)
        if record.levelno >= logging.CRITICAL:
            self._logger.fatal(text)
        elif record.levelno >= logging.ERROR:
            self._logger.error(text)
        elif record.levelno >= logging.WARNING:
            self._logger.warning(text)
        elif record.levelno >= logging.INFO:
            self._logger.info(text)
        else:
            self._logger.debug(text)
