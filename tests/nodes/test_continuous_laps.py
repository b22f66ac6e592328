"""Continuous laps on the graph, driven by a node of the test's own in place of the agent."""

from itertools import pairwise
from math import atan, atan2, hypot, sin
from pathlib import Path

import pytest
from deepracer_core.action_space import Command
from deepracer_core.episode import EpisodeStatus
from deepracer_core.evaluation_results import read_lines, read_results
from deepracer_core.judgement import Judgement
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.simulation import CONTROL_RATE, WHEELBASE
from deepracer_core.track import Track
from deepracer_core.track_library import load_track
from deepracer_nodes.observation import Observation
from deepracer_nodes.rollout import RolloutNode
from deepracer_nodes.rollout import start as start_rollout
from deepracer_nodes.simulator_bridge import SimulatorBridge
from kinematic_simulator import KinematicSimulator
from rclpy.node import Node

from deepracer_nodes import messages, topics

CONFIG = Path(__file__).parents[2] / "config"
LOOK_AHEAD = 0.35


class CentreLineFollower(Node):
    """Answers each frame that is to be acted on, knowing where the car is: no model, no picture."""

    def __init__(self, **options) -> None:
        super().__init__("follower", **options)
        self.track: Track | None = None
        self._poses: dict[int, tuple[float, float, float]] = {}
        self._judgements: dict[int, Judgement] = {}
        self._drive = topics.DRIVE.publish_from(self)
        topics.ODOMETRY.subscribe_on(self, self._on_odometry)
        topics.EPISODE.subscribe_on(self, self._on_episode)

    def _on_odometry(self, message) -> None:
        pose = message.pose.pose
        yaw = 2.0 * atan2(pose.orientation.z, pose.orientation.w)
        time_ns = messages.from_stamp(message.header.stamp)
        self._poses[time_ns] = (pose.position.x, pose.position.y, yaw)
        self._answer(time_ns)

    def _on_episode(self, message) -> None:
        judgement = messages.from_episode(message)
        self._judgements[judgement.time_ns] = judgement
        self._answer(judgement.time_ns)

    def _answer(self, time_ns: int) -> None:
        if time_ns in self._poses and time_ns in self._judgements:
            x, y, yaw = self._poses.pop(time_ns)
            if self._judgements.pop(time_ns).to_act:
                self._drive.publish(messages.to_drive(time_ns, self._command(x, y, yaw)))

    def _command(self, x: float, y: float, yaw: float) -> Command:
        place = float(self.track.project([(x, y)]).distance[0])
        ahead_x, ahead_y, _ = self.track.pose_at(place + LOOK_AHEAD)
        away_x, away_y = ahead_x - x, ahead_y - y
        bearing = atan2(away_y, away_x) - yaw
        return Command(atan(2.0 * WHEELBASE * sin(bearing) / hypot(away_x, away_y)), 2.0)


def test_each_lap_goes_on_where_the_one_before_ended(graph, tmp_path):
    track = load_track("meadow_loop")
    metadata = CONFIG / "model_metadata.json"
    results = tmp_path / "results.json"
    bridge = graph.add(SimulatorBridge)
    graph.add(Observation).start(load_model_metadata(metadata).sensors)
    graph.add(CentreLineFollower).track = track
    node = graph.add(
        RolloutNode,
        track=track.name,
        reward_function=str(CONFIG / "reward_function.py"),
        model_metadata=str(metadata),
        mode="evaluation",
        trials=3,
        is_continuous=True,
        results=str(results),
    )
    start_rollout(node)
    simulator = KinematicSimulator()
    bridge.start(simulator)
    graph.spin_until(node.finished.done, deadline_s=120.0)

    records = read_results(results)
    assert [record.status for record in records] == [EpisodeStatus.LAP_COMPLETE] * 3
    assert len(simulator.resets) == 1
    assert len(simulator.commands) - 1 == sum(record.steps for record in records)
    for record in records:
        assert record.duration_s == pytest.approx(record.steps / CONTROL_RATE, abs=1e-6)
    lines = read_lines(results)
    for line, following in pairwise(lines):
        assert (following.x[0], following.y[0]) == (line.x[-1], line.y[-1])
        # At speed: the first lap alone begins at rest.
        assert following.speed[0] == pytest.approx(2.0)
    assert lines[0].speed[0] == 0.0
    for record in records[1:]:
        beyond = record.start_distance % track.length
        assert 0.0 <= beyond < 2.0 / CONTROL_RATE
