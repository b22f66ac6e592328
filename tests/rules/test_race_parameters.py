"""The race that a node's parameters describe: where its episodes begin, what is on its road."""

import dataclasses
from pathlib import Path

import pytest
from deepracer.settings import RACE_FIELDS, JobSettings
from deepracer_core.episode import CarState
from deepracer_core.errors import ConfigurationError
from deepracer_core.race_objects import RaceType
from deepracer_core.race_parameters import RaceParameters, create_starts
from deepracer_core.race_scenes import SceneSettings, create_scenes
from deepracer_core.rollout_parameters import RolloutParameters, create_race
from deepracer_core.track_library import load_track

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def track():
    return load_track("meadow_loop")


def shares(track, *, training=True, ahead=0.0, count=4, **given):
    """The first starts, as shares of the lap."""
    starts = create_starts(RaceParameters(**given), track, training=training, ahead=ahead)
    return [starts.next().distance / track.length for _ in range(count)]


def test_training_episodes_begin_round_the_lap_and_those_of_workers_apart(track):
    assert shares(track) == pytest.approx([0.0, 0.05, 0.1, 0.15])
    assert shares(track, ahead=0.5, round_robin_advance_dist=0.3) == pytest.approx(
        [0.5, 0.8, 0.1, 0.4]
    )


def test_without_a_change_each_training_episode_of_each_worker_begins_at_the_start_line(track):
    for ahead in (0.0, 0.5):
        assert shares(track, change_start_position=False, ahead=ahead) == [0.0] * 4
    moved = shares(track, change_start_position=False, start_position_offset=0.25, ahead=0.5)
    assert moved == pytest.approx([0.25] * 4)


def test_without_a_change_the_direction_alternates_all_the_same(track):
    given = RaceParameters(change_start_position=False, alternate_driving_direction=True)
    starts = create_starts(given, track, training=True)
    taken = [starts.next() for _ in range(4)]
    assert [start.track.is_reversed for start in taken] == [False, True, False, True]
    assert [start.distance for start in taken] == [0.0] * 4


@pytest.mark.parametrize("alternate", [False, True])
def test_a_worker_that_is_started_again_goes_on_round_the_lap(track, alternate):
    given = RaceParameters(round_robin_advance_dist=0.3, alternate_driving_direction=alternate)
    starts = create_starts(given, track, training=True, ahead=0.5)
    expected = [starts.next() for _ in range(12)][7:]
    again = create_starts(given, track, training=True, ahead=0.5, taken=7)
    for start in expected:
        following = again.next()
        assert following.distance == start.distance
        assert following.track.is_reversed == start.track.is_reversed


@pytest.mark.parametrize("trained", [0, 7])
def test_the_first_episode_of_a_race_begins_after_those_that_were_trained(track, trained):
    given = RolloutParameters(
        track=track.name,
        reward_function=str(CONFIG / "reward_function.py"),
        model_metadata=str(CONFIG / "model_metadata.json"),
    )
    race = create_race(given, first_episode=2 * trained, trained=trained)
    race.state(CarState(0, 0.0, 0.0, 0.0, 0.0, 0.0))
    race.observation(0, {})
    (reset,) = race.take_resets()
    x, y, yaw = track.pose_at(trained * 0.05 * track.length)
    assert (reset.x, reset.y, reset.yaw) == pytest.approx((x, y, yaw))


@pytest.mark.parametrize("change", [False, True])
def test_an_evaluation_begins_at_one_place_whatever_it_says(track, change):
    given = {"change_start_position": change, "start_position_offset": 0.5}
    assert shares(track, training=False, ahead=0.25, **given) == pytest.approx([0.5] * 4)


def test_parameters_and_settings_of_the_race_have_the_same_names_and_defaults():
    assert {field.name for field in dataclasses.fields(RaceParameters)} == set(RACE_FIELDS)
    parameters, settings = RaceParameters(), JobSettings()
    for name in RACE_FIELDS:
        assert getattr(parameters, name) == (getattr(settings, name) or getattr(parameters, name))


@pytest.mark.parametrize("race", RaceType)
def test_the_parameters_make_the_scenes_of_each_race(track, race):
    given = RaceParameters(race_type=race.value, number_of_obstacles=4, number_of_bot_cars=2)
    scenes = create_scenes(SceneSettings.of(given), track, seed=0, worker=0)
    if race is RaceType.TIME_TRIAL:
        assert scenes is None
    else:
        objects = scenes.scene(track, 0.0, 0).at(0.0)
        assert len(objects) == (4 if race is RaceType.OBJECT_AVOIDANCE else 2)


def test_a_race_that_there_is_not_is_refused(track):
    given = SceneSettings.of(RaceParameters(race_type="drag"))
    with pytest.raises(ConfigurationError, match="race_type: expected one of time_trial, object_"):
        create_scenes(given, track, seed=0, worker=0)
