"""A short job in the flat world with everything on: log, event files, scrapes and CloudWatch."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
import tensorflow as tf
from deepracer_core.free_port import free_port
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.trace import TRACE_LOG
from end_to_end import simulation
from http_faults import HttpFaults, reset
from moto.server import ThreadedMotoServer
from prometheus_client.parser import text_string_to_metric_families

SECRETS = ("planted-aws-secret-0123456789", "planted-session-token-0123456789", "planted-redis-pw")
GROUPS = {"worker-0": "/aws/robomaker/SimulationJobs", "trainer": "/aws/sagemaker/TrainingJobs"}


@pytest.fixture
def cloudwatch(monkeypatch) -> Iterator[HttpFaults]:
    """The road to moto's CloudWatch, with planted credentials."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    # What an earlier server of this process was given would still be there.
    urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/reset", data=b"").close()
    with closing(HttpFaults(port)) as road:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "AKIAPLANTED0123456789",
            "AWS_SECRET_ACCESS_KEY": SECRETS[0],
            "AWS_SESSION_TOKEN": SECRETS[1],
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": road.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            monkeypatch.setenv(name, value)
        yield road
    server.stop()


@pytest.fixture
def guarded_redis(tmp_path) -> Iterator[str]:
    """Address of a Redis server with a planted password."""
    port = free_port()
    settings = f'bind 127.0.0.1\nport {port}\nrequirepass "{SECRETS[2]}"\nsave ""\n'
    server = subprocess.Popen(["redis-server", "-"], stdin=subprocess.PIPE, cwd=tmp_path, text=True)
    server.stdin.write(settings)
    server.stdin.close()
    url = f"redis://:{SECRETS[2]}@127.0.0.1:{port}"
    connect(url).close()
    yield url
    server.terminate()
    server.wait()


@pytest.fixture
def port() -> int:
    """Of the trainer's metrics; the one after it is free, too, as far as can be seen."""
    return free_port()


@pytest.fixture
def job(start, tmp_path, hyperparameters, port) -> Callable[..., Any]:
    """Start a job in the flat world."""

    def job(*options: str, seconds: int = 600) -> Any:
        return start(
            sys.executable,
            "-c",
            "from deepracer.command_line import main; main()",
            "train",
            "--simulator=flat",
            "--run=told",
            f"--runs-folder={tmp_path / 'runs'}",
            f"--hyperparameters={hyperparameters}",
            f"--job-duration-in-seconds={seconds}",
            "--evaluation-trials=1",
            f"--metrics-port={port}",
            *options,
        )

    return job


