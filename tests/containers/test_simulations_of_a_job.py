"""What the simulations in a job's container are told."""

from pathlib import Path

import pytest
from deepracer.sagemaker_job import Simulations, simulation_variables, worker_count
from deepracer_core.errors import ConfigurationError
from deepracer_trainer.sagemaker.inputs import Inputs
from deepracer_trainer.sagemaker.learning import Place
from deepracer_trainer.sagemaker.redis_place import RedisPlace
from deepracer_trainer.sagemaker.request import sort_hyperparameters

ASKED = {
    "s3_bucket": "bucket",
    "s3_prefix": "rl-deepracer/first",
    "world_name": "reinvent_base",
    "s3_yaml_name": "training_params.yaml",
    "num_workers": "3",
    "race_type": "object_avoidance",
    "seed": "7",
    "lr": "0.0001",
    "redis": "redis://elsewhere",
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    asked = sort_hyperparameters(ASKED, Simulations().names)
    inputs = Inputs(tmp_path / "model_metadata.json", tmp_path / "hyperparameters.json", None)
    redis = RedisPlace("redis://127.0.0.1:1234")
    return Place(asked, inputs, "rl-deepracer-first", redis, tmp_path, tmp_path / "tensorboard")


def test_what_robomaker_would_set(place):
    assert simulation_variables(place, 3) == {
        "JOB_TYPE": "TRAINING",
        "SAGEMAKER_SHARED_S3_BUCKET": "bucket",
        "SAGEMAKER_SHARED_S3_PREFIX": "rl-deepracer/first",
        "WORLD_NAME": "reinvent_base",
        "S3_YAML_NAME": "training_params.yaml",
        "NUM_WORKERS": "3",
        "DEEPRACER_RACE_TYPE": "object_avoidance",
        "DEEPRACER_MAX_POLICY_LAG": "1",
        "DEEPRACER_REDIS": "redis://127.0.0.1:1234",
        "DEEPRACER_SEED": "7",
    }
    assert place.asked.learning == {"lr": "0.0001"}


def test_what_the_container_says_is_not_for_a_hyperparameter(caplog):
    sort_hyperparameters(ASKED, Simulations().names)
    assert "hyperparameter redis is unknown: nobody reads it" in caplog.text


@pytest.mark.parametrize(
    ("asked", "environment", "count"),
    [
        ({}, {}, 1),
        ({}, {"NUM_WORKERS": "2"}, 2),
        ({"num_workers": "4"}, {"NUM_WORKERS": "2"}, 4),
    ],
)
def test_how_many_there_are(asked, environment, count):
    assert worker_count(asked, environment) == count


@pytest.mark.parametrize("text", ["0", "33", "1.5", "many"])
def test_a_number_that_is_none(text):
    with pytest.raises(ConfigurationError, match="num_workers: expected an integer from 1 to 32"):
        worker_count({"num_workers": text}, {})


def test_the_projects_own_files_stand_in():
    defaults = Simulations().defaults
    for name in ("model_metadata.json", "reward_function.py", "hyperparameters.json"):
        assert (defaults / name).is_file()
