"""The executor of the nodes in the loop: one step is a dozen messages, and the next one waits."""

import contextlib
from collections.abc import Callable
from functools import partial

from rclpy._rclpy_pybind11 import InvalidHandle, WaitSet
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor, TimeoutException
from rclpy.node import Node
from rclpy.subscription import Subscription
from rclpy.task import Future
from rclpy.utilities import timeout_sec_to_nsec
from rclpy.waitable import NumberOfEntities, Waitable


class MessageExecutor(SingleThreadedExecutor):
    """rclpy's executor, except that it hands messages to their callbacks by itself.

    For each message rclpy makes a wait set of all that a node has, and one more when the callback
    is done, in Python. Here there is one for as long as the nodes have the same; what is no message
    (timers, services, tasks, events) is left to rclpy.

    A round takes one message of each subscription that has any, in the order in which they were
    created, as rclpy does. Callbacks of subscriptions are functions, not coroutines, and take the
    message alone; guard conditions of the nodes' own are not waited for.
    """

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context=context)
        self._wait_set: WaitSet | None = None
        # One for each entity: adds it to the wait set.
        self._fill: list[Callable[[], object]] = []
        self._subscriptions: list[Subscription] = []
        self._waitables: list[Waitable] = []

    def wake(self) -> None:
        """Look again at what the nodes have: they call this when it changes."""
        self._wait_set = None
        super().wake()

    def add_node(self, node: Node) -> bool:
        """Execute this node's callbacks, too."""
        self._wait_set = None
        return super().add_node(node)

    def remove_node(self, node: Node) -> None:
        """Execute this node's callbacks no more."""
        self._wait_set = None
        super().remove_node(node)

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Wait until something is ready, this many seconds at most, and do all that is.

        Raises:
            ExternalShutdownException: ROS was shut down, as it is by a signal.
        """
        self._refuse_after_the_end()
        wait_set = self._wait_set or self._create_wait_set()
        wait_set.clear_entities()
        for add in self._fill:
            add()
        wait_set.wait(timeout_sec_to_nsec(timeout_sec))
        self._refuse_after_the_end()
        with_message = wait_set.get_ready_entities("subscription")
        is_for_rclpy = any(
            wait_set.get_ready_entities(kind)
            for kind in ("guard_condition", "timer", "client", "service")
        ) or any(waitable.is_ready(wait_set) for waitable in self._waitables)
        for subscription in self._subscriptions if with_message else ():
            if subscription.handle.pointer in with_message:
                self._take(subscription)
        if is_for_rclpy:
            self._leave_the_rest_to_rclpy()

    def spin_once_until_future_complete(
        self, future: Future, timeout_sec: float | None = None
    ) -> None:
        """As `spin_once`, which the future's end wakes."""
        self.spin_once(timeout_sec)

    def _refuse_after_the_end(self) -> None:
        if not self.context.ok():
            raise ExternalShutdownException

    def _create_wait_set(self) -> WaitSet:
        nodes = self.get_nodes()
        guards = [self._guard, self._sigint_gc]
        timers = [timer for node in nodes for timer in node.timers]
        clients = [client for node in nodes for client in node.clients]
        services = [service for node in nodes for service in node.services]
        self._subscriptions = [each for node in nodes for each in node.subscriptions]
        self._waitables = [waitable for node in nodes for waitable in node.waitables]
        count = NumberOfEntities(
            len(self._subscriptions), len(guards), len(timers), len(clients), len(services)
        )
        for waitable in self._waitables:
            count += waitable.get_num_entities()
        wait_set = WaitSet(
            count.num_subscriptions,
            count.num_guard_conditions,
            count.num_timers,
            count.num_clients,
            count.num_services,
            count.num_events,
            self.context.handle,
        )
        self._fill = [
            *(partial(wait_set.add_subscription, each.handle) for each in self._subscriptions),
            *(partial(wait_set.add_guard_condition, each.handle) for each in guards),
            *(partial(wait_set.add_timer, each.handle) for each in timers),
            *(partial(wait_set.add_client, each.handle) for each in clients),
            *(partial(wait_set.add_service, each.handle) for each in services),
            *(partial(each.add_to_wait_set, wait_set) for each in self._waitables),
        ]
        self._wait_set = wait_set
        return wait_set

    def _take(self, subscription: Subscription) -> None:
        try:
            with subscription.handle:
                taken = subscription.handle.take_message(subscription.msg_type, subscription.raw)
        except InvalidHandle:  # the callback before this one has destroyed it
            return
        if taken is not None:
            message, _ = taken
            subscription.callback(message)

    def _leave_the_rest_to_rclpy(self) -> None:
        with contextlib.suppress(TimeoutException):  # when it has found all that is ready
            while True:
                task, _, _ = self.wait_for_ready_callbacks(timeout_sec=0.0)
                task()
                task.result()
