"""The entry point of the image, told by RoboMaker's variables alone, with everything real."""

import json
import re
import sys

import pytest
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.redis_discovery import RedisEndpoint, publish
from deepracer_core.run_status import RunStatus
from surroundings import CONFIG, SIMULATION, Bucket

YAML = """\
---
'ALTERNATE_DRIVING_DIRECTION': 'false'
'AWS_REGION': 'us-east-1'
'BEST_MODEL_METRIC': 'progress'
'BODY_SHELL_TYPE': 'deepracer'
'CAMERA_MAIN_ENABLE': 'True'
'CAMERA_SUB_ENABLE': 'True'
'CAR_COLOR': 'Red'
'CAR_NAME': 'MyCar'
'CHANGE_START_POSITION': 'true'
'DISPLAY_NAME': 'racer1'
'ENABLE_DOMAIN_RANDOMIZATION': 'false'
'ENABLE_EXTRA_KVS_OVERLAY': 'False'
'JOB_TYPE': 'TRAINING'
'KINESIS_VIDEO_STREAM_NAME': ''
'METRICS_S3_BUCKET': '{bucket}'
'METRICS_S3_OBJECT_KEY': 'DeepRacer-Metrics/TrainingMetrics-1.json'
'MIN_EVAL_TRIALS': '5'
'MODEL_METADATA_FILE_S3_KEY': 'custom_files/model_metadata.json'
'NUM_WORKERS': '1'
'RACER_NAME': 'racer1'
'RACE_TYPE': 'TIME_TRIAL'
'REVERSE_DIR': !!bool 'false'
'REWARD_FILE_S3_KEY': 'custom_files/reward_function.py'
'ROBOMAKER_SIMULATION_JOB_ACCOUNT_ID': 'Dummy'
'ROUND_ROBIN_ADVANCE_DIST': '0.05'
'SAGEMAKER_SHARED_S3_BUCKET': '{bucket}'
'SAGEMAKER_SHARED_S3_PREFIX': '{prefix}'
'SIMTRACE_S3_BUCKET': '{bucket}'
'SIMTRACE_S3_PREFIX': 'traces-of/first'
'START_POSITION_OFFSET': '0.00'
'TRAINING_JOB_ARN': 'arn:Dummy'
'WORLD_NAME': 'pond_oval'
"""


@pytest.fixture
def files(bucket: Bucket) -> Bucket:
    """A bucket as `dr-start-training` of the community's project leaves it."""
    for name in ("model_metadata.json", "reward_function.py"):
        bucket.whole.write(f"custom_files/{name}", (CONFIG / name).read_bytes())
    text = YAML.format(bucket=bucket.name, prefix=bucket.prefix)
    bucket.run.write("training_params.yaml", text.encode())
    return bucket


def trainer(bucket: Bucket, redis, hyperparameters, seconds: int) -> list[str]:
    """The trainer, as it runs in its own container."""
    return [
        sys.executable,
        "-m",
        "deepracer_trainer.main",
        "--run=rl-deepracer-first",
        f"--redis={redis.url}",
        f"--store={bucket.address}",
        f"--model-metadata={CONFIG / 'model_metadata.json'}",
        f"--hyperparameters={hyperparameters}",
        f"--reward-function={CONFIG / 'reward_function.py'}",
        f"--job-duration-in-seconds={seconds}",
    ]


def test_a_training_and_an_evaluation(files, redis, start, tmp_path):
    values = json.loads((CONFIG / "hyperparameters.json").read_text())
    hyperparameters = tmp_path / "hyperparameters.json"
    few = {"num_episodes_between_training": 2, "num_epochs": 3, "term_cond_max_episodes": 4}
    hyperparameters.write_text(json.dumps({**values, **few}))
    simulation = start(
        {
            **files.training(),
            "WORLD_NAME": "pond_oval",
            "S3_YAML_NAME": "training_params.yaml",
            "KINESIS_VIDEO_STREAM_NAME": "",
            "ENABLE_KINESIS": "False",
            "ENABLE_GUI": "False",
            "ROLLOUT_IDX": "0",
        },
        SIMULATION,
    )
    simulation.wait_until(lambda: "waiting for the trainer's Redis" in simulation.tail())
    publish(files.run, RedisEndpoint("127.0.0.1", int(redis.url.rpartition(":")[2])))
    learning = start({}, *trainer(files, redis, hyperparameters, 900))
    client = connect(redis.url)
    buffer, status = (
        ExperienceBuffer(client, "rl-deepracer-first"),
        RunStatus(client, "rl-deepracer-first"),
    )
    simulation.wait_until(lambda: buffer.stats().appended > 0, 180.0)
    assert learning.process.wait(timeout=300) == 0, learning.tail()
    assert open_model_store(files.address).latest() == 2
    # It ends by itself when the trainer has.
    assert simulation.process.wait(timeout=30) == 0, simulation.tail()
    told = simulation.log.read_text()
    assert "the trainer has ended, and the simulation with it" in told
    assert "setting track=pond_oval source=WORLD_NAME" in told
    assert "SIM_TRACE_LOG:0,0," in told
    assert "planted-secret" not in told
    assert "has no effect" not in told

    metrics = json.loads(files.whole.read("DeepRacer-Metrics/TrainingMetrics-1.json").data)
    assert len(metrics["metrics"]) == len(status.episodes())
    assert files.whole.read("traces-of/first/training-simtrace/0-iteration.csv") is not None
    assert not list(files.run.keys("training-simtrace/"))

    evaluation = start(
        {
            **files.evaluation(),
            "WORLD_NAME": "pond_oval",
            "NUMBER_OF_TRIALS": "1",
            "EVAL_CHECKPOINT": "last",
            "METRICS_S3_OBJECT_KEY": "DeepRacer-Metrics/EvaluationMetrics-1.json",
            "SIMTRACE_S3_PREFIX": f"{files.prefix}/evaluation-20260101000000",
            "DEEPRACER_MAX_STEPS": "40",
        },
        *(SIMULATION, "ros2", "launch", "deepracer", "sim.launch.py"),
    )
    assert evaluation.process.wait(timeout=180) == 0, evaluation.tail()
    assert re.search(r'trial 1: .*"mode": "evaluation"', evaluation.log.read_text())
    metrics = json.loads(files.whole.read("DeepRacer-Metrics/EvaluationMetrics-1.json").data)
    assert [entry["trial"] for entry in metrics["metrics"]] == [1]
    assert files.run.read("evaluation-20260101000000/evaluation-simtrace/0-iteration.csv")
