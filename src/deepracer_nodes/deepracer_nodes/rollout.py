"""The rollout node: judges each frame, resets the car, and sends segments on to the trainer."""

import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import redis
from deepracer_core.episode import EpisodeRecord
from deepracer_core.evaluation_results import DrivenLine, write_results
from deepracer_core.experience_transport import create_buffer, create_pace, create_publisher
from deepracer_core.judgement import Judgement
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.observation import Observation
from deepracer_core.pace import NO_MODEL_CAME, Pace
from deepracer_core.records_writer import RecordsWriter
from deepracer_core.redis_connection import connect, is_outage
from deepracer_core.rollout import Rollout
from deepracer_core.rollout_parameters import RolloutParameters, create_race, create_writer
from deepracer_core.rollout_publisher import RolloutPublisher
from deepracer_core.run_status import RunStatus
from deepracer_core.segment import encode
from deepracer_core.telemetry.episodes import EpisodeTelemetry
from deepracer_core.telemetry.identity import identify
from deepracer_core.telemetry.metrics import Metrics, open_metrics
from deepracer_core.telemetry.settings import read_settings
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import JointState

from deepracer_nodes import messages, topics
from deepracer_nodes.joined_observations import subscribe_on_observations
from deepracer_nodes.parameters import NODE_OPTIONS, declare
from deepracer_nodes.process import run

FLUSH_DEADLINE_S = 2.0
"""Seconds to deliver the last experience at the end; shorter than a launch's patience."""

PACE_CHECK_S = 0.25
"""Seconds between looks at the trainer while a model is waited for."""

_LOG = logging.getLogger(__name__)


