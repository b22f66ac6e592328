"""The trainer's container, from CreateTrainingJob's arguments to model.tar.gz, with real parts."""

import io
import json
import os
import re
import shutil
import signal
import tarfile
from pathlib import Path

import numpy as np
import pytest
from deepracer.process_tree import descendants
from deepracer_core.model_store import open_model_store, open_storage
from deepracer_core.redis_discovery import RedisEndpoint, find
from deepracer_trainer.sagemaker.metric_lines import METRIC_DEFINITIONS
from guarded_redis import make_certificates
from opt_ml import PASSWORD, PREFIX, SECRET_KEY, Job, OptMl, Process

pytestmark = pytest.mark.slow


def packed(folder: Path) -> tarfile.TarFile:
    """What SageMaker makes of the model's folder."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(folder, arcname=".")
    archive.seek(0)
    return tarfile.open(fileobj=archive)


def test_a_job_of_a_public_notebook(
    opt_ml: OptMl,
    job: Job,
    bucket,
    request_of_a_user,
    simulation_hyperparameters,
    tmp_path,
):
    opt_ml.give({**request_of_a_user, "term_cond_max_episodes": "8", "num_epoch": "4"})
    container = opt_ml.start()
    container.wait_until(lambda: bool(job.trainer_state()) or "failed" in container.said)
    told = find(open_storage(job.url))
    assert told == RedisEndpoint("127.0.0.1", job.port)
    simulation = job.simulate(tmp_path, simulation_hyperparameters, worker=0)
    try:
        assert container.wait() == 0, container.said[-6000:]
    finally:
        simulation.kill()
    assert opt_ml.failure == ""

    # What the user had put there is known, what nobody reads is named, nothing secret is said.
    assert "hyperparameter num_epoch is unknown: did you mean num_epochs?" in container.said
    assert "hyperparameter max_sample_count: nothing here needs it" in container.said
    assert len(re.findall("WARNING hyperparameter", container.said)) == 1
    for secret in (PASSWORD, SECRET_KEY, "pl%40nted"):
        assert secret not in container.said
        assert secret not in simulation.said
        assert not [
            path
            for path in opt_ml.root.rglob("*")
            if path.is_file() and secret.encode() in path.read_bytes()
        ]

    # The store has versions, and simulations have driven with them.
    latest = job.store.latest()
    assert latest is not None
    kept = json.loads(bucket.get("rl-deepracer/first/ip/hyperparameters.json"))
    assert kept["num_epochs"] == "3"

    # Every metric that applies is found, and has a number.
    found = {
        definition["Name"]: re.findall(definition["Regex"], container.said, re.MULTILINE)
        for definition in METRIC_DEFINITIONS
    }
    sac_only = {"trainer:critic", "trainer:temperature"}
    in_time = {"reward-testing", "completion-testing"}  # an evaluation need not have come so soon
    assert {name for name, values in found.items() if not values} - in_time == sac_only
    for name, values in found.items():
        assert all(np.isfinite(float(value)) for value in values), (name, values)
    assert [int(float(v)) for v in found["trainer:version"]] == list(range(1, latest + 1))
    assert len(METRIC_DEFINITIONS) <= 40

    # model.tar.gz is the car's package, and a store to go on from.
    with packed(opt_ml.root / "model") as tar:
        names = {name.removeprefix("./") for name in tar.getnames()}
    assert {"model_metadata.json", "agent/model.pb", "latest.json"} <= names
    unpacked = open_model_store(str(opt_ml.root / "model"))
    assert unpacked.latest() == latest
    assert unpacked.load(latest).files == job.store.load(latest).files


def test_an_interruption_in_the_middle_of_an_update(
    opt_ml: OptMl, job: Job, bucket, request_of_a_user, simulation_hyperparameters, tmp_path
):
    """At most that update is repeated, wherever the next container finds the versions."""
    asked = {**request_of_a_user, "num_epochs": "10", "batch_size": "32"}
    opt_ml.give(asked)
    container = opt_ml.start()
    container.wait_until(lambda: bool(job.trainer_state()))
    simulation = job.simulate(tmp_path, simulation_hyperparameters, worker=0)
    try:
        container.wait_until(lambda: is_learning(job.trainer_state(), since=1))
        took_s = container.interrupt()
    finally:
        simulation.kill()
    assert container.exit_code == 0, container.said
    assert took_s < 30.0
    assert opt_ml.failure == ""
    assert "stopped before the end of the job" in container.said
    version = job.store.latest()
    counters = job.store.info(version)["counters"]
    assert published(container.said)[-1] == version
    copies = open_model_store(str(opt_ml.root / "checkpoints" / "store"))
    assert copies.load(version).files == job.store.load(version).files
    assert (opt_ml.root / "model" / "agent" / "model.pb").is_file()

    # One machine after it finds the versions in S3, one has the checkpoint folder alone.
    lost = f"{bucket.name}-lost"
    bucket.client.create_bucket(Bucket=lost)
    reward = asked["reward_function_s3_source"]
    bucket.client.put_object(Bucket=lost, Key=reward, Body=bucket.get(reward))
    made = []
    for place in (bucket.name, lost):
        again = OptMl(tmp_path / place / "opt-ml", opt_ml.variables)
        again.give({**asked, "s3_bucket": place, "num_epochs": "3"})
        shutil.copytree(opt_ml.root / "checkpoints", again.root / "checkpoints")
        resumed = Job(f"s3://{place}/{PREFIX}", PREFIX, job.port)
        container = again.start()
        container.wait_until(lambda: version + 1 in resumed.store.versions())  # noqa: B023
        container.interrupt()
        assert container.exit_code == 0, container.said
        assert f"resumed version={version} iteration={counters['iteration']}" in container.said
        assert published(container.said)[0] == version + 1
        made.append(resumed.store.load(version + 1))
        after, metrics = made[-1].info["counters"], made[-1].info["metrics"]
        assert after["iteration"] == counters["iteration"] + 1
        assert after["steps"] == counters["steps"] + metrics["charts/iteration_steps"]
        # Nothing was learnt from twice.
        assert not set(made[-1].info["segments"]) & set(job.store.info(version)["segments"])
    in_s3, in_the_folder = made
    assert in_s3.files == in_the_folder.files
    assert in_s3.info["segments"] == in_the_folder.info["segments"]


def test_the_duration_is_that_of_all_containers_together(
    opt_ml: OptMl, job: Job, request_of_a_user
):
    opt_ml.give({**request_of_a_user, "job_duration_in_seconds": "600"})
    (opt_ml.root / "checkpoints").mkdir()
    (opt_ml.root / "checkpoints" / "job.json").write_text(
        json.dumps({"job": "first-job", "trained_s": 400.0})
    )
    container = opt_ml.start(INTERRUPTED_EXIT_CODE="143")
    container.wait_until(lambda: bool(job.trainer_state()))
    left_s = job.trainer_state()["seconds_left"]
    container.interrupt()
    assert container.exit_code == 143, container.said
    assert 150.0 < left_s <= 200.0
    said = json.loads((opt_ml.root / "checkpoints" / "job.json").read_text())
    assert 400.0 < said["trained_s"] < 450.0

    # Another job, whatever it finds in the folder, has all of its time.
    container = opt_ml.start(TRAINING_JOB_NAME="second-job")
    told = command(part_of(container, b"deepracer_trainer.main"))
    assert b"--job-duration-in-seconds=600" in told.split(b"\0")
    container.interrupt()


def test_simulations_come_in_over_tls(
    opt_ml: OptMl, job: Job, request_of_a_user, simulation_hyperparameters, tmp_path
):
    opt_ml.give(request_of_a_user)
    job.authority = str(make_certificates(tmp_path))
    (tmp_path / "password").write_text(PASSWORD + "\n")
    container = opt_ml.start(
        REDIS_PASSWORD="",
        REDIS_PASSWORD_FILE=str(tmp_path / "password"),
        REDIS_TLS_CERTIFICATE=str(tmp_path / "server.crt"),
        REDIS_TLS_KEY=str(tmp_path / "server.key"),
    )
    container.wait_until(lambda: bool(job.trainer_state()))
    simulation = job.simulate(tmp_path, simulation_hyperparameters, worker=0)
    try:
        container.wait_until(lambda: job.trainer_state().get("version", 0) >= 1)
    finally:
        simulation.kill()
    container.interrupt()
    assert container.exit_code == 0, container.said
    assert "TLS and a password" in container.said
    assert PASSWORD not in container.said + simulation.said


def test_a_job_without_experience_says_so(opt_ml: OptMl, job: Job, request_of_a_user):
    opt_ml.give({**request_of_a_user, "job_duration_in_seconds": "1"})
    container = opt_ml.start()
    assert container.wait() == 1
    assert "before its first model: too little experience came" in opt_ml.failure
    assert "\n" not in opt_ml.failure


def test_a_trainer_that_is_killed(opt_ml: OptMl, bucket, request_of_a_user):
    opt_ml.give(request_of_a_user)
    container = opt_ml.start()
    os.kill(part_of(container, b"deepracer_trainer.main"), signal.SIGKILL)
    assert container.wait() == 1
    assert "the trainer was ended by SIGKILL; the machine may have had no" in opt_ml.failure


def test_a_redis_that_dies(opt_ml: OptMl, bucket, request_of_a_user):
    opt_ml.give(request_of_a_user)
    container = opt_ml.start()
    part_of(container, b"deepracer_trainer.main")
    os.kill(part_of(container, b"redis-server"), signal.SIGKILL)
    assert container.wait() == 1
    assert "redis-server ended with exit code -9" in opt_ml.failure


def is_learning(state: dict, since: int) -> bool:
    return state.get("state") == "learning" and state["version"] >= since


def published(said: str) -> list[int]:
    """The versions of the trainer's own lines."""
    return [int(number) for number in re.findall(r"iteration version=(\d+)", said)]


def part_of(container: Process, program: bytes) -> int:
    """Wait for a process of a container that runs a program."""

    def running() -> list[int]:
        return [pid for pid in descendants(container.pid) if program in command(pid)]

    container.wait_until(lambda: running() != [])
    return running()[0]


def command(pid: int) -> bytes:
    """What a process was started with; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
