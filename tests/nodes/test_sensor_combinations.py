"""Every combination of sensors flows through all four nodes into the segments."""

import json
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.model_store import open_model_store
from deepracer_core.observation import observation_dtype, observation_shapes
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.segment import Segment, decode
from deepracer_core.sensors import SENSORS
from deepracer_gazebo.car_model import cameras_of
from deepracer_nodes.agent import Agent
from deepracer_nodes.observation import Observation
from deepracer_nodes.rollout import RolloutNode
from deepracer_nodes.rollout import start as start_rollout
from deepracer_nodes.simulator_bridge import SimulatorBridge
from kinematic_simulator import KinematicSimulator

CONFIG = Path(__file__).parents[2] / "config"
RACE = "object_avoidance"


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


def drive(graph, redis, folder: Path, sensors: list[str]) -> list[Segment]:
    """Let a worker with these sensors drive among boxes, and return its first segments."""
    path = folder / "model_metadata.json"
    values = json.loads((CONFIG / "model_metadata.json").read_text(encoding="utf-8"))
    path.write_text(json.dumps({**values, "sensor": sensors}), encoding="utf-8")
    metadata = load_model_metadata(path)
    run = "-".join(sensors)
    bridge = graph.add(SimulatorBridge, race_type=RACE)
    graph.add(Observation).start(metadata.sensors)
    agent = graph.add(Agent, store=str(folder / "store"), model_metadata=str(path), seed=7)
    rollout = graph.add(
        RolloutNode,
        track="meadow_loop",
        reward_function=str(CONFIG / "reward_function.py"),
        model_metadata=str(path),
        redis=redis.url,
        run=run,
        race_type=RACE,
        number_of_obstacles=12,
        seed=7,
        segment_length=16,
    )
    agent.start(metadata, open_model_store(str(folder / "store")))
    start_rollout(rollout)
    bridge.start(KinematicSimulator(cameras_of(metadata.sensors)))
    buffer = ExperienceBuffer(connect(redis.url), run)
    graph.spin_until(lambda: buffer.stats().appended >= 6, deadline_s=60.0)
    return [decode(data) for _, data in buffer.claim(6, block_s=1.0)]


@pytest.mark.parametrize(
    "sensors",
    [
        *([sensor] for sensor in SENSORS),
        ["STEREO_CAMERAS", "LIDAR"],
        ["FRONT_FACING_CAMERA", "STEREO_CAMERAS", "SECTOR_LIDAR"],
    ],
    ids="+".join,
)
def test_segments_have_what_each_sensor_saw_of_each_frame(graph, redis, tmp_path, sensors):
    segments = drive(graph, redis, tmp_path, sensors)
    shapes = observation_shapes(sensors)
    for segment in segments:
        assert list(segment.observations) == sensors
        for sensor, seen in segment.observations.items():
            assert seen.shape == (len(segment) + 1, *shapes[sensor])
            assert seen.dtype == observation_dtype(sensor)
    parts = {sensor: [segment.observations[sensor] for segment in segments] for sensor in sensors}
    for sensor in {"LIDAR", "SECTOR_LIDAR", "DISCRETIZED_SECTOR_LIDAR"} & parts.keys():
        # Boxes are near at some times, and come nearer.
        assert len(np.unique(np.concatenate(parts[sensor]), axis=0)) > 1
    for sensor in {"FRONT_FACING_CAMERA", "STEREO_CAMERAS"} & parts.keys():
        # The kinematic car writes its frame's number into its images: no frame was missed.
        for pictures in parts[sensor]:
            numbers = pictures[:, 0, 0].reshape(len(pictures), -1).astype(int)
            assert set(np.diff(numbers, axis=0).ravel() % 251) == {1}
            assert set(np.diff(numbers, axis=1).ravel() % 251) <= {1}
