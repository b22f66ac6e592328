"""A node for test_process.py: whose simulator ends at once."""

import sys

from deepracer_gazebo.client import SimulatorError
from deepracer_nodes.process import run
from rclpy.node import Node


class LosesItsSimulator(Node):
    def __init__(self):
        super().__init__("loses_its_simulator")
        self.create_timer(0.01, self.lose)

    def lose(self):
        print("lost", flush=True)
        raise SimulatorError("the simulator has gone away")


sys.exit(run("loses_its_simulator", LosesItsSimulator, lambda _: None))
