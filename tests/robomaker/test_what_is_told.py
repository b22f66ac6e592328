"""The environment and the YAML: names known and unknown, forms of values, contradictions."""

import logging

import pytest
from deepracer.robomaker import told
from deepracer.robomaker.told import Told
from deepracer.robomaker.variables import KNOWN
from deepracer_core.errors import ConfigurationError

FILE = "s3://bucket/first/params.yaml"


def values(answers: dict[str, Told]) -> dict[str, object]:
    return {name: each.value for name, each in answers.items()}


def test_every_name_is_read_from_both_places():
    in_environment = told.from_environment(dict.fromkeys(KNOWN, "1"))
    assert set(in_environment) == KNOWN
    assert in_environment["WORLD_NAME"] == Told("1", "WORLD_NAME")
    text = "\n".join(f"{name}: '1'" for name in KNOWN - {"REDIS_PASSWORD"})
    in_file = told.from_yaml(text.encode(), FILE)
    assert set(in_file) == KNOWN - {"REDIS_PASSWORD"}
    assert in_file["WORLD_NAME"] == Told("1", f"WORLD_NAME in {FILE}")


def test_what_is_empty_says_nothing():
    assert told.from_environment({"KINESIS_VIDEO_STREAM_NAME": "", "WORLD_NAME": " "}) == {}
    assert told.from_yaml(b"WORLD_NAME: ''\nRACE_TYPE:\nCAR_COLOR: []\n", FILE) == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NUM_WORKERS: '2'", "2"),
        ("NUM_WORKERS: 2", 2),
        ("OFF_TRACK_PENALTY: 5.0", 5.0),
        ("REVERSE_DIR: !!bool 'false'", False),
        ("MODEL_S3_BUCKET: ['bucket']", "bucket"),
        ("MODEL_S3_BUCKET:\n- bucket", "bucket"),
        ("OBJECT_POSITIONS:\n- 0.23,-1\n- 0.46,1", ["0.23,-1", "0.46,1"]),
    ],
)
def test_the_forms_of_public_files(text, value):
    assert list(values(told.from_yaml(text.encode(), FILE)).values()) == [value]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("WORLD_NAME: [a, b]", "WORLD_NAME: expected one value, got 2: races of several models"),
        ("WORLD_NAME: {a: b}", "WORLD_NAME: expected a value, got a mapping"),
        ("WORLD_NAME: [", "expected YAML, got: "),
        ("just words", "expected `NAME: value` lines, got str"),
        ("", "expected `NAME: value` lines, got NoneType"),
        ("REDIS_PASSWORD: planted", "REDIS_PASSWORD: expected it in the environment only"),
    ],
)
def test_what_is_no_file_of_names(text, message):
    with pytest.raises(ConfigurationError, match=f"{FILE}: {message}") as refused:
        told.from_yaml(text.encode(), FILE)
    assert "planted" not in str(refused.value)


def test_an_unknown_name_in_the_file_is_told_with_the_nearest(caplog):
    assert told.from_yaml(b"NUMBER_OF_TRIAL: 3", FILE) == {}
    assert caplog.messages == [
        f"{FILE}: unknown name 'NUMBER_OF_TRIAL' has no effect; did you mean 'NUMBER_OF_TRIALS'?"
    ]


