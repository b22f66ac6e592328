"""Every name of the table that is a setting, and what contradicts itself."""

import dataclasses
import logging

import pytest
from deepracer.robomaker.race_settings import resolve, with_layer
from deepracer.robomaker.told import Told
from deepracer.robomaker.variables import EVALUATION, SETTING_BY_NAME, TRAINING
from deepracer.settings import JobSettings
from deepracer_core.errors import ConfigurationError

DEFAULTS = JobSettings(track="pond_oval")

EXAMPLES = {
    "WORLD_NAME": ("clover_leaf", {"track": "clover_leaf"}),
    "RACE_TYPE": ("HEAD_TO_BOT", {"race_type": "head_to_bot"}),
    "REVERSE_DIR": ("True", {"reverse_direction": True}),
    "START_POSITION_OFFSET": ("0.25", {"start_position_offset": 0.25}),
    "ALTERNATE_DRIVING_DIRECTION": ("true", {"alternate_driving_direction": True}),
    "CHANGE_START_POSITION": ("false", {"change_start_position": False}),
    "ROUND_ROBIN_ADVANCE_DIST": ("0.1", {"round_robin_advance_dist": 0.1}),
    "NUMBER_OF_TRIALS": ("5", {"evaluation_trials": 5}),
    "IS_CONTINUOUS": ("True", {"is_continuous": True}),
    "NUMBER_OF_RESETS": ("100", {"number_of_resets": 100}),
    "OFF_TRACK_PENALTY": ("5.0", {"off_track_penalty": 5.0}),
    "COLLISION_PENALTY": ("3.0", {"collision_penalty": 3.0}),
    "NUMBER_OF_OBSTACLES": ("4", {"number_of_obstacles": 4}),
    "MIN_DISTANCE_BETWEEN_OBSTACLES": ("1.5", {"min_distance_between_obstacles": 1.5}),
    "RANDOMIZE_OBSTACLE_LOCATIONS": ("True", {"randomize_obstacle_locations": True}),
    # Lane 1 is the inner one in the original's simulation, -1 in this project.
    "OBJECT_POSITIONS": (["0.23,-1", "0.46,1"], {"object_positions": "0.23,1;0.46,-1"}),
    "NUMBER_OF_BOT_CARS": ("2", {"number_of_bot_cars": 2}),
    "BOT_CAR_SPEED": ("0.5", {"bot_car_speed": 0.5}),
    "MIN_DISTANCE_BETWEEN_BOT_CARS": ("3.0", {"min_distance_between_bot_cars": 3.0}),
    "RANDOMIZE_BOT_CAR_LOCATIONS": ("True", {"randomize_bot_car_locations": True}),
    "IS_LANE_CHANGE": ("True", {"is_lane_change": True}),
    "LOWER_LANE_CHANGE_TIME": ("2.0", {"lower_lane_change_time": 2.0}),
    "UPPER_LANE_CHANGE_TIME": ("6.0", {"upper_lane_change_time": 6.0}),
    "LANE_CHANGE_DISTANCE": ("2.0", {"lane_change_distance": 2.0}),
    "ENABLE_DOMAIN_RANDOMIZATION": (
        "True",
        {"light_strength": "0.5:1.2", "light_color": "0.5:1.0", "object_color": "0.0:1.0"},
    ),
    "ENABLE_GUI": ("True", {"headless": False}),
    "KINESIS_VIDEO_STREAM_NAME": ("dr-kvs-0", {"live_video": "kinesis:dr-kvs-0"}),
    "ENABLE_KINESIS": ("False", {"live_video": None}),
}


def say(**said: object) -> dict[str, Told]:
    return {name: Told(value, name) for name, value in {"WORLD_NAME": "pond_oval", **said}.items()}


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.levelno == logging.WARNING]


def test_a_stream_that_is_named_is_sent_to_unless_that_is_switched_off():
    named = {"KINESIS_VIDEO_STREAM_NAME": "cars"}
    for enabled, place in ((None, "kinesis:cars"), ("True", "kinesis:cars"), ("False", None)):
        told = named if enabled is None else {**named, "ENABLE_KINESIS": enabled}
        assert resolve(say(**told), TRAINING, {}).settings.live_video == place
    with pytest.raises(ConfigurationError, match="KINESIS_VIDEO_STREAM_NAME: live_video: expected"):
        resolve(say(KINESIS_VIDEO_STREAM_NAME="a b"), TRAINING, {})


def test_there_is_an_example_of_every_name():
    assert EXAMPLES.keys() == SETTING_BY_NAME.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_name_sets_its_setting_and_nothing_else(name):
    value, expected = EXAMPLES[name]
    kind = SETTING_BY_NAME[name].job or TRAINING
    resolved = resolve(say(**{name: value}), kind, {})
    for field in dataclasses.fields(JobSettings):
        wanted = expected.get(field.name, getattr(DEFAULTS, field.name))
        assert getattr(resolved.settings, field.name) == wanted, field.name
    assert all(resolved.sources[setting] == name for setting in expected)


@pytest.mark.parametrize("value", ["False", "false", False])
def test_what_is_switched_off_changes_nothing(value):
    said = say(ENABLE_DOMAIN_RANDOMIZATION=value, ENABLE_GUI=value)
    assert resolve(said, TRAINING, {}).settings == DEFAULTS


