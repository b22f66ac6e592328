"""The agent answers the frames of running episodes, each once, with the model of the episode."""

import json

import numpy as np
import pytest
from deepracer_core.action_space import Command
from deepracer_core.episode import EpisodeStatus
from deepracer_core.model_files import POLICY_FILE
from deepracer_core.model_metadata import parse_model_metadata
from deepracer_core.model_store import open_model_store
from deepracer_core.observation import observation_dtype, observation_shapes
from deepracer_core.rollout import Judgement
from deepracer_core.simulation import frame_time_ns
from deepracer_nodes.agent import Agent

from deepracer_nodes import messages, topics


def metadata(*sensors: str):
    values = {
        "action_space": [{"steering_angle": angle, "speed": 1.0} for angle in range(-10, 11, 5)],
        "sensor": sensors or ["FRONT_FACING_CAMERA"],
    }
    return parse_model_metadata(json.dumps(values), "test")


ACTIONS = metadata().action_space


class Heard:
    """What the agent said."""

    def __init__(self, graph) -> None:
        self.drives = []
        self.policies = []
        topics.DRIVE.subscribe_on(graph.probe, self.drives.append)
        topics.POLICY.subscribe_on(
            graph.probe, lambda message: self.policies.append(messages.from_policy(message))
        )


class Course:
    """Says to the agent what the observation and the rollout node would say."""

    def __init__(self, graph, sensors=("FRONT_FACING_CAMERA",)) -> None:
        self.graph = graph
        self.heard = Heard(graph)
        self._shapes = observation_shapes(sensors)
        self._observations = {
            sensor: topics.OBSERVATIONS[sensor].publish_from(graph.probe) for sensor in sensors
        }
        self._episode = topics.EPISODE.publish_from(graph.probe)
        graph.spin_until(
            lambda: all(
                publisher.get_subscription_count()
                for publisher in (*self._observations.values(), self._episode)
            )
        )

    def observe(self, step: int, *sensors: str) -> None:
        """Publish what these sensors, or all, saw in frame `step`."""
        for sensor in sensors or self._observations:
            seen = np.full(self._shapes[sensor], 1 + step % 10, observation_dtype(sensor))
            message = messages.to_observation(sensor, seen, frame_time_ns(step))
            self._observations[sensor].publish(message)

    def judge(self, step: int, episode: int = 0, status=EpisodeStatus.IN_PROGRESS, **more) -> None:
        """Publish the judgement of frame `step`."""
        begins = status is EpisodeStatus.PREPARE
        judgement = Judgement(frame_time_ns(step), episode, step, status, begins, **more)
        self._episode.publish(messages.to_episode(judgement))

    def drive(self, step: int) -> Command:
        """Wait for the answer to frame `step`."""
        self.graph.spin_until(
            lambda: any(_time_ns(drive) == frame_time_ns(step) for drive in self.heard.drives)
        )
        return messages.from_drive(self.heard.drives[-1])


def _time_ns(message) -> int:
    return messages.from_stamp(message.header.stamp)


def start_agent(graph, store: str, sensors=("FRONT_FACING_CAMERA",), **parameters):
    agent = graph.add(Agent, store=store, **parameters)
    agent.start(metadata(*sensors), open_model_store(store))
    return Course(graph, sensors)


def test_without_a_model_it_acts_at_random_and_says_so(graph, tmp_path):
    course = start_agent(graph, str(tmp_path), seed=3)
    course.observe(1)
    course.judge(1, status=EpisodeStatus.PREPARE)
    command = course.drive(1)
    assert ACTIONS.command(ACTIONS.action(command)).speed == command.speed
    graph.spin_until(lambda: course.heard.policies)
    assert course.heard.policies == [(0, 0)]


def test_the_same_seed_gives_the_same_actions_whatever_came_before(graph, tmp_path):
    course = start_agent(graph, str(tmp_path), seed=3)

    def episode(number: int, first_step: int) -> list[Command]:
        commands = []
        for step in range(first_step, first_step + 8):
            course.observe(step)
            status = EpisodeStatus.PREPARE if step == first_step else EpisodeStatus.IN_PROGRESS
            course.judge(step, number, status)
            commands.append(course.drive(step))
        return commands

    first = episode(5, 1)
    episode(6, 20)
    assert episode(5, 40) == first


def test_a_frame_waits_for_its_judgement_and_one_without_a_future_is_not_answered(graph, tmp_path):
    course = start_agent(graph, str(tmp_path))
    course.observe(1)
    course.judge(1, status=EpisodeStatus.PREPARE)
    course.drive(1)
    course.observe(2)
    course.judge(2, status=EpisodeStatus.OFF_TRACK)
    course.judge(3, 1, status=EpisodeStatus.PREPARE)
    course.observe(3)
    course.drive(3)
    assert frame_time_ns(2) not in [_time_ns(drive) for drive in course.heard.drives]


def test_a_repeated_frame_gets_the_same_answer_again(graph, tmp_path):
    course = start_agent(graph, str(tmp_path))
    course.observe(1)
    course.judge(1, status=EpisodeStatus.PREPARE)
    first = course.drive(1)
    for _ in range(3):
        count = len(course.heard.drives)
        course.observe(1)
        course.judge(1, status=EpisodeStatus.PREPARE)
        graph.spin_until(lambda before=count: len(course.heard.drives) > before)
        assert messages.from_drive(course.heard.drives[-1]) == first


def test_an_episode_waits_for_the_model_that_it_is_to_begin_with(graph, tmp_path):
    course = start_agent(graph, str(tmp_path))
    course.observe(1)
    course.judge(1, status=EpisodeStatus.PREPARE, needed_version=2)
    course.observe(2)
    course.judge(2, status=EpisodeStatus.PREPARE, needed_version=1)
    store = open_model_store(str(tmp_path))
    # Neither can be used: what counts is that there is nothing newer.
    store.publish(1, {POLICY_FILE: b"no model"}, {})
    course.drive(2)
    course.observe(3)
    course.judge(3, status=EpisodeStatus.PREPARE, needed_version=2)
    store.publish(2, {POLICY_FILE: b"no model"}, {})
    course.drive(3)
    answered = [_time_ns(drive) for drive in course.heard.drives]
    assert answered == [frame_time_ns(2), frame_time_ns(3)]


def test_an_evaluation_without_a_model_is_refused(graph, tmp_path):
    agent = graph.add(Agent, store=str(tmp_path), mode="evaluation", model="best")
    with pytest.raises(ValueError, match="no version yet"):
        agent.start(metadata(), open_model_store(str(tmp_path)))


def test_a_frame_waits_for_what_all_sensors_saw(graph, tmp_path):
    sensors = ("STEREO_CAMERAS", "LIDAR")
    course = start_agent(graph, str(tmp_path), sensors)
    course.observe(1, "LIDAR")
    course.judge(1, status=EpisodeStatus.PREPARE)
    # Frame 2 is whole: everything older has been answered or given up.
    course.observe(2, "LIDAR", "STEREO_CAMERAS")
    course.judge(2, status=EpisodeStatus.PREPARE)
    course.drive(2)
    assert [_time_ns(drive) for drive in course.heard.drives] == [frame_time_ns(2)]
