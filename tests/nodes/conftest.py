"""Nodes under test: real rclpy, a context and an executor of their own, no other process."""

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import rclpy
from deepracer_nodes.executor import MessageExecutor
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter

sys.path.insert(0, str(Path(__file__).parent))

DEADLINE_S = 20.0

_namespaces = itertools.count()


class Graph:
    """Some nodes that share an executor, in a namespace that no other test uses."""

    def __init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Begin anew, with one node `probe`."""
        self._context = Context()
        rclpy.init(context=self._context)
        self._executor = MessageExecutor(context=self._context)
        self._namespace = f"test_{os.getpid()}_{next(_namespaces)}"
        self.probe = self.add(Node, node_name="probe")

    def add(self, create: Callable[..., Node], node_name: str | None = None, **parameters) -> Node:
        """Create a node with these parameters and let the executor spin it."""
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        arguments = (node_name,) if node_name else ()
        node = create(
            *arguments,
            context=self._context,
            namespace=self._namespace,
            parameter_overrides=overrides,
        )
        self._executor.add_node(node)
        return node

    def spin_until(self, condition: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
        """Spin until a condition holds; fail at the deadline."""
        clock = self.probe.get_clock()
        end = clock.now().nanoseconds + int(deadline_s * 1e9)
        while not condition():
            assert clock.now().nanoseconds < end, "the deadline passed before it happened"
            self._executor.spin_once(timeout_sec=0.1)

    def spin_for(self, seconds: float) -> None:
        """Spin for so long."""
        clock = self.probe.get_clock()
        end = clock.now().nanoseconds + int(seconds * 1e9)
        while clock.now().nanoseconds < end:
            self._executor.spin_once(timeout_sec=0.1)

    def close(self) -> None:
        """Destroy the nodes and shut the context down."""
        for node in self._executor.get_nodes():
            node.destroy_node()
        self._executor.shutdown()
        rclpy.shutdown(context=self._context)


@pytest.fixture
def graph() -> Iterator[Graph]:
    """An empty graph with one node `probe` on it."""
    graph = Graph()
    yield graph
    graph.close()
