"""The node on a real graph: it listens only while somebody watches, and shows whole frames."""

import os
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rclpy
from deepracer.live_video.graph_source import GraphSource
from deepracer.live_video.live_video import LiveVideo
from deepracer.live_video.node import LiveVideoNode
from deepracer.live_video.outlet import Outlet
from deepracer.live_video.snapshot import Snapshot
from deepracer_core.action_space import Command
from deepracer_core.episode import EpisodeStatus
from deepracer_core.judgement import Judgement
from deepracer_core.simulation import frame_time_ns
from deepracer_nodes.simulator_bridge import SimulatorBridge
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from deepracer_nodes import messages, topics

sys.path.insert(0, str(Path(__file__).parents[1] / "nodes"))

from kinematic_simulator import KinematicSimulator

NAMESPACE = f"live_video_{os.getpid()}"


class Graph:
    """A bridge with a simulator, and a node that says all that the others would."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self.simulator = KinematicSimulator()
        self.bridge = self.add(SimulatorBridge)
        self.probe = self.add(Node, "probe")
        self.drive = topics.DRIVE.publish_from(self.probe)
        self.episode = topics.EPISODE.publish_from(self.probe)
        self.policy = topics.POLICY.publish_from(self.probe)
        self.heard: list[int] = []
        topics.ODOMETRY.subscribe_on(
            self.probe, lambda message: self.heard.append(messages.from_stamp(message.header.stamp))
        )
        self.spin_until(self.drive.get_subscription_count)
        self.bridge.start(self.simulator)
        self.spin_until(lambda: self.heard)

    def add(self, create, *names) -> Node:
        node = create(*names, context=self.context, namespace=NAMESPACE)
        self._executor.add_node(node)
        return node

    def listener(self) -> Node:
        return Node("listener", context=self.context, namespace=NAMESPACE)

    def spin_until(self, condition, deadline_s: float = 20.0) -> None:
        end = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < end, "the deadline passed before it happened"
            self._executor.spin_once(timeout_sec=0.02)

    def step(self, episode: int = 0) -> None:
        """Drive one step further and judge the frame."""
        last = self.heard[-1]
        self.drive.publish(messages.to_drive(last, Command(0.1, 1.5)))
        self.spin_until(lambda: self.heard[-1] != last)
        time_ns = self.heard[-1]
        step = round(time_ns * 15 / 1e9)
        status = EpisodeStatus.IN_PROGRESS
        self.episode.publish(
            messages.to_episode(
                Judgement(
                    time_ns,
                    episode,
                    step,
                    status,
                    begins=False,
                    progress=1.5,
                    reward=0.25,
                    total_reward=0.5 * step,
                    time_s=step / 15,
                )
            )
        )

    def close(self) -> None:
        for node in self._executor.get_nodes():
            node.destroy_node()
        self._executor.shutdown()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def graph() -> Iterator[Graph]:
    graph = Graph()
    yield graph
    graph.close()


def drive_until(graph: Graph, condition, deadline_s: float = 20.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "the deadline passed before it happened"
        graph.step()


def test_a_snapshot_is_of_one_frame_with_those_that_passed(graph):
    graph.policy.publish(messages.to_policy(frame_time_ns(0), 0, 4))
    source = GraphSource(graph.listener, "front")
    source.listen()
    shots: list[Snapshot] = []

    def look() -> bool:
        found = source.newest()
        shots.extend([found] if found else [])
        return len(shots) >= 5

    drive_until(graph, look)
    source.close()
    frames = [shot.judgement.step for shot in shots]
    assert frames == sorted(set(frames))
    for shot in shots:
        step = shot.judgement.step
        # The simulator's pictures carry the frame's number.
        assert shot.images["chase"].shape == (360, 640, 3)
        for image in shot.images.values():
            assert np.abs(image.astype(int) - step % 251).max() <= 1
        assert shot.judgement.total_reward == 0.5 * step
        assert shot.judgement.time_s == pytest.approx(step / 15, abs=1e-4)
        assert (shot.speed, shot.steering) == pytest.approx((1.5, 0.1))
        # It may be told a little later than the first frame.
        assert shot.version in (None, 4)
    assert shots[-1].version == 4
    heard = driven = 0
    for before, after in pairwise(shots):
        between = range(before.judgement.step + 1, after.judgement.step)
        assert {frame.time_ns for frame in after.passed} <= set(map(frame_time_ns, between))
        heard, driven = heard + len(after.passed), driven + len(between)
        if len(after.passed) == len(between):
            line = [(it.x, it.y) for it in (before, *after.passed, after)]
            assert np.hypot(*np.diff(line, axis=0).T) == pytest.approx(0.1, rel=0.01)
    # On a machine that is busy one or the other may be lost.
    assert heard >= 0.8 * driven


def test_nothing_is_rendered_for_those_who_do_not_listen(graph):
    source = GraphSource(graph.listener, "front")
    for _ in range(5):
        graph.step()
    assert not graph.simulator.looked
    source.listen()
    shown = 0

    def look() -> bool:
        nonlocal shown
        shown += source.newest() is not None
        return shown == 2

    drive_until(graph, look)
    before = len(graph.simulator.looked)
    source.close()
    for _ in range(20):
        graph.step()
    # One may have been on its way already; that is all.
    assert len(graph.simulator.looked) <= before + 1


class Watchers(Outlet):
    """Who watches is said by the test."""

    def __init__(self) -> None:
        super().__init__()
        self.is_wanted = False
        self.pictures, self.begun, self.ended = [], 0, 0

    wanted = property(lambda self: self.is_wanted)

    def begin(self, encoder) -> None:
        self.begun += 1

    def add(self, picture) -> None:
        self.pictures.append(picture)

    def end(self) -> None:
        self.ended += 1

    async def _run(self) -> None:
        await self._stop.wait()


def test_the_node_shows_pictures_while_somebody_watches(graph, live_pictures):
    watchers = Watchers()
    node = graph.add(LiveVideoNode)
    node.start(LiveVideo(watchers, live_pictures), GraphSource(graph.listener, "front"))
    end = time.monotonic() + 0.5
    drive_until(graph, lambda: time.monotonic() > end)
    assert not watchers.pictures
    assert not graph.simulator.looked
    watchers.is_wanted = True
    drive_until(graph, lambda: len(watchers.pictures) >= 10)
    assert watchers.begun == 1
    assert watchers.pictures[0].is_key
    times = np.diff([picture.time_ms for picture in watchers.pictures])
    assert times.min() > 20
    watchers.is_wanted = False
    drive_until(graph, lambda: watchers.ended)
    before = len(watchers.pictures)
    end = time.monotonic() + 0.5
    drive_until(graph, lambda: time.monotonic() > end)
    assert len(watchers.pictures) == before
