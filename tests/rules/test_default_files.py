"""The files of a user who has not written any yet."""

from math import pi
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.episode import CarState, Episode, EpisodeRules
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.reward import load_reward_function, reward_params
from deepracer_core.track_library import load_track

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture(scope="module")
def reward_of():
    track = load_track("meadow_loop")
    waypoints = track.waypoints
    function = load_reward_function(CONFIG / "reward_function.py")

    def reward_of(distance, offset=0.0, turned=0.0, speed=1.0):
        x, y, yaw = track.pose_at(distance, offset)
        state = CarState(0, x, y, yaw + turned, speed, 0.0)
        return function(
            reward_params(track, waypoints, Episode(track, EpisodeRules(), state, 0).begin)
        )

    return reward_of


def test_the_reward_is_within_0_and_1_everywhere(reward_of):
    rng = np.random.default_rng(0)
    rewards = [
        reward_of(d, o, t, s)
        for d, o, t, s in zip(
            rng.uniform(0, 30, 500),
            rng.uniform(-0.6, 0.6, 500),
            rng.uniform(-pi, pi, 500),
            rng.uniform(0, 4, 500),
            strict=True,
        )
    ]
    assert 0.0 <= min(rewards) < 0.01
    assert 0.9 < max(rewards) <= 1.0


def test_it_prefers_the_middle_the_direction_of_the_road_and_speed(reward_of):
    for distance in np.arange(0.0, 15.0, 0.5):
        offsets = [reward_of(distance, offset) for offset in (0.0, 0.1, 0.2, 0.3)]
        assert offsets == sorted(offsets, reverse=True)
        turns = [reward_of(distance, turned=turned) for turned in (0.0, 0.6, 1.2, 3.0)]
        assert turns == sorted(turns, reverse=True)
        assert turns[-1] == 0.0
        speeds = [reward_of(distance, speed=speed) for speed in (0.0, 0.5, 1.0, 1.2)]
        assert speeds == sorted(speeds)
        assert reward_of(distance, 0.6) == 0.0


def test_the_default_files_load():
    metadata = load_model_metadata(CONFIG / "model_metadata.json")
    assert metadata.action_space.is_discrete
    assert metadata.neural_network == "SMALL_CONVOLUTIONAL_NETWORK"
    load_hyperparameters(CONFIG / "hyperparameters.json")
