"""What a simulation makes of its variables: its run, its share, its records, its Redis."""

import json
import socket

import pytest
from deepracer.robomaker.job import RedisAccess, for_this_worker, read_job
from deepracer.robomaker.places import input_key, run_place
from deepracer.robomaker.told import Told
from deepracer_core.errors import ConfigurationError

TRAINING = {"SAGEMAKER_SHARED_S3_BUCKET": "mine", "SAGEMAKER_SHARED_S3_PREFIX": "models/first/"}
EVALUATION = {"MODEL_S3_BUCKET": "mine", "MODEL_S3_PREFIX": "models/first"}
BOTH = {**TRAINING, "MODEL_S3_BUCKET": "other", "MODEL_S3_PREFIX": "models/other"}
MULTI = json.dumps(
    {
        "multi_config": [
            {"config_file": "params_1.yaml", "world_name": "reinvent_base"},
            {"config_file": "params_2.yaml", "world_name": "reInvent2019_track"},
        ]
    }
)


def say(**said: str) -> dict[str, Told]:
    return {name: Told(value, name) for name, value in said.items()}


def test_a_training_with_nothing_else():
    job = read_job(say(**TRAINING))
    assert job.is_training
    assert job.place.address == "s3://mine/models/first"
    assert job.run == "models-first"
    assert (job.worker, job.workers) == (0, 1)
    assert (job.metrics, job.traces) == ("", "")
    assert job.redis == RedisAccess(None, "", tls=False, authority="")


@pytest.mark.parametrize(
    ("said", "model"), [("best", "best"), ("last", "latest"), ("Last", "latest")]
)
def test_an_evaluation(said, model):
    job = read_job(say(**EVALUATION, EVAL_CHECKPOINT=said))
    assert not job.is_training
    assert job.place.address == "s3://mine/models/first"
    assert job.model == model
    assert read_job(say(**EVALUATION)).model == "best"


@pytest.mark.parametrize(
    ("kind", "bucket"),
    [({}, "mine"), ({"JOB_TYPE": "training"}, "mine"), ({"JOB_TYPE": "EVALUATION"}, "other")],
)
def test_the_type_of_the_job_chooses_the_bucket(kind, bucket):
    assert read_job(say(**BOTH, **kind)).place.bucket == bucket


def test_server_and_region_are_in_every_address():
    job = read_job(
        say(
            **TRAINING,
            S3_ENDPOINT_URL="http://minio:9000/",
            APP_REGION="eu-west-1",
            AWS_REGION="us-east-1",
            METRICS_S3_BUCKET="others",
            METRICS_S3_OBJECT_KEY="/metrics of/a.json",
            SIMTRACE_S3_PREFIX="traces/first/",
        )
    )
    tail = "?endpoint_url=http://minio:9000&region=eu-west-1"
    assert job.place.address == f"s3://mine/models/first{tail}"
    assert job.metrics == f"s3://others/metrics%20of/a.json{tail}"
    assert job.traces == f"s3://mine/traces/first{tail}"
    assert read_job(say(**TRAINING, AWS_REGION="us-east-1")).place.address.endswith(
        "?region=us-east-1"
    )


@pytest.mark.parametrize(
    ("said", "worker"),
    [
        ({"ROLLOUT_IDX": "2"}, 2),
        ({"AWS_BATCH_JOB_ARRAY_INDEX": "2"}, 2),
        ({"JOB_COMPLETION_INDEX": "2"}, 2),
        ({"DOCKER_REPLICA_SLOT": "3"}, 2),
        ({"ROLLOUT_IDX": "1", "JOB_COMPLETION_INDEX": "2", "DOCKER_REPLICA_SLOT": "1"}, 1),
        ({}, 0),
    ],
)
def test_who_says_which_simulation_this_is(said, worker):
    job = read_job(say(**TRAINING, NUM_WORKERS="3", **said))
    assert (job.worker, job.workers) == (worker, 3)


def test_a_replica_of_a_compose_service_is_the_one_with_this_machines_address(monkeypatch):
    # RFC 5737: an address that no machine has.
    known = {"mine-simulation-1": "192.0.2.7", "mine-simulation-2": "127.0.0.1"}

    def look_up(name: str) -> str:
        if name not in known:
            raise socket.gaierror(name)
        return known[name]

    monkeypatch.setattr(socket, "gethostbyname", look_up)
    said = {**TRAINING, "NUM_WORKERS": "3", "COMPOSE_CONTAINER": "mine-simulation"}
    assert read_job(say(**said)).worker == 1
    assert read_job(say(**said, ROLLOUT_IDX="2")).worker == 2
    known["mine-simulation-2"] = "192.0.2.8"
    with pytest.raises(ConfigurationError, match=r"COMPOSE_CONTAINER: expected one of mine-s.*-3 "):
        read_job(say(**said))
    known.clear()
    with pytest.raises(ConfigurationError, match="no such name is known"):
        read_job(say(**said))


