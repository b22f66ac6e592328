"""The shipped sim.launch.py, headless, on real parts: Gazebo, the nodes over DDS, and Redis."""

import os
import tempfile
import threading
import unittest
from itertools import pairwise
from pathlib import Path

import launch
import launch_testing
import launch_testing.actions
import launch_testing.asserts
import pytest
import rclpy
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.segment import decode
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from deepracer_nodes import messages, topics

PROCESSES = {"gazebo_server", "simulator_bridge", "observation", "agent", "rollout"}
SEGMENT_LENGTH = 8
DEADLINE_S = 90.0
FRAMES = 60


@pytest.mark.slow
@pytest.mark.launch_test
def generate_test_description():
    folder = tempfile.TemporaryDirectory(prefix="deepracer-")
    redis_server = RedisServer(Path(folder.name, "redis")).start()
    # A domain and a run that another test at the same time does not have.
    domain_id = 1 + os.getpid() % 100
    run = f"launch-test-{os.getpid()}"
    simulation = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution([FindPackageShare("deepracer"), "launch", "sim.launch.py"])
        ),
        launch_arguments={
            "domain_id": str(domain_id),
            "headless": "true",
            "redis": redis_server.url,
            "run": run,
            "segment_length": str(SEGMENT_LENGTH),
            "socket": f"{folder.name}/simulator.socket",
            "store": f"{folder.name}/store",
        }.items(),
    )
    # The group gives this process its own environment back.
    description = launch.LaunchDescription(
        [GroupAction([simulation]), launch_testing.actions.ReadyToTest()]
    )
    return description, {
        "domain_id": domain_id,
        "folder": folder,
        "redis_server": redis_server,
        "run_name": run,
    }


class Listener:
    """Keeps what is said on the graph, in a ROS context of its own."""

    def __init__(self, domain_id: int) -> None:
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain_id)
        self._node = Node("listener", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._changed = threading.Condition()
        self.heard: dict[str, list] = {}
        for topic in topics.TOPICS:
            topic.subscribe_on(self._node, self._keeper(topic.name))
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def wait_for(self, topic: topics.Topic, count: int) -> list:
        """Wait until so many messages came on a topic; return them."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: len(self.heard.get(topic.name, ())) >= count, DEADLINE_S
            )
            counts = {name: len(messages) for name, messages in self.heard.items()}
            assert came, f"{topic.name}: expected {count} messages, heard {counts}"
            return list(self.heard[topic.name])

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self._thread.join()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    def _keeper(self, name: str):
        def keep(message) -> None:
            with self._changed:
                self.heard.setdefault(name, []).append(message)
                self._changed.notify_all()

        return keep


class TestFlow(unittest.TestCase):
    """Beside the running simulation."""

    @classmethod
    def setUpClass(cls, domain_id):
        cls.listener = Listener(domain_id)

    @classmethod
    def tearDownClass(cls):
        cls.listener.close()

    def test_camera_becomes_observations(self):
        camera = self.listener.wait_for(topics.CAMERA, FRAMES)
        observations = self.listener.wait_for(topics.OBSERVATION, FRAMES)
        assert {(it.width, it.height, it.encoding) for it in camera} == {(160, 120, "rgb8")}
        assert {(it.width, it.height, it.encoding) for it in observations} == {(160, 120, "mono8")}
        # The car sees something: a road and a field are not of one colour.
        for picture in (camera[-1], observations[-1]):
            assert len(set(picture.data)) > 20

    def test_frames_are_whole_control_periods_apart(self):
        times = stamps(self.listener.wait_for(topics.ODOMETRY, FRAMES))
        periods = {round((later - earlier) * 15e-9, 6) for earlier, later in pairwise(times)}
        # This process may miss some, and one that nobody answered in a second is said again.
        assert all(period.is_integer() for period in periods)
        assert 1.0 in periods

    def test_drive_answers_frames_and_the_car_moves(self):
        drive = self.listener.wait_for(topics.DRIVE, FRAMES)
        odometry = self.listener.wait_for(topics.ODOMETRY, FRAMES)
        assert len(set(stamps(drive)) & set(stamps(odometry))) > FRAMES // 2
        assert max(it.twist.linear.x for it in drive) > 0.3
        assert max(it.twist.twist.linear.x for it in odometry) > 0.3

    def test_episodes_begin_and_end_at_random(self):
        policies = self.listener.wait_for(topics.POLICY, 2)
        assert {messages.from_policy(it)[1] for it in policies} == {0}
        resets = self.listener.wait_for(topics.RESET, 2)
        assert resets[0].pose != resets[1].pose

    def test_segments_come_to_redis(self, redis_server, run_name):
        client = connect(redis_server.url)
        claimed = ExperienceBuffer(client, run_name).claim(limit=1, block_s=DEADLINE_S)
        client.close()
        assert claimed, "no segment came"
        segment = decode(claimed[0][1])
        assert segment.meta.run == run_name
        assert segment.meta.track == "meadow_loop"
        assert segment.meta.policy_version == 0
        assert 1 <= len(segment) <= SEGMENT_LENGTH
        (pictures,) = segment.observations.values()
        assert pictures.shape == (len(segment) + 1, 120, 160)
        assert len(segment.actions) == len(segment.rewards) == len(segment)


@launch_testing.post_shutdown_test()
class TestEnd(unittest.TestCase):
    """When the simulation has been shut down."""

    @classmethod
    def tearDownClass(cls, redis_server, folder):
        redis_server.stop()
        folder.cleanup()

    def test_all_processes_ended_cleanly(self, proc_info):
        names = {name.rpartition("-")[0] for name in proc_info.process_names()}
        assert names == PROCESSES
        launch_testing.asserts.assertExitCodes(proc_info)

    def test_socket_is_gone(self, folder):
        assert not Path(folder.name, "simulator.socket").exists()


def stamps(heard: list) -> list[int]:
    """The times of messages, ns."""
    return [messages.from_stamp(message.header.stamp) for message in heard]