def test_a_variable_that_is_nearly_one_of_them_is_told(caplog):
    usual = {"PATH": "/bin", "AWS_ACCESS_KEY_ID": "x", "AWS_DEFAULT_REGION": "y", "HOME": "/"}
    usual["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9000"
    misspelt = {"WORLDNAME": "a", "SAGEMAKER_SHARED_S3_BUCKETS": "planted"}
    assert told.from_environment({**usual, **misspelt}) == {}
    assert caplog.messages == [
        "environment: WORLDNAME means nothing here; did you mean WORLD_NAME?",
        "environment: SAGEMAKER_SHARED_S3_BUCKETS means nothing here;"
        " did you mean SAGEMAKER_SHARED_S3_BUCKET?",
    ]


def merged(environment: dict[str, str], text: str) -> dict[str, Told]:
    return told.merge(told.from_environment(environment), told.from_yaml(text.encode(), FILE))


def test_the_environment_wins_over_the_file(caplog):
    answers = merged({"RACE_TYPE": "TIME_TRIAL"}, "RACE_TYPE: HEAD_TO_BOT\nWORLD_NAME: a")
    assert values(answers) == {"RACE_TYPE": "TIME_TRIAL", "WORLD_NAME": "a"}
    assert caplog.messages == [
        "RACE_TYPE=TIME_TRIAL in the environment wins over HEAD_TO_BOT in the YAML"
    ]


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({"CHANGE_START_POSITION": "True"}, "CHANGE_START_POSITION: 'true'"),
        ({"NUM_WORKERS": "2"}, "NUM_WORKERS: 2"),
        ({"JOB_TYPE": "training"}, "JOB_TYPE: TRAINING"),
        ({"SAGEMAKER_SHARED_S3_PREFIX": "a/b/"}, "SAGEMAKER_SHARED_S3_PREFIX: a/b"),
    ],
)
def test_the_same_said_twice_is_no_contradiction(environment, text, caplog):
    merged(environment, text)
    assert not caplog.messages


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("JOB_TYPE", "TRAINING", "EVALUATION"),
        ("NUM_WORKERS", "2", "3"),
        ("SAGEMAKER_SHARED_S3_BUCKET", "mine", "yours"),
        ("SAGEMAKER_SHARED_S3_PREFIX", "a", "A"),
        ("MODEL_S3_BUCKET", "mine", "yours"),
        ("MODEL_S3_PREFIX", "a", "b"),
    ],
)
def test_two_runs_at_once_are_refused(name, first, second):
    with pytest.raises(ConfigurationError, match=f"{name} in {FILE}: expected {first!r} as in the"):
        merged({name: first}, f"{name}: {second}")


def test_what_has_no_effect_is_said_and_nobody_is_warned_of_what_is_usual(caplog):
    caplog.set_level(logging.INFO)
    usual = "CAR_COLOR: Red\nIS_OBSTACLE_BOT_CAR: 'False'\nMIN_EVAL_TRIALS: '5'"
    told.report(merged({"RTF_OVERRIDE": "2.0"}, f"{usual}\nBEST_MODEL_METRIC: reward"))
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        f"BEST_MODEL_METRIC in {FILE} has no effect here: the best model is the one with the most"
        " progress",
        "RTF_OVERRIDE has no effect here: the simulation is as fast as it can be, its steps are"
        " exact",
    ]
    assert "no effect here: CAR_COLOR" in caplog.messages


def test_every_place_is_said_with_its_source_and_no_password(caplog):
    caplog.set_level(logging.INFO)
    answers = merged(
        {"REDIS_PASSWORD": "planted", "SAGEMAKER_SHARED_S3_BUCKET": "mine"},
        "METRICS_S3_OBJECT_KEY: metrics/a.json",
    )
    told.report(answers)
    assert "variable SAGEMAKER_SHARED_S3_BUCKET=mine source=SAGEMAKER_SHARED_S3_BUCKET" in (
        caplog.messages
    )
    assert (
        f"variable METRICS_S3_OBJECT_KEY=metrics/a.json source=METRICS_S3_OBJECT_KEY in {FILE}"
        in caplog.messages
    )
    assert "variable REDIS_PASSWORD=*** source=REDIS_PASSWORD" in caplog.messages
    assert "planted" not in caplog.text


def test_two_regions_are_told(caplog):
    told.report(told.from_environment({"APP_REGION": "eu-west-1", "AWS_REGION": "us-east-1"}))
    assert "APP_REGION=eu-west-1 wins over AWS_REGION=us-east-1" in caplog.messages
