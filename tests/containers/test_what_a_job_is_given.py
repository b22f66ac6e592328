"""The service's files and variables, and the hyperparameters of public projects, sorted."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_trainer.sagemaker.container import Container
from deepracer_trainer.sagemaker.inputs import gather_inputs
from deepracer_trainer.sagemaker.request import sort_hyperparameters
from opt_ml import CONFIG, PREFIX, OptMl

PLACE = {"s3_bucket": "b", "s3_prefix": "p"}
METADATA = (CONFIG / "model_metadata.json").read_text(encoding="utf-8")


@pytest.fixture
def container(opt_ml: OptMl) -> Container:
    return Container(opt_ml.root, {})


def test_the_root_is_opt_ml_or_where_the_variable_says():
    assert Container.of({}).root == Path("/opt/ml")
    assert Container.of({"SAGEMAKER_BASE_DIR": "/elsewhere"}).checkpoints == Path(
        "/elsewhere/checkpoints"
    )


def test_kubernetes_can_tell_an_interruption_from_the_end():
    assert Container.of({}).interrupted_exit_code == 0
    assert Container.of({"INTERRUPTED_EXIT_CODE": "143"}).interrupted_exit_code == 143
    for text in ("256", "soon", "1.5"):
        with pytest.raises(ConfigurationError, match="INTERRUPTED_EXIT_CODE: expected an exit co"):
            _ = Container.of({"INTERRUPTED_EXIT_CODE": text}).interrupted_exit_code


def test_hyperparameters_are_text_however_they_were_encoded(opt_ml, container):
    values = {"lr": "0.0003", "s3_bucket": '"in-quotes"', "seed": 3, "flag": True}
    opt_ml.give(values)
    assert container.hyperparameters() == {
        "lr": "0.0003",
        "s3_bucket": "in-quotes",
        "seed": "3",
        "flag": "true",
    }


def test_variables_stand_in_for_files_that_are_not_there(tmp_path):
    environment = {
        "SM_HPS": '{"lr": "0.001"}',
        "SM_RESOURCE_CONFIG": '{"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}',
        "SM_INPUT_DATA_CONFIG": '{"config": {}}',
        "SM_CHANNEL_CONFIG": str(tmp_path / "mounted"),
        "SM_MODEL_DIR": str(tmp_path / "results"),
    }
    container = Container(tmp_path, environment)
    assert container.hyperparameters() == {"lr": "0.001"}
    assert container.hosts().current == "algo-2"
    assert container.channels() == {"config": tmp_path / "mounted"}
    assert container.model == tmp_path / "results"


def test_the_variables_that_scripts_for_sagemaker_read(opt_ml, container):
    opt_ml.give({"batch_size": "64", "s3_bucket": "b"}, config={"a.txt": "a"})
    made = container.sm_variables()
    root = opt_ml.root
    assert made["SM_MODEL_DIR"] == str(root / "model")
    assert made["SM_CHANNELS"] == '["config"]'
    assert made["SM_CHANNEL_CONFIG"] == str(root / "input/data/config")
    assert json.loads(made["SM_HPS"]) == {"batch_size": "64", "s3_bucket": "b"}
    assert made["SM_HP_BATCH_SIZE"] == "64"
    assert made["SM_CURRENT_HOST"] == "algo-1"
    assert json.loads(made["SM_HOSTS"]) == ["algo-1"]
    assert int(made["SM_NUM_CPUS"]) >= 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("hyperparameters.json", "{", r"hyperparameters\.json, line 1, column 2: expected JSON"),
        ("hyperparameters.json", '{"lr": [1]}', r"lr: expected text, got \[1\]"),
        ("hyperparameters.json", '{"lr": "\\"a\\"b\\""}', "text in JSON's quotes"),
        ("resourceconfig.json", '{"hosts": []}', "hosts: expected a list with 'algo-1' in it"),
        (
            "inputdataconfig.json",
            '{"config": {"TrainingInputMode": "Pipe"}}',
            "config: expected TrainingInputMode File or FastFile, got 'Pipe'",
        ),
    ],
)
def test_what_the_service_would_never_write(opt_ml, container, name, text, message):
    (opt_ml.root / "input/config" / name).write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        container.sm_variables()


def test_a_failure_is_one_line_of_what_the_service_shows(opt_ml, container):
    line = container.fail("first\n  second " + "x" * 2000)
    assert line.startswith("first second x")
    assert opt_ml.failure == line[:1024]


def test_everything_that_public_projects_hand_over_is_known(request_of_a_user, caplog):
    caplog.set_level(logging.INFO)
    more = {
        "pretrained_s3_bucket": "other",
        "pretrained_s3_prefix": "rl-deepracer/zero/",
        "pretrained_checkpoint": "last",
        "world_name": "reinvent_base",
        "heartbeat_s3_location": "s3://b/heartbeat",
        "_tuning_objective_metric": "reward-training",
        "sagemaker_program": "training_worker.py",
        "job_duration_in_seconds": "3600",
    }
    asked = sort_hyperparameters({**request_of_a_user, **more})
    assert asked.request.store == f"s3://{request_of_a_user['s3_bucket']}/{PREFIX}"
    assert asked.request.pretrained == "s3://other/rl-deepracer/zero"
    assert asked.request.pretrained_checkpoint == "last"
    assert asked.request.job_duration_in_seconds == 3600
    assert asked.learning["exploration_type"] == "Categorical"
    assert "hyperparameter world_name: it is for the simulations" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_unknown_ones_are_named_with_what_was_perhaps_meant(caplog):
    sort_hyperparameters({**PLACE, "s3_buckett": "b", "qwertz": "1"})
    assert "hyperparameter s3_buckett is unknown: did you mean s3_bucket?" in caplog.text
    assert "hyperparameter qwertz is unknown: nobody reads it" in caplog.text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"s3_bucket": ""}, "s3_bucket is missing"),
        ({"s3_prefix": " "}, "s3_prefix is missing"),
        ({"pretrained_s3_prefix": "p"}, "one of pretrained_s3_bucket and"),
        ({"job_duration_in_seconds": "soon"}, "an integer from 1 to 864000, got 'soon'"),
        ({"job_duration_in_seconds": "1.5"}, "an integer from 1 to 864000, got '1.5'"),
        ({"pretrained_checkpoint": "worst"}, "one of best, last, got 'worst'"),
        ({"threads": "0"}, "threads: expected an integer from 1 to 1024"),
    ],
)
def test_what_cannot_be_used_is_an_error(given, message):
    with pytest.raises(ConfigurationError, match=message):
        sort_hyperparameters({**PLACE, **given})


def gather(texts, channels, tmp_path, **more):
    folder = tmp_path / "inputs"
    folder.mkdir()
    return gather_inputs(sort_hyperparameters({**PLACE, **texts}), channels, folder, **more)


def test_files_named_by_the_hyperparameters(request_of_a_user, bucket, tmp_path):
    inputs = gather(request_of_a_user, {}, tmp_path)
    assert inputs.model_metadata.read_text(encoding="utf-8") == METADATA
    assert b"def reward_function" in inputs.reward_function.read_bytes()
    learning = load_hyperparameters(inputs.hyperparameters)
    assert learning.num_episodes_between_training == 4
    assert (learning.exploration_type, learning.loss_type) == ("categorical", "huber")


def test_files_in_their_places_in_the_bucket(request_of_a_user, bucket, tmp_path):
    del request_of_a_user["model_metadata_s3_key"]
    del request_of_a_user["reward_function_s3_source"]
    inputs = gather(request_of_a_user, {}, tmp_path)
    assert inputs.model_metadata.read_text(encoding="utf-8") == METADATA
    assert inputs.reward_function is None


def test_files_in_a_channel_with_a_network_of_the_users_own(opt_ml, container, bucket, tmp_path):
    own = json.loads(METADATA) | {"neural_network": "mine.py:build"}
    opt_ml.give(
        {"lr": "0.0001", "s3_bucket": bucket.name},
        config={
            "model_metadata.json": json.dumps(own),
            "mine.py": "def build(inputs): ...",
            "hyperparameters.json": '{"lr": 0.001, "batch_size": 128}',
        },
    )
    inputs = gather(container.hyperparameters(), container.channels(), tmp_path)
    assert (inputs.model_metadata.parent / "mine.py").read_text() == "def build(inputs): ..."
    learning = load_hyperparameters(inputs.hyperparameters)
    assert (learning.lr, learning.batch_size) == (0.0001, 128)


def test_a_network_beside_metadata_in_s3(bucket, tmp_path):
    own = json.loads(METADATA) | {"neural_network": "mine.py:build"}
    bucket.put("files/model_metadata.json", json.dumps(own))
    named = {
        "s3_bucket": bucket.name,
        "model_metadata_s3_key": f"s3://{bucket.name}/files/model_metadata.json",
    }
    with pytest.raises(ConfigurationError, match=r"files/mine\.py is not there"):
        gather(named, {}, tmp_path)
    bucket.put("files/mine.py", "def build(inputs): ...")
    (tmp_path / "inputs").rename(tmp_path / "first")
    assert gather(named, {}, tmp_path).model_metadata.with_name("mine.py").exists()


@pytest.mark.parametrize(
    ("files", "hyperparameters", "message"),
    [
        ({}, {}, r"model_metadata\.json is missing: name it by the hyperparameter"),
        (
            {"model_metadata.json": METADATA, "reward_function.py": "def reward_function(:"},
            {},
            r"reward_function\.py: expected Python, got: invalid syntax",
        ),
        ({"model_metadata.json": METADATA}, {"lr": "7"}, "lr: expected a number from 1e-08"),
        ({"model_metadata.json": "{}"}, {}, "action_space"),
        ({}, {"model_metadata_s3_key": "key"}, "/key is not there: it was named as model_met"),
    ],
)
def test_files_that_cannot_be_used(
    bucket, opt_ml, container, tmp_path, files, hyperparameters, message
):
    opt_ml.give(hyperparameters, config=files)
    with pytest.raises(ConfigurationError, match=message):
        gather(
            {"s3_bucket": bucket.name, **container.hyperparameters()},
            container.channels(),
            tmp_path,
        )


def test_a_file_in_two_channels(opt_ml, container, tmp_path):
    files = {"model_metadata.json": METADATA}
    opt_ml.give({}, one=files, other=files)
    with pytest.raises(ConfigurationError, match=r"in several channels, .*: leave one"):
        gather({}, container.channels(), tmp_path)


def test_the_program_that_watches_needs_no_tensorflow():
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['tensorflow', 'keras', 'rclpy']))\n"
        "import deepracer_trainer.sagemaker.train\n"
    )
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
