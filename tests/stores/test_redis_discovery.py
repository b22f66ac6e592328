"""Redis found through ip.json, in a folder and in S3, and found again when it has moved."""

import json
import logging
import socket
from pathlib import Path

import pytest
import redis
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_store import Storage, open_storage
from deepracer_core.redis_connection import connect, located
from deepracer_core.redis_discovery import (
    IP_KEY,
    RedisEndpoint,
    find,
    own_address,
    publish,
    run_name,
)
from deepracer_core.redis_following import RedisFollower
from deepracer_core.redis_server import RedisServer
from guarded_redis import PASSWORD, GuardedServer
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

HERE = "127.0.0.1"


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a run's place in the store."""
    if request.param == "folder":
        return str(tmp_path / "store")
    bucket, port = request.getfixturevalue("bucket"), request.getfixturevalue("moto_port")
    return f"s3://{bucket}/rl-deepracer/first?endpoint_url=http://127.0.0.1:{port}"


@pytest.fixture
def storage(place: str) -> Storage:
    return open_storage(place)


def content(storage: Storage) -> object:
    stored = storage.read(IP_KEY)
    assert stored is not None
    return json.loads(stored.data)


def port_of(server: RedisServer) -> int:
    return int(server.url.rpartition(":")[2])


def set_at_last(client: redis.Redis, value: bytes) -> None:
    """Set a value as a publisher does, which tries until it is done."""
    attempts = Retrying(
        stop=stop_after_delay(10.0),
        wait=wait_fixed(0.1),
        retry=retry_if_exception_type(redis.ConnectionError),
        reraise=True,
    )
    attempts(client.set, "lap", value)


def test_nothing_is_found_before_it_is_published(storage: Storage) -> None:
    assert find(storage) is None


def test_what_is_published_is_found_and_has_the_public_form(storage: Storage) -> None:
    publish(storage, RedisEndpoint("10.0.0.7"))
    assert content(storage) == {"IP": "10.0.0.7"}
    assert find(storage) == RedisEndpoint("10.0.0.7", 6379)
    publish(storage, RedisEndpoint("redis.internal", 7000))
    assert content(storage) == {"IP": "redis.internal", "port": 7000}
    assert find(storage) == RedisEndpoint("redis.internal", 7000)


def test_what_others_add_to_it_does_not_matter(storage: Storage) -> None:
    storage.write(IP_KEY, b'{"IP": "fd00::7", "written_by": "the original"}')
    assert find(storage) == RedisEndpoint("fd00::7")
    assert located(RedisEndpoint("fd00::7")) == "redis://[fd00::7]:6379"


def test_a_port_that_is_not_said_is_the_default_one(place: str, tmp_path: Path) -> None:
    storage = open_storage(place)
    with RedisServer(tmp_path / "redis") as server:
        port = port_of(server)
        publish(storage, RedisEndpoint(HERE))
        assert find(storage, default_port=port) == RedisEndpoint(HERE, port)
        assert connect(located(RedisEndpoint(HERE, 1), found_in=place, default_port=port)).ping()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"10.0.0.7", "expected JSON"),
        (b'["10.0.0.7"]', r"expected a JSON object"),
        (b'{"ip": "10.0.0.7"}', "IP: expected the address of the machine with Redis, got None"),
        (b'{"IP": ""}', "IP: expected the address"),
        (b'{"IP": "me:secret@10.0.0.7/"}', "IP: expected the address"),
        (b'{"IP": "10.0.0.7", "port": "7000"}', "port: expected a port from 1 to 65535"),
        (b'{"IP": "10.0.0.7", "port": 0}', "port: expected a port from 1 to 65535"),
    ],
)
def test_what_is_no_address_is_named(tmp_path: Path, data: bytes, message: str) -> None:
    storage = open_storage(str(tmp_path))
    storage.write(IP_KEY, data)
    with pytest.raises(ConfigurationError, match=message) as told:
        find(storage)
    assert f"{tmp_path}/ip/ip.json" in str(told.value)


def test_the_own_address_is_one_of_this_machine() -> None:
    address = own_address(HERE)
    assert address == HERE
    with socket.socket() as server:
        server.bind((address, 0))


def test_no_way_to_an_address_is_said() -> None:
    with pytest.raises(ConfigurationError, match=r"no address towards 0\.0\.0\.0\.0 .*say its"):
        own_address("0.0.0.0.0")


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("rl-deepracer-sagemaker", "rl-deepracer-sagemaker"),
        ("DeepRacer/model 1/training_2/", "DeepRacer-model-1-training_2"),
        ("/.hidden", "hidden"),
        ("a/" + "b" * 70, "b" * 64),
    ],
)
def test_both_sides_call_a_run_the_same(prefix: str, name: str) -> None:
    assert run_name(prefix) == name


@pytest.mark.parametrize("prefix", ["", "/", "-_."])
def test_a_prefix_that_names_no_run(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="prefix with letters or digits"):
        run_name(prefix)


def test_a_client_follows_redis_to_another_place(
    place: str, storage: Storage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with RedisServer(tmp_path / "old") as old:
        publish(storage, RedisEndpoint(HERE, port_of(old)))
        # What it was told first may be stale already.
        client = connect(located(RedisEndpoint(HERE, 1), found_in=place))
        client.set("lap", b"old")
        assert connect(old.url).get("lap") == b"old"
    with RedisServer(tmp_path / "new") as new, caplog.at_level(logging.WARNING):
        publish(storage, RedisEndpoint(HERE, port_of(new)))
        set_at_last(client, b"new")
        assert connect(new.url).get("lap") == b"new"
        assert f"Redis has moved from {HERE}:{port_of(old)} to {HERE}:{port_of(new)}" in caplog.text
        client.close()


def test_a_client_follows_with_tls_and_password(
    place: str, storage: Storage, guarded: GuardedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", PASSWORD)
    publish(storage, RedisEndpoint(HERE, guarded.tls_port))
    url = located(
        RedisEndpoint(HERE, 1),
        found_in=place,
        password_variable="SECRET",
        tls=True,
        authority=str(guarded.authority),
    )
    assert connect(url).ping()


def test_it_looks_up_the_place_now_and_then(tmp_path: Path) -> None:
    storage, now = open_storage(str(tmp_path)), [0.0]
    first, second = RedisEndpoint("10.0.0.1"), RedisEndpoint("10.0.0.2")
    follower = RedisFollower(storage, first, clock=lambda: now[0])
    assert follower.now() == first
    publish(storage, second)
    now[0] = 1.9
    assert follower.now() == first
    now[0] = 2.1
    assert follower.now() == second


def test_a_place_that_cannot_be_read_leaves_the_last_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    storage, now = open_storage(str(tmp_path)), [0.0]
    follower = RedisFollower(storage, RedisEndpoint("10.0.0.1"), clock=lambda: now[0])
    storage.write(IP_KEY, b"half of it")
    for now[0] in (0.0, 3.0, 6.0):
        assert follower.now() == RedisEndpoint("10.0.0.1")
    assert caplog.text.count("where Redis is cannot be looked up") == 1