def test_positions_in_one_line():
    said = say(RACE_TYPE="OBJECT_AVOIDANCE", OBJECT_POSITIONS='"0.23,-1;0.46,1"')
    assert resolve(said, TRAINING, {}).settings.object_positions == "0.23,1;0.46,-1"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"RACE_TYPE": "HEAD_TO_MODEL"},
            "RACE_TYPE: expected one of TIME_TRIAL, .*got 'HEAD_TO_MO",
        ),
        ({"OBJECT_POSITIONS": ["0.23"]}, "OBJECT_POSITIONS: .*expected a share of the lap"),
        ({"ENABLE_GUI": "perhaps"}, "ENABLE_GUI: expected True or False, got 'perhaps'"),
        ({"TRACK_DIRECTION_CLOCKWISE": "maybe"}, "TRACK_DIRECTION_CLOCKWISE: expected True or"),
        (
            {"BOT_CAR_SPEED": "fast"},
            "BOT_CAR_SPEED: setting 'bot_car_speed': should be a valid num",
        ),
        (
            {"ROUND_ROBIN_ADVANCE_DIST": "1.5"},
            "ROUND_ROBIN_ADVANCE_DIST: .*less than or equal to 0.999, got '1.5'",
        ),
        ({"NUMBER_OF_OBSTACLES": "100"}, "NUMBER_OF_OBSTACLES: .*less than or equal to 20"),
    ],
)
def test_values_that_do_not_fit(said, message):
    with pytest.raises(ConfigurationError, match=message):
        resolve(say(**said), TRAINING, {})


def test_a_track_that_is_not_there_says_which_are_and_how_to_import_it(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPRACER_TRACKS", str(tmp_path))
    with pytest.raises(ConfigurationError) as refused:
        resolve(say(WORLD_NAME="reinvent_base"), TRAINING, {})
    text = str(refused.value)
    assert text.startswith("WORLD_NAME: unknown track 'reinvent_base'; there are brook_chicanes, ")
    assert f"`deepracer import-track reinvent_base.npy` makes a track in {tmp_path}" in text
    assert "DEEPRACER_TRACKS" in text


def test_no_track_at_all():
    with pytest.raises(ConfigurationError, match="WORLD_NAME: expected the name of a track"):
        resolve({}, TRAINING, {})
    assert resolve({}, TRAINING, {"DEEPRACER_TRACK": "pond_oval"}).settings == DEFAULTS


@pytest.mark.parametrize(
    ("clockwise", "track"), [("true", "pond_oval_cw"), ("False", "pond_oval_ccw")]
)
def test_a_direction_is_an_ending_of_the_tracks_name(clockwise, track):
    with pytest.raises(ConfigurationError, match=f"unknown track {track!r}"):
        resolve(say(TRACK_DIRECTION_CLOCKWISE=clockwise), TRAINING, {})


def test_the_projects_own_variables_win(caplog):
    environment = {"DEEPRACER_TRACK": "clover_leaf", "DEEPRACER_SIMULATOR": "flat"}
    resolved = resolve(say(), TRAINING, environment)
    assert (resolved.settings.track, resolved.settings.simulator) == ("clover_leaf", "flat")
    assert warnings(caplog) == ["DEEPRACER_TRACK=clover_leaf wins over WORLD_NAME=pond_oval"]
    with pytest.raises(ConfigurationError, match=r"DEEPRACER_SIMULATR.*DEEPRACER_SIMULATOR"):
        resolve(say(), TRAINING, {"DEEPRACER_SIMULATR": "flat"})


def test_what_is_for_another_job_has_no_effect_and_is_told(caplog):
    caplog.set_level(logging.INFO)
    said = say(NUMBER_OF_TRIALS="5", CHANGE_START_POSITION="false")
    assert resolve(said, TRAINING, {}).settings.evaluation_trials == DEFAULTS.evaluation_trials
    assert "NUMBER_OF_TRIALS has no effect: it is for EVALUATION" in caplog.messages
    assert resolve(said, EVALUATION, {}).settings.change_start_position
    assert "CHANGE_START_POSITION has no effect: it is for TRAINING" in caplog.messages


def test_what_is_for_another_race_is_warned_of(caplog):
    resolve(say(NUMBER_OF_OBSTACLES="4", RACE_TYPE="HEAD_TO_BOT"), TRAINING, {})
    assert warnings(caplog) == [
        "NUMBER_OF_OBSTACLES has no effect: it is for RACE_TYPE OBJECT_AVOIDANCE, not HEAD_TO_BOT"
    ]


def test_given_positions_win_over_number_and_chance(caplog):
    said = say(
        RACE_TYPE="OBJECT_AVOIDANCE",
        OBJECT_POSITIONS=["0.23,-1", "0.46,1"],
        NUMBER_OF_OBSTACLES="6",
        RANDOMIZE_OBSTACLE_LOCATIONS="True",
    )
    resolve(said, TRAINING, {})
    assert warnings(caplog) == [
        "NUMBER_OF_OBSTACLES: the 2 places of OBJECT_POSITIONS win",
        "RANDOMIZE_OBSTACLE_LOCATIONS: the places of OBJECT_POSITIONS win",
    ]


def test_what_is_found_later_wins_and_says_so(caplog):
    resolved = resolve(say(), TRAINING, {"DEEPRACER_STORE": "s3://other/place"})
    resolved = with_layer(resolved, {"store": ("s3://mine/first", "the bucket")})
    assert resolved.settings.store == "s3://mine/first"
    assert resolved.sources["store"] == "the bucket"
    assert warnings(caplog) == ["DEEPRACER_STORE has no effect here: store is s3://mine/first"]
