"""The executor of the nodes: messages by itself, the rest through rclpy."""

import threading

import pytest
from deepracer_nodes.executor import MessageExecutor
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException
from rclpy.task import Future
from std_msgs.msg import Int32
from std_srvs.srv import Trigger

DEPTH = 10


@pytest.fixture
def numbers(graph):
    """Publishes numbers, and hears them once both ends know of each other."""
    publisher = graph.probe.create_publisher(Int32, "number", DEPTH)
    heard = []
    subscription = graph.probe.create_subscription(
        Int32, "number", lambda message: heard.append(message.data), DEPTH
    )
    graph.spin_until(lambda: publisher.get_subscription_count() == 1)
    publisher.publish(Int32(data=0))
    graph.spin_until(lambda: heard)
    heard.clear()
    return publisher, subscription, heard


def test_messages_come_in_order_each_once(graph, numbers):
    publisher, _, heard = numbers
    for number in range(DEPTH):
        publisher.publish(Int32(data=number))
    graph.spin_until(lambda: len(heard) == DEPTH)
    assert heard == list(range(DEPTH))


def test_a_subscription_that_a_callback_makes_is_heard(graph, numbers):
    publisher, _, _ = numbers
    late = []

    def listen(_):
        graph.probe.create_subscription(
            Int32, "late", lambda message: late.append(message.data), DEPTH
        )

    second = graph.probe.create_publisher(Int32, "late", DEPTH)
    graph.probe.create_subscription(Int32, "number", listen, DEPTH)
    publisher.publish(Int32(data=1))
    graph.spin_until(lambda: second.get_subscription_count() == 1)
    second.publish(Int32(data=7))
    graph.spin_until(lambda: late == [7])


def test_a_subscription_that_a_callback_destroys_is_silent_at_once(graph, numbers):
    publisher, first, _ = numbers
    calls = []

    def end_the_next(_):
        calls.append("this one")
        graph.probe.destroy_subscription(next_one)

    graph.probe.destroy_subscription(first)
    graph.probe.create_subscription(Int32, "number", end_the_next, DEPTH)
    next_one = graph.probe.create_subscription(
        Int32, "number", lambda _: calls.append("the next one"), DEPTH
    )
    graph.spin_until(lambda: publisher.get_subscription_count() == 2)
    publisher.publish(Int32(data=1))
    graph.spin_until(lambda: calls)
    assert calls == ["this one"]


def test_timers_go_off_while_messages_come(graph, numbers):
    publisher, _, heard = numbers
    rings = []
    graph.probe.create_timer(0.01, lambda: rings.append(len(heard)))

    def keep_talking():
        publisher.publish(Int32(data=1))
        return len(rings) >= 3

    graph.spin_until(keep_talking)
    assert heard


def test_services_are_answered(graph):
    def answer(_, response):
        response.success = True
        return response

    graph.probe.create_service(Trigger, "ask", answer)
    client = graph.probe.create_client(Trigger, "ask")
    graph.spin_until(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    graph.spin_until(future.done)
    assert future.result().success


def test_what_a_callback_raises_is_raised(graph, numbers):
    publisher, _, _ = numbers

    def fail(_):
        raise ZeroDivisionError

    graph.probe.create_subscription(Int32, "number", fail, DEPTH)
    graph.spin_until(lambda: publisher.get_subscription_count() == 2)
    publisher.publish(Int32(data=1))
    with pytest.raises(ZeroDivisionError):
        graph.spin_until(lambda: False)


@pytest.fixture
def executor():
    context = Context()
    context.init()
    executor = MessageExecutor(context)
    yield executor
    executor.shutdown()
    context.try_shutdown()


def test_a_future_ends_the_spinning(executor):
    future = Future()
    executor.create_task(lambda: future.set_result(5))
    executor.spin_until_future_complete(future)
    assert future.result() == 5


def test_nothing_to_do_ends_with_the_time(executor):
    executor.spin_once(timeout_sec=0.0)  # hears that it was made
    executor.spin_once(timeout_sec=0.01)


def test_the_end_of_ros_is_raised(executor):
    executor.spin_once(timeout_sec=0.0)
    threading.Timer(0.1, executor.context.shutdown).start()
    with pytest.raises(ExternalShutdownException):
        executor.spin_once()
