"""The same seed, policy and track give the same trajectory, frame for frame."""

import numpy as np
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.segment import Segment, decode
from deepracer_trainer.checkpoint import policy_file
from deepracer_trainer.learner import build_learner
from end_to_end import CONFIG, simulation

SEGMENTS = 20

RANGES = {
    "light_strength": "0.5:1.5",
    "road_texture": "0:3",
    "camera_pitch_deg": "-3:3",
    "friction": "0.6:1",
    "action_delay": "0:2",
}
"""Conditions that each episode draws: they, too, are the same."""


def drive(start, workplace, redis, store, run: str) -> list[Segment]:
    """The first segments of a simulation of its own."""
    buffer = ExperienceBuffer(connect(redis.url), run)
    worker = start(*simulation(workplace, run=run, redis=redis.url, store=store, seed=11, **RANGES))
    worker.wait_until(lambda: buffer.stats().appended >= SEGMENTS)
    assert worker.stop() == 0, worker.tail()
    return [decode(data) for _, data in buffer.claim(SEGMENTS, block_s=1.0)]


def test_the_same_seed_policy_and_track_give_the_same_frames(start, workplace, redis, tmp_path):
    learner = build_learner(
        load_model_metadata(CONFIG / "model_metadata.json"),
        load_hyperparameters(CONFIG / "hyperparameters.json"),
        seed=3,
    )
    store = tmp_path / "store"
    open_model_store(str(store)).publish(1, policy_file(learner.network), {})

    first = drive(start, workplace, redis, store, "first")
    second = drive(start, workplace, redis, store, "second")

    assert len(first) == SEGMENTS
    for one, two in zip(first, second, strict=True):
        assert one.meta.policy_version == 1
        assert (one.meta.episode, one.meta.segment) == (two.meta.episode, two.meta.segment)
        np.testing.assert_equal(one.observations, two.observations)
        np.testing.assert_array_equal(one.actions, two.actions)
        np.testing.assert_array_equal(one.rewards, two.rewards)
