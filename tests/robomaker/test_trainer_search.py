"""Redis and the trainer are found through S3: late, moving, refusing, never."""

import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deepracer.failure import JobFailed
from deepracer.interruption import Interruption
from deepracer.robomaker.inputs import Inputs
from deepracer.robomaker.job import RedisAccess
from deepracer.robomaker.places import RunPlace, run_place
from deepracer.robomaker.told import from_environment
from deepracer.robomaker.trainer_search import (
    TrainerWatch,
    find_redis,
    wait_for_redis,
    wait_for_trainer,
)
from deepracer.robomaker.waiting import PATIENCE_S, Interrupted, Waiting
from deepracer_core.errors import ConfigurationError
from deepracer_core.free_port import free_port
from deepracer_core.heartbeat import Heartbeat
from deepracer_core.model_store import StoreConfigurationError
from deepracer_core.redis_connection import connect
from deepracer_core.redis_discovery import RedisEndpoint, publish
from deepracer_core.redis_server import RedisServer
from deepracer_core.run_status import RunStatus
from guarded_redis import PASSWORD, start_guarded
from http_faults import HttpFaults, refuse

HERE = "127.0.0.1"
PLAIN = RedisAccess(None, "", tls=False, authority="")


@pytest.fixture
def place(bucket) -> RunPlace:
    return run_place(from_environment(bucket.training()))


@pytest.fixture
def waiting(tmp_path: Path) -> Callable[..., Waiting]:
    def make(patience_s: float = 20.0) -> Waiting:
        return Waiting(Interruption(), Heartbeat(tmp_path / "heartbeat"), patience_s)

    return make


@pytest.fixture
def when_waiting() -> Iterator[Callable[..., None]]:
    """Do something when the log says that something is waited for."""
    log = logging.getLogger("deepracer.robomaker.waiting")
    level = log.level
    log.setLevel(logging.INFO)
    handlers = []

    def do(what: Callable[..., object], *arguments: object) -> None:
        handler = logging.Handler()
        handler.emit = lambda _: (log.removeHandler(handler), what(*arguments))
        handlers.append(handler)
        log.addHandler(handler)

    yield do
    log.setLevel(level)
    assert not set(handlers) & set(log.handlers), "nothing was waited for"


def port_of(server: RedisServer) -> int:
    return int(server.url.rpartition(":")[2])


def test_it_is_there_already(bucket, place, redis, waiting):
    publish(bucket.run, RedisEndpoint(HERE, port_of(redis)))
    assert connect(find_redis(place, PLAIN, waiting())).ping()


def test_it_is_waited_for_and_a_line_says_so(bucket, place, redis, waiting, when_waiting, caplog):
    caplog.set_level(logging.INFO)
    when_waiting(publish, bucket.run, RedisEndpoint(HERE, port_of(redis)))
    assert connect(find_redis(place, PLAIN, waiting())).ping()
    file = f"s3://{bucket.name}/{bucket.prefix}/ip/ip.json"
    waited = rf"waiting for the trainer's Redis, \d+ of 20 s: there is no {re.escape(file)}"
    assert re.search(waited, caplog.text)
    assert f"Redis answers at {HERE}:{port_of(redis)}, as {file} says" in caplog.messages


def test_the_address_of_an_earlier_trainer_is_not_the_last_word(
    bucket, place, redis, waiting, when_waiting, caplog
):
    caplog.set_level(logging.INFO)
    gone = free_port()
    publish(bucket.run, RedisEndpoint(HERE, gone))
    when_waiting(publish, bucket.run, RedisEndpoint(HERE, port_of(redis)))
    assert connect(find_redis(place, PLAIN, waiting())).ping()
    assert f"no Redis answered at redis://{HERE}:{gone} within" in caplog.text


def test_the_address_that_was_found_follows_redis(bucket, place, tmp_path, waiting):
    with RedisServer(tmp_path / "first") as first:
        publish(bucket.run, RedisEndpoint(HERE, port_of(first)))
        url = find_redis(place, PLAIN, waiting())
    with RedisServer(tmp_path / "second") as second:
        publish(bucket.run, RedisEndpoint(HERE, port_of(second)))
        connect(url).set("lap", b"1")
        assert connect(second.url).get("lap") == b"1"


def test_port_password_and_tls_are_what_the_variables_say(
    bucket, place, tmp_path, waiting, monkeypatch
):
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    guarded = start_guarded(tmp_path)
    publish(bucket.run, RedisEndpoint(HERE))
    try:
        plain = RedisAccess(guarded.port, "REDIS_PASSWORD", tls=False, authority="")
        url = find_redis(place, plain, waiting())
        assert connect(url).ping()
        assert PASSWORD not in url
        secure = RedisAccess(
            guarded.tls_port, "REDIS_PASSWORD", tls=True, authority=str(guarded.authority)
        )
        assert connect(find_redis(place, secure, waiting())).ping()
        with pytest.raises(ConfigurationError, match="refused the login"):
            find_redis(place, RedisAccess(guarded.port, "", tls=False, authority=""), waiting())
        untrusted = RedisAccess(guarded.tls_port, "REDIS_PASSWORD", tls=True, authority="")
        with pytest.raises(ConfigurationError, match="no TLS connection"):
            find_redis(place, untrusted, waiting())
    finally:
        guarded.stop()


def test_it_never_comes(bucket, place, waiting):
    with pytest.raises(
        JobFailed, match=r"the trainer's Redis did not come in \d s \(there is no s3:"
    ):
        find_redis(place, PLAIN, waiting(1.0))


def test_what_is_no_address_is_said_at_once(bucket, place, waiting):
    bucket.run.write("ip/ip.json", b'{"ip": "10.0.0.7"}')
    with pytest.raises(ConfigurationError, match=r"ip/ip\.json: IP: expected the address"):
        find_redis(place, PLAIN, waiting())


