"""All four nodes together over real DDS and a real Redis, with a car without physics."""

from pathlib import Path

import numpy as np
import pytest
from deepracer_core.evaluation_results import read_results
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.experience_objects import ExperienceObjects
from deepracer_core.experience_transport import TRANSPORTS
from deepracer_core.model_files import POLICY_FILE
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.model_store import open_model_store
from deepracer_core.randomisation import RANDOMISED, Randomisation, Range
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.run_status import RunStatus
from deepracer_core.segment import decode
from deepracer_nodes.agent import Agent
from deepracer_nodes.observation import Observation
from deepracer_nodes.rollout import RolloutNode
from deepracer_nodes.rollout import start as start_rollout
from deepracer_nodes.simulator_bridge import SimulatorBridge
from kinematic_simulator import KinematicSimulator

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def redis(tmp_path):
    with RedisServer(tmp_path / "redis") as server:
        yield server


def start_worker(graph, redis, store: Path, run: str, **rollout) -> KinematicSimulator:
    """Bring the four nodes of a worker up on one executor."""
    metadata = str(CONFIG / "model_metadata.json")
    simulator = KinematicSimulator()
    bridge = graph.add(
        SimulatorBridge,
        race_type=rollout.get("race_type", "time_trial"),
        randomised=any(name in rollout for name in RANDOMISED),
    )
    graph.add(Observation).start(load_model_metadata(metadata).sensors)
    agent = graph.add(Agent, store=str(store), model_metadata=metadata, seed=7)
    node = graph.add(
        RolloutNode,
        track="meadow_loop",
        reward_function=str(CONFIG / "reward_function.py"),
        model_metadata=metadata,
        redis=redis.url,
        run=run,
        seed=7,
        segment_length=16,
        store=str(store),
        **rollout,
    )
    agent.start(load_model_metadata(metadata), open_model_store(str(store)))
    start_rollout(node)
    bridge.start(simulator)
    return simulator


def claim(graph, redis, store: Path, run: str, count: int):
    """Spin until so many segments have arrived, and take them."""
    objects = ExperienceObjects.open(str(store), run)
    buffer = ExperienceBuffer(connect(redis.url), run, objects=objects)
    graph.spin_until(lambda: buffer.stats().appended >= count, deadline_s=60.0)
    return [decode(data) for _, data in buffer.claim(count, block_s=1.0)]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_segments_reach_the_buffer_and_hold_together(graph, redis, tmp_path, transport):
    store = tmp_path / "store"
    simulator = start_worker(graph, redis, store, "flow", experience_transport=transport)
    segments = claim(graph, redis, store, "flow", 12)
    assert simulator.resets, "an episode begins with a reset"
    for segment in segments:
        steps = len(segment.rewards)
        (pictures,) = segment.observations.values()
        assert len(pictures) == steps + 1
        assert 1 <= steps <= 16
        assert segment.meta.policy_version == 0
        # The kinematic car writes its frame's number into the image: no frame was missed.
        numbers = pictures[:, 0, 0].astype(int)
        assert set(np.diff(numbers) % 251) == {1}
    records = RunStatus(connect(redis.url), "flow").episodes()
    assert records
    assert {record.number for _, record in records} == set(range(len(records)))


def test_the_same_seed_gives_the_same_experience(graph, redis, tmp_path):
    start_worker(graph, redis, tmp_path / "store", "first")
    first = claim(graph, redis, tmp_path / "store", "first", 8)
    graph.close()
    graph.open()
    start_worker(graph, redis, tmp_path / "store", "second")
    second = claim(graph, redis, tmp_path / "store", "second", 8)
    for one, two in zip(first, second, strict=True):
        np.testing.assert_equal(one.observations, two.observations)
        np.testing.assert_array_equal(one.actions, two.actions)
        np.testing.assert_array_equal(one.rewards, two.rewards)
        assert (one.meta.episode, one.meta.segment) == (two.meta.episode, two.meta.segment)