def scrape(port: int) -> dict[str, Any]:
    """Values by sample, with labels run and worker; empty while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10.0) as answer:
            text = answer.read().decode()
    except OSError:  # not yet, or it has just been tried whether the port is free
        return {}
    families = text_string_to_metric_families(text)
    samples = [sample for family in families for sample in family.samples]
    ours = [sample for sample in samples if sample.name.startswith("deepracer_")]
    assert {sample.labels["run"] for sample in ours} <= {"told"}
    return {sample.name: sample.value for sample in samples}


def events(log: Path) -> list[dict[str, Any]]:
    lines = log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def points(folder: Path) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.glob("*tfevents*")):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def in_cloudwatch(road: HttpFaults, service: str) -> Any:
    url = f"http://127.0.0.1:{road.backend_port}"
    return boto3.client(service, endpoint_url=url, region_name="us-east-1")


def messages(road: HttpFaults, group: str) -> dict[str, list[str]]:
    """What is in the streams of a group, by their names."""
    logs = in_cloudwatch(road, "logs")
    found = {}
    for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
        name = stream["logStreamName"]
        answer, token = [], None
        while True:
            page = logs.get_log_events(
                logGroupName=group,
                logStreamName=name,
                startFromHead=True,
                **({"nextToken": token} if token else {}),
            )
            answer += [event["message"] for event in page["events"]]
            if page["nextForwardToken"] == token:
                break
            token = page["nextForwardToken"]
        found[name] = answer
    return found


def test_a_run_is_told_everywhere_and_no_credential_is(
    job, cloudwatch, guarded_redis, port, tmp_path, monkeypatch
):
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "ros-log"))
    training = job("--log-format=json", "--cloudwatch=all", f"--redis={guarded_redis}", "--verbose")
    training.wait_until(
        lambda: (
            scrape(port).get("deepracer_charts_version", 0) >= 2
            and scrape(port + 1).get("deepracer_worker_episodes_total", 0) >= 12
        )
    )
    trainer, worker = scrape(port), scrape(port + 1)
    assert training.stop() == 130, training.tail()
    run = tmp_path / "runs" / "told"
    logs = run / "logs"

    # Prometheus
    assert trainer["deepracer_charts_steps_total"] > 0
    assert trainer["deepracer_losses_entropy"] > 0
    assert worker["deepracer_worker_steps_total"] > 100
    assert 0 <= worker["deepracer_episodes_progress"] <= 100
    assert worker["deepracer_telemetry_dropped_total"] == 0

    # the log
    of_worker, of_trainer = events(logs / "worker-0.log"), events(logs / "launch.log")
    for event in (*of_worker, *of_trainer, *events(logs / "deepracer.log")):
        assert {"time", "level", "process", "run", "worker", "episode", "version"} <= set(event)
    episodes = [event for event in of_worker if event.get("event") == "episode"]
    assert {(event["run"], event["worker"]) for event in episodes} == {("told", 0)}
    assert [event["episode"] for event in episodes] == list(range(len(episodes)))
    assert max(event["version"] for event in episodes) >= 1
    iterations = [event for event in of_trainer if event.get("event") == "iteration"]
    versions = [event["version"] for event in iterations]
    assert versions == list(range(1, len(versions) + 1))
    lines = (logs / "worker-0.log").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith(TRACE_LOG) for line in lines) > 100
    assert not [line for line in lines if line.startswith("[flat_worker-")]

    # TensorBoard
    curves = points(run / "tensorboard" / "trainer")
    assert [int(value) for _, value in curves["charts/version"]] == versions
    steps = [step for step, _ in curves["losses/entropy"]]
    assert steps == [event["steps"] for event in iterations]
    rewards = points(run / "tensorboard" / "worker-0")["episodes/reward"]
    told = {event["episode"]: event["reward"] for event in episodes}
    assert len(rewards) >= 10
    assert all(value == pytest.approx(told[step], rel=1e-5) for step, value in rewards)

    # CloudWatch
    ((stream, said),) = messages(cloudwatch, GROUPS["worker-0"]).items()
    assert stream == "told/worker-0/SimulationApplicationLogs"
    printed = [json.loads(text) for text in said if text.startswith("{")]
    assert [event for event in printed if event.get("event") == "episode"] == episodes
    assert sum(text.startswith(TRACE_LOG) for text in said) > 100
    ((stream, said),) = messages(cloudwatch, GROUPS["trainer"]).items()
    assert stream.startswith("told/algo-1-")
    assert [json.loads(text) for text in said][-1]["event"] == "ended"
    metrics = in_cloudwatch(cloudwatch, "cloudwatch").list_metrics(Namespace="AWSDeepRacer")
    names = {
        (metric["MetricName"], *(each["Value"] for each in metric["Dimensions"]))
        for metric in metrics["Metrics"]
    }
    assert {
        ("TrainingRewardScore", "told"),
        ("episodes/reward", "told", "0"),
        ("losses/entropy", "told"),
    } <= names

    # credentials, in whatever this run has written
    written = [
        *(path for path in run.rglob("*") if path.is_file()),
        *(tmp_path / "ros-log").rglob("*.log"),
        training.log,
    ]
    assert len(written) > 10
    for path in written:
        content = path.read_bytes()
        for secret in (*SECRETS, "AKIAPLANTED0123456789"):
            assert secret.encode() not in content, f"{secret} is in {path}"


def test_a_job_with_a_service_that_is_away_trains_on_and_tells_it_once(
    job, cloudwatch, port, tmp_path
):
    """Every connection is cut until two versions have been learnt; then all arrives."""
    cloudwatch.plan(reset, times=1_000_000)
    training = job("--log-format=json", "--cloudwatch=all")
    training.wait_until(lambda: scrape(port).get("deepracer_charts_version", 0) >= 2)
    logs = tmp_path / "runs" / "told" / "logs"

    def told(log: str, text: str) -> list[str]:
        said = [event["message"] for event in events(logs / log)]
        return [each for each in said if each.startswith("CloudWatch") and text in each]

    training.wait_until(
        lambda: (
            told("launch.log", "does not take the log")
            and told("worker-0.log", "does not take the log")
        )
    )
    cloudwatch.heal()
    # At last it is asked twice a minute.
    training.wait_until(
        lambda: (
            told("launch.log", "takes the log of this process again")
            and told("worker-0.log", "takes the log of this process again")
        ),
        deadline_s=180.0,
    )
    assert training.stop() == 130, training.tail()
    assert (open_model_store(str(tmp_path / "runs" / "told" / "store")).latest() or 0) >= 2
    for log in ("launch.log", "worker-0.log"):
        assert len(told(log, "does not take the log of this process")) == 1
        assert len(told(log, "takes the log of this process again")) == 1
    (trainer,) = messages(cloudwatch, GROUPS["trainer"]).values()
    assert json.loads(trainer[0])["message"].startswith("trainer ready"), "nothing was lost"


@pytest.mark.parametrize("log_format", ["json", "plain"])
def test_the_nodes_of_a_worker_tell_the_same(
    start, workplace, redis, port, tmp_path, monkeypatch, log_format
):
    monkeypatch.setenv("DEEPRACER_LOG_FORMAT", log_format)
    monkeypatch.setenv("DEEPRACER_METRICS_PORT", str(port))
    arguments = {"run": "told", "redis": redis.url, "store": tmp_path / "store"}
    worker = start(*simulation(workplace, **arguments, simulator="flat", trace_log="true"))
    worker.wait_until(lambda: scrape(port + 1).get("deepracer_worker_episodes_total", 0) >= 3)
    values = scrape(port + 1)
    worker.wait_until(lambda: TRACE_LOG in worker.tail(1_000_000))
    assert worker.stop() == 0, worker.tail()
    assert values["deepracer_worker_steps_total"] >= values["deepracer_episodes_steps"] > 0
    lines = worker.log.read_text(encoding="utf-8").splitlines()
    if log_format == "plain":
        told = re.compile(r"\[rollout-\d\] \[INFO\] \[[\d.]+\] \[rollout\]: episode \d+: [a-z_]+, ")
        assert sum(told.match(line) is not None for line in lines) >= 3
        assert [line for line in lines if re.match(rf"\[rollout-\d\] {TRACE_LOG}", line)]
        assert not events(worker.log)
        return
    told = [event for event in events(worker.log) if event.get("event") == "episode"]
    assert [event["episode"] for event in told] == list(range(len(told)))
    assert {(event["process"], event["run"], event["worker"]) for event in told} == {
        ("rollout", "told", 0)
    }
    assert [line for line in lines if line.startswith(TRACE_LOG)]
    assert not [line for line in lines if re.match(r"\[(rollout|agent|observation)-\d\]", line)]


def test_a_trainer_that_dies_does_not_show_the_password_of_redis(job, guarded_redis, tmp_path):
    """Its launch logs the whole command of a process that dies."""
    training = job(f"--redis={guarded_redis}")
    training.wait_until(lambda: any(map(_is_trainer, training.family())))
    (trainer,) = filter(_is_trainer, training.family())
    os.kill(trainer, signal.SIGKILL)
    logs = tmp_path / "runs" / "told" / "logs"
    command = "exit code -9, cmd '"
    training.wait_until(lambda: command in (logs / "launch.log").read_text(encoding="utf-8"))
    training.wait_until(lambda: any(map(_is_trainer, training.family())))
    assert training.stop() == 130
    for path in (*logs.iterdir(), training.log):
        assert SECRETS[2].encode() not in path.read_bytes()


def _is_trainer(pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return any(word.endswith("/trainer") for word in words[:3])