class RolloutNode(Node):
    """Feeds the graph's messages to the race and publishes what it answers.

    Attributes:
        finished: done when an evaluation has driven its trials, or when the run cannot go on; its
            result is the exit code.
    """

    def __init__(self, **options) -> None:
        super().__init__("rollout", **NODE_OPTIONS, **options)
        self.parameters = declare(self, RolloutParameters)
        self.finished = Future()
        self._odometry: dict[int, Odometry] = {}
        self._joints: dict[int, JointState] = {}
        self._records: list[EpisodeRecord] = []
        self._lines: list[DrivenLine] = []
        self._race: Rollout | None = None
        self._pace: Pace | None = None
        self._status: RunStatus | None = None
        self._has_trainer = False
        # Whether an episode is to begin and has not been driven yet.
        self._begins = False
        self._buffer: RolloutPublisher | None = None
        self._writer: RecordsWriter | None = None
        self._telemetry = EpisodeTelemetry(Metrics())

        self._episode = topics.EPISODE.publish_from(self)
        self._reset = topics.RESET.publish_from(self)
        self._objects = topics.OBJECTS.publish_from(self)
        self._conditions = topics.CONDITIONS.publish_from(self)
        topics.ODOMETRY.subscribe_on(self, self._on_odometry)
        topics.JOINT_STATES.subscribe_on(self, self._on_joint_state)
        topics.DRIVE.subscribe_on(self, self._on_drive)
        topics.POLICY.subscribe_on(self, self._on_policy)

    def start(
        self,
        race: Rollout,
        sensors: Sequence[str],
        buffer: RolloutPublisher | None,
        writer: RecordsWriter | None = None,
        metrics: Metrics | None = None,
        pace: Pace | None = None,
        status: RunStatus | None = None,
    ) -> None:
        """Judge every frame from now on.

        Args:
            race: what judges.
            sensors: of the car.
            buffer: where segments and records go; None in an evaluation.
            writer: what keeps traces and metrics, if anything.
            metrics: where metrics go besides, if anywhere.
            pace: how far ahead of the trainer it drives, in training.
            status: of the run, in training: as long as it knows of no trainer, none is waited for.
        """
        self._race, self._buffer, self._writer = race, buffer, writer
        self._telemetry = EpisodeTelemetry(metrics or Metrics(), buffer, writer)
        self._pace, self._status = pace, status
        if pace is not None:
            # The simulated clock stands still while a model is awaited.
            self.create_timer(
                PACE_CHECK_S, self._check_pace, clock=Clock(clock_type=ClockType.STEADY_TIME)
            )
        subscribe_on_observations(self, sensors, self._on_observation)

    def destroy_node(self) -> None:
        """Send and write down what is complete, then let go of Redis with the node."""
        if self._buffer is not None:
            left = self._buffer.close(FLUSH_DEADLINE_S)
            if left:
                _LOG.warning("%d segments or records were not delivered", left)
        if self._writer is not None:
            left = self._writer.close()
            if left:
                _LOG.warning("%d episodes leave no trace: the store is away", left)
        self._telemetry.close()
        super().destroy_node()

    def _on_odometry(self, message: Odometry) -> None:
        self._odometry[messages.from_stamp(message.header.stamp)] = message
        self._on_state(messages.from_stamp(message.header.stamp))

    def _on_joint_state(self, message: JointState) -> None:
        self._joints[messages.from_stamp(message.header.stamp)] = message
        self._on_state(messages.from_stamp(message.header.stamp))

    def _on_state(self, time_ns: int) -> None:
        if time_ns not in self._odometry or time_ns not in self._joints:
            return
        state = messages.to_car_state(self._odometry[time_ns], self._joints[time_ns])
        self._odometry.clear()
        self._joints.clear()
        self._race.state(state)
        self._answer()

    def _on_observation(self, time_ns: int, observation: Observation) -> None:
        self._race.observation(time_ns, observation)
        self._answer()

    def _on_drive(self, message: TwistStamped) -> None:
        command = messages.from_drive(message)
        if command is not None:
            self._begins = False
            self._race.command(messages.from_stamp(message.header.stamp), command)
            self._answer()

    def _on_policy(self, message: DiagnosticArray) -> None:
        episode, version = messages.from_policy(message)
        identify(version=version)
        self._race.policy(episode, version)
        self._answer()

    def _answer(self) -> None:
        for placement in self._race.take_placements():
            self._objects.publish(messages.to_objects(placement))
        for judgement in self._race.take_judgements():
            self._episode.publish(messages.to_episode(self._begin(judgement)))
        for reset in self._race.take_resets():
            if reset.conditions is not None:
                self._conditions.publish(messages.to_conditions(reset.time_ns, reset.conditions))
            self._reset.publish(messages.to_reset(reset))
        for loss in self._race.take_losses():
            self._telemetry.lost(loss)
        for segment in self._race.take_segments():
            ends_episode = segment.terminated or segment.truncated
            self._buffer.segment(encode(segment), len(segment), ends_episode=ends_episode)
            self._pace.sent(len(segment), ends_episode=ends_episode)
        for trace in self._race.take_traces():
            if self._writer is not None:
                self._writer.episode(trace)
            if self.parameters.results:
                self._lines.append(DrivenLine.of(trace))
        for record in self._race.take_records():
            self._keep(record)
        if self._race.finished and not self.finished.done():
            if self.parameters.results:
                write_results(Path(self.parameters.results), self._records, self._lines)
            self.finished.set_result(0)

    def _begin(self, judgement: Judgement) -> Judgement:
        if not judgement.begins:
            return judgement
        identify(episode=judgement.episode)
        self._begins = True
        if self._pace is None or not self._is_learnt_from():
            return judgement
        return replace(judgement, needed_version=self._pace.needed_version)

    def _is_learnt_from(self) -> bool:
        if not self._has_trainer and self._status is not None:
            try:
                self._has_trainer = self._status.trainer() is not None
            except redis.RedisError as error:
                if not is_outage(error):
                    raise
        return self._has_trainer

    def _check_pace(self) -> None:
        # The bridge repeats the frame that nobody has answered; the judgement is then another one.
        if self._begins and self._pace.check():
            _LOG.info(NO_MODEL_CAME)

    def _keep(self, record: EpisodeRecord) -> None:
        self._telemetry.ended(record)
        if self._buffer is not None:
            self._buffer.episode(record)
        else:
            self._records.append(record)


def start(node: RolloutNode) -> None:
    """Give the node its race, and in training the run in Redis that it goes on with.

    Raises:
        ConfigurationError: a file, a name or the address in its parameters cannot be used.
        RedisUnavailable: nobody answers at the address.
    """
    given = node.parameters
    sensors = load_model_metadata(given.model_metadata).sensors
    metrics = open_metrics(read_settings(os.environ))
    if given.mode != "training":
        node.start(create_race(given), sensors, None, create_writer(given), metrics)
        return
    client = connect(given.redis)
    status = RunStatus(client, given.run)
    first_episode = status.begin_worker(given.worker)
    race = create_race(given, first_episode, status.trained(given.worker))
    buffer = create_buffer(given, client)
    publisher = create_publisher(given, buffer, status)
    version = (status.trainer() or {}).get("version", 0)
    pace = create_pace(given, publisher, buffer, status, version)
    node.start(race, sensors, publisher, create_writer(given), metrics, pace, status)


def main() -> None:
    """Run the rollout node until it is told to stop, or its evaluation is done."""
    sys.exit(run("rollout", RolloutNode, start))


if __name__ == "__main__":
    main()
