"""The gymnasium environment: the same rewards, episodes and rules as on the graph."""

from math import atan, atan2, hypot, pi, sin

import gymnasium
import numpy as np
import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.simulation import WHEELBASE
from gymnasium.utils.env_checker import check_env

import deepracer_flat

CONTINUOUS = """{"action_space": {"steering_angle": {"low": -30, "high": 30},
"speed": {"low": 0.5, "high": 2.0}}, "action_space_type": "continuous", "sensor": %s}"""


def make(**options):
    return gymnasium.make(deepracer_flat.ENVIRONMENT, **options)


def continuous(tmp_path, sensors='["FRONT_FACING_CAMERA"]'):
    path = tmp_path / "model_metadata.json"
    path.write_text(CONTINUOUS % sensors)
    return path


def follow(environment):
    """Steer for a point of the centre line ahead (pure pursuit); an action within [-1, 1]."""
    unwrapped = environment.unwrapped
    x, y, _ = unwrapped.frame.position
    track = unwrapped.track
    place = track.project([(x, y)])
    to_x, to_y, _ = track.pose_at(float(place.distance[0]) + 0.4)
    bearing = atan2(to_y - y, to_x - x) - unwrapped.frame.yaw
    angle = atan(2.0 * WHEELBASE * sin(bearing) / hypot(to_x - x, to_y - y))
    return np.array([np.clip(angle / (pi / 6), -1.0, 1.0), -0.3], np.float32)


def test_it_needs_no_files_of_the_users_wherever_it_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = make()
    seen, _ = environment.reset()
    assert seen.shape == (120, 160, 1)
    assert environment.action_space.n == 5


@pytest.mark.parametrize("race_type", ["time_trial", "object_avoidance", "head_to_bot"])
def test_it_is_a_gymnasium_environment(race_type):
    check_env(make(race_type=race_type).unwrapped, skip_render_check=True)


def test_a_follower_completes_a_lap_which_truncates_the_episode(tmp_path):
    environment = make(model_metadata=continuous(tmp_path))
    environment.reset(seed=3)
    rewards, progress = [], [0.0]
    while True:
        _, reward, terminated, truncated, info = environment.step(follow(environment))
        rewards.append(reward)
        progress.append(info["progress"])
        if terminated or truncated:
            break
    assert (terminated, truncated) == (False, True)
    assert info["status"] == "lap_complete"
    assert progress[-1] == 100.0
    assert np.diff(progress).min() >= -1e-9
    assert 150 < len(rewards) < 400
    assert min(rewards) > 0.0


def test_leaving_the_road_terminates_and_the_time_is_up_truncates(tmp_path):
    environment = make(model_metadata=continuous(tmp_path), max_steps=12)
    environment.reset(seed=0)
    hard_left = np.array([1.0, 1.0], np.float32)
    ended = [environment.step(hard_left)[2:4] for _ in range(3)]
    while not any(ended[-1]):
        ended.append(environment.step(hard_left)[2:4])
    assert ended[-1] == (True, False)
    environment.reset()
    ended = [environment.step(follow(environment))[2:4] for _ in range(12)]
    assert ended == [(False, False)] * 11 + [(False, True)]


def test_the_same_seed_gives_the_same_episodes_bit_for_bit():
    def drive(environment):
        environment.reset(seed=5)
        environment.action_space.seed(5)
        seen = []
        for _ in range(200):
            observation, reward, terminated, truncated, info = environment.step(
                environment.action_space.sample()
            )
            seen.append((observation.tobytes(), reward, terminated, truncated, info["progress"]))
            if terminated or truncated:
                seen.append(environment.reset()[0].tobytes())
        return seen

    environment = make(race_type="object_avoidance", randomize_objects=True)
    first = drive(environment)
    assert drive(environment) == first
    assert drive(make(race_type="object_avoidance", randomize_objects=True)) == first


def test_episodes_begin_further_round_the_lap():
    environment = make(advance=0.25)
    starts = []
    environment.reset(seed=1)
    for _ in range(5):
        starts.append(tuple(environment.unwrapped.frame.position[:2]))
        environment.reset()
    assert len({(round(x, 2), round(y, 2)) for x, y in starts}) == 4
    np.testing.assert_allclose(starts[0], starts[4], atol=1e-9)


def test_several_sensors_are_a_dictionary(tmp_path):
    sensors = '["STEREO_CAMERAS", "LIDAR"]'
    environment = make(model_metadata=continuous(tmp_path, sensors), race_type="object_avoidance")
    observation, _ = environment.reset(seed=1)
    assert set(observation) == {"STEREO_CAMERAS", "LIDAR"}
    assert environment.observation_space.contains(observation)
    assert observation["STEREO_CAMERAS"].shape == (120, 160, 2)
    left, right = observation["STEREO_CAMERAS"][..., 0], observation["STEREO_CAMERAS"][..., 1]
    assert (left != right).any()


def test_many_at_once():
    environments = gymnasium.make_vec(
        deepracer_flat.ENVIRONMENT, num_envs=3, vectorization_mode="sync"
    )
    observations, _ = environments.reset(seed=1)
    assert observations.shape == (3, 120, 160, 1)
    observations, rewards, *_ = environments.step(environments.action_space.sample())
    assert rewards.shape == (3,)
    environments.close()


def test_it_shows_what_the_car_sees():
    environment = make(render_mode="rgb_array")
    environment.reset(seed=1)
    picture = environment.render()
    assert picture.shape == (480, 640, 3)
    assert picture.dtype == np.uint8
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


def test_what_cannot_be_used_is_refused():
    with pytest.raises(ConfigurationError, match="unknown track 'nowhere'"):
        make(track="nowhere")
    with pytest.raises(ConfigurationError, match="race_type: expected one of time_trial"):
        make(race_type="demolition")
    environment = make()
    environment.reset()
    with pytest.raises(ValueError, match=r"expected an index within 0\.\.4, got 9"):
        environment.unwrapped.step(9)
