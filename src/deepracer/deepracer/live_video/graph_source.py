"""Frames for live video from the topics of the graph, looked at only when a picture is made.

Nothing wakes this process when the simulation goes on: the messages wait in the queues of a node
that nobody spins, are taken from there as bytes, and only those of the frame that is shown are
decoded. So a look costs about as much as a picture, not as the hundred frames that it leaves out.
"""

import struct
from collections.abc import Callable
from typing import Any

from deepracer_core.judgement import Judgement
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from std_msgs.msg import Header

from deepracer.live_video.snapshot import Passed, Snapshot
from deepracer_nodes import messages, topics

QUEUE = 100
"""Messages that wait at most: half a second of the fastest simulation."""

_STAMP = struct.Struct("<iI")
_AFTER_ENCAPSULATION = 4
"""A message in CDR (RTPS 2.5, section 10.2) begins with four bytes about itself; then comes what
all of these begin with, the stamp of its header."""


class _Ear:
    """The queue of one topic.

    Args:
        node: that subscribes.
        topic: that is heard.
        is_status: what holds until it is said anew; else a message may be lost.
    """

    def __init__(self, node: Node, topic: topics.Topic, *, is_status: bool = False) -> None:
        # Whoever publishes never waits for one who may miss messages.
        qos = QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=QUEUE,
            reliability=topic.qos.reliability if is_status else ReliabilityPolicy.BEST_EFFORT,
            durability=topic.qos.durability if is_status else DurabilityPolicy.VOLATILE,
        )
        self._type = topic.message
        self._subscription = node.create_subscription(
            topic.message, topic.name, _never_called, qos, raw=True
        )
        self.waiting: dict[int, bytes] = {}

    def listen(self) -> None:
        """Take what has come; of what nobody asks for the oldest is forgotten."""
        while True:
            with self._subscription.handle:
                taken = self._subscription.handle.take_message(self._type, True)
            if taken is None:
                break
            data = taken[0]
            seconds, nanoseconds = _STAMP.unpack_from(data, _AFTER_ENCAPSULATION)
            self.waiting[seconds * 1_000_000_000 + nanoseconds] = data
        for oldest in list(self.waiting)[:-QUEUE]:
            del self.waiting[oldest]

    def decoded(self, time_ns: int) -> Any:
        """The message of a frame."""
        return deserialize_message(self.waiting[time_ns], self._type)

    def forget(self, until_ns: int) -> None:
        """Forget the messages up to a frame, that one too."""
        for time_ns in [each for each in self.waiting if each <= until_ns]:
            del self.waiting[time_ns]


class GraphSource:
    """Listens while somebody watches.

    Args:
        create_node: of a node that nobody spins, to be called each time that listening begins.
        camera: of the car, what the simulator calls it.
    """

    def __init__(self, create_node: Callable[[], Node], camera: str) -> None:
        self._create_node = create_node
        self._camera = camera
        self._node: Node | None = None
        self._ears: dict[str, _Ear] = {}
        self._policy: _Ear | None = None
        self._request: Publisher | None = None
        self._version: tuple[int, int] | None = None

    def listen(self) -> None:
        """Begin to listen, if it is not done yet."""
        if self._node is not None:
            return
        self._node = self._create_node()
        heard = {
            "chase": topics.CAMERA_CHASE,
            "front": topics.CAMERAS[self._camera],
            "odometry": topics.ODOMETRY,
            "joints": topics.JOINT_STATES,
            "episode": topics.EPISODE,
        }
        self._ears = {name: _Ear(self._node, topic) for name, topic in heard.items()}
        self._policy = _Ear(self._node, topics.POLICY, is_status=True)
        self._request = topics.CHASE_REQUEST.publish_from(self._node)

    def close(self) -> None:
        """Stop listening; the simulation renders nothing for this any more."""
        if self._node is not None:
            self._node.destroy_node()
            self._node = self._policy = self._request = self._version = None
            self._ears = {}

    def newest(self) -> Snapshot | None:
        """The newest frame of which everything has come, unless it was returned before.

        The next picture is asked for with each call, so that none is taken that nobody shows.
        """
        assert self._request is not None
        self._request.publish(Header())
        for ear in self._ears.values():
            ear.listen()
        complete = set.intersection(*(set(ear.waiting) for ear in self._ears.values()))
        if not complete:
            return None
        time_ns = max(complete)
        snapshot = self._snapshot(time_ns)
        for ear in self._ears.values():
            ear.forget(time_ns)
        return snapshot

    def _snapshot(self, time_ns: int) -> Snapshot:
        ears = self._ears
        odometry = ears["odometry"].decoded(time_ns)
        state = messages.to_car_state(odometry, ears["joints"].decoded(time_ns))
        judgement = messages.from_episode(ears["episode"].decoded(time_ns))
        return Snapshot(
            images={
                "chase": messages.from_compressed_image(ears["chase"].decoded(time_ns)),
                "front": messages.from_image(ears["front"].decoded(time_ns)),
            },
            x=state.x,
            y=state.y,
            yaw=state.yaw,
            speed=state.speed,
            steering=state.steering_angle,
            judgement=judgement,
            version=self._version_of(judgement),
            passed=tuple(self._passed(time_ns)),
        )

    def _passed(self, until_ns: int) -> list[Passed]:
        ear = self._ears["odometry"]
        passed = []
        for time_ns in sorted(each for each in ear.waiting if each < until_ns):
            odometry = ear.decoded(time_ns)
            position, velocity = odometry.pose.pose.position, odometry.twist.twist.linear
            speed = (velocity.x**2 + velocity.y**2) ** 0.5
            passed.append(Passed(time_ns, position.x, position.y, speed))
        return passed

    def _version_of(self, judgement: Judgement) -> int | None:
        """Which model acts in an episode: of the first frame on, or as it was last said."""
        assert self._policy is not None
        self._policy.listen()
        for time_ns in list(self._policy.waiting):
            self._version = messages.from_policy(self._policy.decoded(time_ns))
            self._policy.forget(time_ns)
        if self._version is None or self._version[0] > judgement.episode:
            return None
        return self._version[1]


def _never_called(_: bytes) -> None:
    """Nobody spins the node."""
