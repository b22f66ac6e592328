"""The agent node: acts on each observation with the newest model, swapped between episodes."""

import sys
from dataclasses import dataclass

import numpy as np
from deepracer_core.action_space import ActionSpace
from deepracer_core.frame_stack import FrameStack
from deepracer_core.lite_policy import Policy, RandomPolicy
from deepracer_core.model_metadata import ModelMetadata, load_model_metadata
from deepracer_core.model_store import ModelStore, open_model_store
from deepracer_core.model_watcher import ModelWatcher, choose_version, load_acting_model
from deepracer_core.observation import Observation
from deepracer_core.parameters import parameter
from deepracer_core.rollout import Judgement
from deepracer_core.telemetry.episodes import acts
from deepracer_core.telemetry.identity import WorkerIdentity, identify
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from deepracer_nodes import messages, topics
from deepracer_nodes.joined_observations import subscribe_on_observations
from deepracer_nodes.parameters import NODE_OPTIONS, declare
from deepracer_nodes.process import run

MODEL_CHECK_S = 0.02
"""Seconds between looks for the model that is waited for."""


@dataclass(frozen=True)
class AgentParameters(WorkerIdentity):
    """What the launch file tells the agent."""

    model_metadata: str = parameter("", "path of model_metadata.json")
    store: str = parameter("", "folder or s3:// address of the model store")
    mode: str = parameter(
        "training",
        "training: draw actions from the newest model; evaluation: the most probable action of one",
    )
    model: str = parameter("best", "for evaluation: best, latest, or the number of a version")
    seed: int = parameter(0, "seed of the actions drawn", lowest=0, highest=2**31 - 1)


class Agent(Node):
    """Answers a frame when it has both its observation and its judgement.

    The judgement says whether the frame belongs to a running episode, so that no action is ever
    spent on a frame after the end, and a model never changes within an episode.
    """

    def __init__(self, **options) -> None:
        super().__init__("agent", **NODE_OPTIONS, **options)
        self.parameters = declare(self, AgentParameters)
        self._action_space: ActionSpace | None = None
        self._policy: Policy | None = None
        self._frames = FrameStack(1)
        self._version = 0
        self._models: ModelWatcher | None = None
        self._rng = np.random.default_rng(self.parameters.seed)

        self._observations: dict[int, Observation] = {}
        self._judgements: dict[int, Judgement] = {}
        self._last_drive: TwistStamped | None = None
        self._announced: int | None = None
        # The frame that waits for a model; the simulated clock stands still meanwhile.
        self._held_ns = -1
        self._look_again = self.create_timer(
            MODEL_CHECK_S, self._answer_held, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._look_again.cancel()

        self._drive = topics.DRIVE.publish_from(self)
        self._acting = topics.POLICY.publish_from(self)
        topics.EPISODE.subscribe_on(self, self._on_episode)

    def start(self, metadata: ModelMetadata, store: ModelStore) -> None:
        """Act at random until a store has a model, or with the one version that was asked for.

        Raises:
            ConfigurationError: there is no such version.
            StoreError: the version that was asked for cannot be loaded.
            PolicyError: it is for other actions or sensors.
        """
        self._action_space = metadata.action_space
        given = self.parameters
        if given.mode == "training":
            self._policy = RandomPolicy(metadata.action_space)
            self._models = ModelWatcher(store, metadata)
            self._models.start()
        else:
            version = choose_version(store, given.model)
            model = load_acting_model(store, version, metadata)
            self._version, self._policy = model.version, model.policy
        self._frames = FrameStack(self._policy.stack_size)
        subscribe_on_observations(self, metadata.sensors, self._on_observation)

    def destroy_node(self) -> None:
        """Stop watching the store with the node."""
        if self._models is not None:
            self._models.close()
        super().destroy_node()

    def _on_observation(self, time_ns: int, observation: Observation) -> None:
        self._observations[time_ns] = observation
        self._answer(time_ns)

    def _on_episode(self, message: DiagnosticArray) -> None:
        judgement = messages.from_episode(message)
        self._judgements[judgement.time_ns] = judgement
        self._answer(judgement.time_ns)

    def _answer(self, time_ns: int) -> None:
        if time_ns not in self._observations or time_ns not in self._judgements:
            return
        judgement = self._judgements[time_ns]
        observation = self._observations[time_ns]
        if self._is_outdated(judgement):
            self._held_ns = time_ns
            self._look_again.reset()
            return
        # Lockstep: when a frame is complete, everything older has been answered or given up.
        self._observations.clear()
        self._judgements.clear()
        if not judgement.to_act:
            return
        if not self._acting.get_subscription_count():
            # The rollout cannot hear yet who acts; the bridge repeats a frame that nobody answers.
            return
        last = self._last_drive
        if last is None or messages.from_stamp(last.header.stamp) != time_ns:
            last = self._last_drive = self._act(judgement, observation)
        self._drive.publish(last)

    def _is_outdated(self, judgement: Judgement) -> bool:
        """Whether an episode would begin with an older model than it may."""
        models = self._models
        return judgement.begins and models is not None and models.seen < judgement.needed_version

    def _answer_held(self) -> None:
        self._look_again.cancel()
        self._answer(self._held_ns)

    def _act(self, judgement: Judgement, observation: Observation) -> TwistStamped:
        if judgement.begins:
            self._begin(judgement)
        if judgement.episode != self._announced:
            # At its first frame, or wherever this agent came into a running episode.
            self._announced = judgement.episode
            self._acting.publish(
                messages.to_policy(judgement.time_ns, judgement.episode, self._version)
            )
        stacked = self._frames.add(observation)
        action = self._policy.act(stacked, self._rng, greedy=judgement.evaluates)
        return messages.to_drive(judgement.time_ns, self._action_space.command(action))

    def _begin(self, judgement: Judgement) -> None:
        newest = self._models.take() if self._models is not None else None
        if newest is not None:
            self._version, self._policy = newest.version, newest.policy
            acts(judgement.episode, self._version)
        identify(episode=judgement.episode, version=self._version)
        self._frames = FrameStack(self._policy.stack_size)
        # An episode's actions depend on its number alone, not on how the ones before it went.
        self._rng = np.random.default_rng(
            [self.parameters.seed, self.parameters.worker, judgement.episode]
        )


def _start(agent: Agent) -> None:
    given = agent.parameters
    agent.start(load_model_metadata(given.model_metadata), open_model_store(given.store))


def main() -> None:
    """Run the agent until it is told to stop."""
    sys.exit(run("agent", Agent, _start))


if __name__ == "__main__":
    main()