@pytest.mark.parametrize(
    ("said", "file", "track"),
    [
        ({}, "params_1.yaml", "reinvent_base"),
        ({"ROLLOUT_IDX": "1"}, "params_2.yaml", "reInvent2019_track"),
        ({"DOCKER_REPLICA_SLOT": "2"}, "params_2.yaml", "reInvent2019_track"),
    ],
)
def test_each_worker_can_have_a_file_and_a_track_of_its_own(said, file, track):
    answers = for_this_worker(say(MULTI_CONFIG=MULTI, WORLD_NAME="x", S3_YAML_NAME="y", **said))
    assert (answers["S3_YAML_NAME"].text, answers["WORLD_NAME"].text) == (file, track)
    assert answers["WORLD_NAME"].source.startswith("MULTI_CONFIG, worker ")


@pytest.mark.parametrize("text", ["{}", "[", '{"multi_config": []}', '{"multi_config": [{}]}'])
def test_a_list_without_this_worker(text):
    with pytest.raises(ConfigurationError, match=r"MULTI_CONFIG: expected .* for worker 0"):
        for_this_worker(say(MULTI_CONFIG=text))


@pytest.mark.parametrize(
    ("said", "access"),
    [
        ({"REDIS_PORT": "7000"}, RedisAccess(7000, "", tls=False, authority="")),
        ({"REDIS_PASSWORD": "x"}, RedisAccess(None, "REDIS_PASSWORD", tls=False, authority="")),
        ({"REDIS_TLS": "True"}, RedisAccess(None, "", tls=True, authority="")),
        ({"REDIS_CA_FILE": "/ca.pem"}, RedisAccess(None, "", tls=True, authority="/ca.pem")),
    ],
)
def test_how_to_speak_to_redis(said, access):
    assert read_job(say(**TRAINING, **said)).redis == access


def test_the_users_files():
    place = run_place(say(**TRAINING))
    name, default = "REWARD_FILE_S3_KEY", "reward_function.py"
    usual = input_key({}, place, name, default)
    assert (usual.key, usual.is_given) == ("models/first/reward_function.py", False)
    for key in ("custom/reward.py", "/custom/reward.py", "s3://mine/custom/reward.py"):
        given = input_key(say(REWARD_FILE_S3_KEY=key), place, name, default)
        assert (given.key, given.is_given) == ("custom/reward.py", True)
    with pytest.raises(ConfigurationError, match="expected a key in the bucket mine, got one in a"):
        input_key(say(REWARD_FILE_S3_KEY="s3://a/custom/reward.py"), place, name, default)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "expected SAGEMAKER_SHARED_S3_BUCKET and .* MODEL_S3_PREFIX for an evaluation"),
        ({"JOB_TYPE": "RACE", **TRAINING}, "JOB_TYPE: expected TRAINING or EVALUATION, got 'RACE'"),
        (
            {"JOB_TYPE": "TRAINING", **EVALUATION},
            "SAGEMAKER_SHARED_S3_BUCKET: expected it for JOB_TYPE TR",
        ),
        (
            {"SAGEMAKER_SHARED_S3_BUCKET": "a"},
            "SAGEMAKER_SHARED_S3_PREFIX: expected it for JOB_TYPE TR",
        ),
        ({"MODEL_S3_BUCKET": "a"}, "MODEL_S3_PREFIX: expected it for JOB_TYPE EVALUATION"),
        ({**TRAINING, "SAGEMAKER_SHARED_S3_BUCKET": "s3://a"}, "expected the name of a bucket"),
        ({**TRAINING, "SAGEMAKER_SHARED_S3_PREFIX": "///"}, "prefix with letters or digits"),
        ({**TRAINING, "S3_ENDPOINT_URL": "minio:9000"}, "S3_ENDPOINT_URL: expected http://HOST"),
        ({**TRAINING, "S3_ENDPOINT_URL": "http://planted:planted@minio"}, "without a login"),
        (
            {**TRAINING, "ROLLOUT_IDX": "1"},
            "ROLLOUT_IDX: expected an index below NUM_WORKERS, .* 1, got 1",
        ),
        ({**TRAINING, "ROLLOUT_IDX": "first"}, "ROLLOUT_IDX: expected a number from 0 to 10000"),
        ({**TRAINING, "DOCKER_REPLICA_SLOT": "0"}, "DOCKER_REPLICA_SLOT: expected a number from 1"),
        ({**TRAINING, "NUM_WORKERS": "0"}, "NUM_WORKERS: expected a number from 1"),
        (
            {**TRAINING, "METRICS_S3_BUCKET": "a"},
            "METRICS_S3_BUCKET: expected METRICS_S3_OBJECT_KEY",
        ),
        (
            {**TRAINING, "SIMTRACE_S3_BUCKET": "a"},
            "SIMTRACE_S3_BUCKET: expected SIMTRACE_S3_PREFIX",
        ),
        ({**EVALUATION, "EVAL_CHECKPOINT": "first"}, "EVAL_CHECKPOINT: expected best or last"),
        ({**TRAINING, "REDIS_PORT": "70000"}, "REDIS_PORT: expected a number from 1 to 65535"),
        ({**TRAINING, "REDIS_TLS": "perhaps"}, "REDIS_TLS: expected True or False"),
        (
            {**TRAINING, "REDIS_TLS": "no", "REDIS_CA_FILE": "a"},
            "REDIS_TLS: expected True, since RED",
        ),
    ],
)
def test_what_cannot_be(said, message):
    with pytest.raises(ConfigurationError, match=message) as refused:
        read_job(say(**said))
    assert "planted" not in str(refused.value)