def test_a_worker_keeps_pace_with_the_trainer(graph, redis, tmp_path):
    """Here nobody learns: the models are of no use, and the trainer's state is what is told."""
    store, files = tmp_path / "store", tmp_path / "hyperparameters.json"
    files.write_text('{"num_episodes_between_training": 2}')
    status = RunStatus(connect(redis.url), "paced")
    status.set_trainer({"state": "learning", "version": 0})
    start_worker(
        graph, redis, store, "paced", max_policy_lag=0, hyperparameters=str(files), max_steps=30
    )

    def stands_still_after(episodes: int) -> None:
        graph.spin_until(lambda: len(status.episodes()) >= episodes)
        graph.spin_for(1.5)
        assert len(status.episodes()) == episodes

    stands_still_after(2)
    open_model_store(str(store)).publish(1, {POLICY_FILE: b"no model"}, {})
    stands_still_after(4)
    # The trainer could not make a model of what it has.
    buffer = ExperienceBuffer(connect(redis.url), "paced")
    assert buffer.claim(1000, block_s=1.0)
    status.set_trainer({"state": "collecting", "version": 1})
    graph.spin_until(lambda: len(status.episodes()) >= 6)


def test_an_evaluation_ends_by_itself_and_writes_its_results(graph, redis, tmp_path):
    """The random agent needs no model in this mode of the rollout node."""
    results = tmp_path / "results.json"
    metadata = str(CONFIG / "model_metadata.json")
    graph.add(Observation).start(load_model_metadata(metadata).sensors)
    bridge = graph.add(SimulatorBridge)
    agent = graph.add(Agent, store=str(tmp_path / "store"), model_metadata=metadata)
    node = graph.add(
        RolloutNode,
        track="meadow_loop",
        reward_function=str(CONFIG / "reward_function.py"),
        model_metadata=metadata,
        mode="evaluation",
        trials=2,
        results=str(results),
    )
    agent.start(load_model_metadata(metadata), open_model_store(str(tmp_path / "store")))
    start_rollout(node)
    bridge.start(KinematicSimulator())
    graph.spin_until(node.finished.done, deadline_s=60.0)
    assert node.finished.result() == 0
    assert [record.number for record in read_results(results)] == [0, 1]


def test_a_run_that_is_taken_up_again_goes_on_counting_its_episodes(graph, redis, tmp_path):
    start_worker(graph, redis, tmp_path / "store", "again")
    status = RunStatus(connect(redis.url), "again")
    graph.spin_until(lambda: len(status.episodes()) >= 2, deadline_s=60.0)
    graph.close()
    before = len(status.episodes())
    graph.open()
    start_worker(graph, redis, tmp_path / "store", "again")
    graph.spin_until(lambda: len(status.episodes()) > before, deadline_s=60.0)
    numbers = [record.number for _, record in status.episodes()]
    # The number of an episode that was broken off is not given again.
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("race_type", "name", "number"),
    [("object_avoidance", "obstacle", 6), ("head_to_bot", "bot_car", 3)],
)
def test_a_race_with_objects_places_them_in_every_frame(
    graph, redis, tmp_path, race_type, name, number
):
    simulator = start_worker(graph, redis, tmp_path / "store", race_type, race_type=race_type)
    claim(graph, redis, tmp_path / "store", race_type, 4)
    # All frames but the first, which nobody answered yet.
    assert len(simulator.placed) == simulator.steps - 1
    for placed in simulator.placed:
        assert [each.name for each in placed] == [f"{name}_{i}" for i in range(number)]
    moved = {placed[0] for placed in simulator.placed}
    assert (len(moved) > 10) == (race_type == "head_to_bot")


def test_each_episode_is_driven_in_conditions_of_its_own(graph, redis, tmp_path):
    given = {"light_strength": "0.5:1.5", "action_delay": "1:3"}
    simulator = start_worker(graph, redis, tmp_path / "store", "random", **given)
    segments = claim(graph, redis, tmp_path / "store", "random", 8)
    ranges = {"light_strength": Range(0.5, 1.5), "action_delay": Range(1.0, 3.0)}
    draws = Randomisation(ranges, seed=7)
    assert len(simulator.applied) == len(simulator.resets) > 2
    expected = [draws.conditions(number) for number in range(len(simulator.applied))]
    assert simulator.applied == expected

    # The experience has the agent's own actions; the car does each of them later.
    first = segments[0]
    assert (first.meta.episode, first.meta.segment) == (0, 0)
    delay = expected[0].action_delay
    # The bridge's own first step is before the reset.
    driven = simulator.commands[1 : len(first.actions) + 1]
    assert driven[:delay] == [(0.0, 0.0)] * delay
    space = load_model_metadata(CONFIG / "model_metadata.json").action_space
    for (angle, speed), action in zip(driven[delay:], first.actions, strict=False):
        command = space.command(action)
        assert (angle, speed) == pytest.approx((command.steering_angle, command.speed))