def test_an_outage_of_s3_is_waited_out(bucket, redis, waiting, caplog, monkeypatch):
    monkeypatch.setattr(
        "botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01
    )
    caplog.set_level(logging.INFO)
    publish(bucket.run, RedisEndpoint(HERE, port_of(redis)))
    proxy = HttpFaults(int(bucket.endpoint.rpartition(":")[2]))
    try:
        proxy.plan(refuse(503, "SlowDown"), times=8, path_end="ip.json")
        said = {**bucket.training(), "S3_ENDPOINT_URL": proxy.url}
        assert find_redis(run_place(from_environment(said)), PLAIN, waiting())
    finally:
        proxy.close()
    assert "did not answer as it should" in caplog.text


def test_what_s3_refuses_is_not_waited_for(bucket, waiting):
    proxy = HttpFaults(int(bucket.endpoint.rpartition(":")[2]))
    try:
        proxy.plan(refuse(403, "AccessDenied"), path_end="ip.json")
        said = {**bucket.training(), "S3_ENDPOINT_URL": proxy.url}
        with pytest.raises(StoreConfigurationError, match=r"AccessDenied.*allow s3:GetObject"):
            find_redis(run_place(from_environment(said)), PLAIN, waiting())
    finally:
        proxy.close()


def test_a_signal_ends_the_waiting(place, tmp_path, when_waiting):
    with Interruption() as interruption:
        when_waiting(os.kill, os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted):
            find_redis(place, PLAIN, Waiting(interruption, Heartbeat(tmp_path / "heartbeat")))
    assert interruption.exit_code == 143


def test_a_given_address_is_waited_for(tmp_path, waiting, when_waiting):
    port = free_port()
    server = RedisServer(tmp_path / "late", port)
    url = f"redis://{HERE}:{port}"
    # From a thread that lives as long as the test: the server dies with it.
    keeper = threading.Event()
    begun = threading.Thread(target=lambda: (server.start(), keeper.wait(60)))
    when_waiting(begun.start)
    try:
        assert wait_for_redis(url, waiting()) == url
    finally:
        keeper.set()
        begun.join()
        server.stop()
    with pytest.raises(JobFailed, match=r"Redis did not come in .*correct DEEPRACER_REDIS"):
        wait_for_redis(url, waiting(0.5))


@pytest.mark.parametrize("before", [None, "ended", "interrupted"])
def test_a_trainer_at_work_is_waited_for(redis, waiting, when_waiting, caplog, before):
    caplog.set_level(logging.INFO)
    status = RunStatus(connect(redis.url), "first")
    if before:
        status.set_trainer({"state": before, "version": 3})
    when_waiting(status.set_trainer, {"state": "collecting", "version": 0})
    wait_for_trainer(redis.url, "first", waiting())
    assert "the trainer is there: collecting, version 0" in caplog.messages
    assert re.search(r"waiting for the trainer, \d+ of 20 s", caplog.text)


def test_the_trainers_end_is_seen(redis):
    now = [0.0]
    status = RunStatus(connect(redis.url), "first")
    status.set_trainer({"state": "collecting"})
    watch = TrainerWatch(redis.url, "first", clock=lambda: now[0])
    now[0] = 2.0
    assert not watch.has_ended()
    status.set_trainer({"state": "ended"})
    now[0] = 3.0
    assert not watch.has_ended()
    now[0] = 4.0
    assert watch.has_ended()


def test_a_redis_that_stays_away_ends_the_simulation(tmp_path):
    now = [0.0]
    with RedisServer(tmp_path / "redis") as server:
        watch = TrainerWatch(server.url, "first", clock=lambda: now[0])
        now[0] = 2.0
        assert not watch.has_ended()
    now[0] = PATIENCE_S
    assert not watch.has_ended()
    now[0] = 2.0 + PATIENCE_S
    with pytest.raises(JobFailed, match=f"has been away for {PATIENCE_S:.0f} s"):
        watch.has_ended()


def test_files_that_the_trainer_brings_are_waited_for(
    bucket, place, waiting, when_waiting, tmp_path
):
    when_waiting(bucket.run.write, "ip/hyperparameters.json", b"{}")
    inputs = Inputs({}, place, tmp_path)
    ((path, source),) = inputs.fetch("hyperparameters", waiting()).values()
    assert path.read_bytes() == b"{}"
    assert source.startswith(f"s3://{bucket.name}/{bucket.prefix}/ip/hyperparameters.json, HYPER")
    with pytest.raises(JobFailed, match=r"model_metadata.json did not come .* by MODEL_METADATA"):
        inputs.fetch("model_metadata", waiting(0.5))


def test_files_that_a_variable_names_have_to_be_there(bucket, waiting, tmp_path):
    said = from_environment({**bucket.training(), "REWARD_FILE_S3_KEY": "custom/reward.py"})
    inputs = Inputs(said, run_place(said), tmp_path)
    for fetch in (
        lambda: inputs.fetch("reward_function", waiting()),
        lambda: inputs.fetch_if_there("reward_function"),
    ):
        began = time.monotonic()
        with pytest.raises(
            ConfigurationError,
            match=rf"REWARD_FILE_S3_KEY: expected reward_function.py at s3://{bucket.name}/custom",
        ):
            fetch()
        assert time.monotonic() - began < 5.0
    bucket.whole.write("custom/reward.py", b"# mine")
    (path, _) = inputs.fetch("reward_function", waiting())["reward_function"]
    assert path.read_bytes() == b"# mine"


def test_in_an_evaluation_the_projects_own_reward_function_will_do(place, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    assert Inputs({}, place, tmp_path).fetch_if_there("reward_function") == {}
    assert "the default reward_function.py is used" in caplog.text
