"""A car with two eyes and a lidar learns to drive among boxes, as one with a camera does."""

import json

import numpy as np
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus
from deepracer_core.segment import decode
from end_to_end import CONFIG, launch_arguments, simulation

SENSORS = ["STEREO_CAMERAS", "LIDAR"]
RACE = {"race_type": "object_avoidance", "number_of_obstacles": 10}


def own_metadata(folder):
    values = json.loads((CONFIG / "model_metadata.json").read_text(encoding="utf-8"))
    path = folder / "model_metadata.json"
    path.write_text(json.dumps({**values, "sensor": SENSORS}), encoding="utf-8")
    return path


def test_two_versions_are_learnt_from_stereo_images_and_scans(
    start, workplace, redis, tmp_path, hyperparameters
):
    status = RunStatus(connect(redis.url), "sensors")
    training = start(
        "ros2",
        "launch",
        "deepracer",
        "train.launch.py",
        *launch_arguments(
            workplace,
            run="sensors",
            redis=redis.url,
            store=tmp_path / "store",
            model_metadata=own_metadata(tmp_path),
            hyperparameters=hyperparameters,
            job_duration_in_seconds=600,
            **RACE,
        ),
    )
    # A short iteration can be over before an episode ends, so that its model never drives.
    training.wait_until(
        lambda: len({record.policy_version for _, record in status.episodes()} - {0}) >= 2,
        deadline_s=300.0,
    )
    store = open_model_store(str(tmp_path / "store"))
    assert store.load(1).files["policy.tflite"] != store.load(2).files["policy.tflite"]
    assert training.stop() == 0, training.tail()
    assert "process has died" not in training.tail(100_000)


def test_both_eyes_and_the_lidar_see_the_boxes(start, workplace, redis, tmp_path):
    worker = start(
        *simulation(
            workplace,
            run="seen",
            redis=redis.url,
            store=tmp_path / "store",
            model_metadata=own_metadata(tmp_path),
            camera_width=320,
            camera_height=240,
            camera_rate=5,
            **RACE,
        )
    )
    buffer = ExperienceBuffer(connect(redis.url), "seen")
    worker.wait_until(lambda: buffer.stats().appended >= 8)
    segments = [decode(data) for _, data in buffer.claim(8, block_s=1.0)]
    assert worker.stop() == 0, worker.tail()

    pictures = np.concatenate([each.observations["STEREO_CAMERAS"] for each in segments])
    scans = np.concatenate([each.observations["LIDAR"] for each in segments])
    assert pictures.shape[1:] == (120, 160, 2)
    assert scans.shape[1:] == (64,)
    # Two eyes never see the same picture, but the same world: more alike than at another time.
    left, right = pictures[..., 0].astype(float), pictures[..., 1].astype(float)
    differences = np.abs(left - right).mean(axis=(1, 2))
    assert differences.min() > 1.0
    assert differences.mean() < 0.8 * np.abs(left - left[::-1]).mean()
    # In front of some frames stands a box, and most rays meet nothing.
    assert scans.min() < 2.0
    assert (scans == 12.0).mean() > 0.5
    # A picture lasts three steps, a scan one.
    changes = np.concatenate(
        [np.diff(each.observations["STEREO_CAMERAS"], axis=0).any((1, 2, 3)) for each in segments]
    )
    assert 0.2 < changes.mean() < 0.5
    assert (np.diff(scans[: len(segments[0])], axis=0) != 0.0).any(axis=1).all()
