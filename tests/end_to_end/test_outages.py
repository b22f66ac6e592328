"""Redis, the trainer or the store goes away in the middle of a run, and comes back."""

import re
import signal
from collections.abc import Iterator

import boto3
import pytest
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.free_port import free_port
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from end_to_end import simulation, trainer
from http_faults import HttpFaults, reset
from moto.server import ThreadedMotoServer


def test_a_run_outlives_its_trainer_and_an_outage_of_redis(
    start, workplace, tmp_path, hyperparameters
):
    folder, store = tmp_path / "redis", tmp_path / "store"
    port = free_port()
    server = RedisServer(folder, port=port).start()
    arguments = {"run": "away", "redis": server.url, "store": store}
    worker = start(*simulation(workplace, **arguments, simulator="flat"))
    command = trainer("away", server.url, store, hyperparameters, 600)
    versions = open_model_store(str(store))

    def appended() -> int:
        return ExperienceBuffer(connect(server.url), "away").stats().appended

    # A trainer is killed; the next one goes on where it was.
    first = start(*command)
    worker.wait_until(lambda: (versions.latest() or 0) >= 1)
    first.kill()
    before = versions.latest()
    steps = versions.info(before)["counters"]["steps"]
    second = start(*command)
    worker.wait_until(lambda: versions.latest() > before)
    assert f"resumed version={before}" in second.tail()
    assert versions.info(before + 1)["counters"]["steps"] > steps

    # Redis stops, and is started again: there is new experience, and what was there is learnt from.
    server.stop()
    before = versions.latest()
    with RedisServer(folder, port=port):
        driven = appended()
        worker.wait_until(lambda: appended() > driven and versions.latest() > before + 1)
        assert second.process.poll() is None, second.tail()
        assert worker.stop() == 0, worker.tail()
        assert second.stop(signal.SIGTERM) == 0, second.tail()


@pytest.fixture
def s3(monkeypatch) -> Iterator[ThreadedMotoServer]:
    """An S3 server over real HTTP, with one bucket, and credentials for it."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server
    server.stop()


def test_the_store_goes_away_and_comes_back(
    start, workplace, redis, hyperparameters, s3, monkeypatch
):
    host, port = s3.get_host_and_port()
    direct = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=direct, region_name="us-east-1").create_bucket(Bucket="models")
    road = HttpFaults(port)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", road.url)
    arguments = {"run": "s3", "redis": redis.url, "store": "s3://models/run"}
    worker = start(*simulation(workplace, **arguments, simulator="flat"))
    learner = start(*trainer("s3", redis.url, "s3://models/run", hyperparameters, 600))
    versions = open_model_store(f"s3://models/run?endpoint_url={direct}")
    worker.wait_until(lambda: (versions.latest() or 0) >= 1)

    road.plan(reset, times=1_000_000)
    worker.wait_until(lambda: "waits for the model store" in learner.tail(100_000))
    before = versions.latest()
    road.heal()

    def acting() -> int:
        told = re.findall(r"model (\d+) acts", worker.tail(1_000_000))
        return max(map(int, told), default=0)

    worker.wait_until(lambda: acting() > before)
    assert worker.stop() == 0, worker.tail()
    assert learner.stop(signal.SIGTERM) == 0, learner.tail()
    road.close()
