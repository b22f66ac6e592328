"""Connections to real servers: plain, with a password, with TLS."""

import threading
from pathlib import Path

import pytest
import redis
from deepracer_core.errors import ConfigurationError
from deepracer_core.free_port import free_port
from deepracer_core.redis_connection import (
    RedisUnavailable,
    address,
    connect,
    is_outage,
    located,
)
from deepracer_core.redis_discovery import RedisEndpoint
from deepracer_core.redis_server import RedisServer
from guarded_redis import ENCODED, PASSWORD, GuardedServer


def test_a_plain_server(shared_redis: RedisServer) -> None:
    client = connect(shared_redis.url)
    client.set("test", b"\x00\xff")
    assert client.get("test") == b"\x00\xff"
    client.close()


def test_a_socket_of_this_machine(guarded: GuardedServer) -> None:
    client = connect(f"unix://:{ENCODED}@{guarded.socket}")
    client.set("over", b"a socket")
    assert client.get("over") == b"a socket"
    assert connect(f"unix://default:{ENCODED}@{guarded.socket}?db=1").get("over") is None


def test_a_socket_without_its_password(guarded: GuardedServer) -> None:
    with pytest.raises(ConfigurationError, match=r"unix://USER:PASSWORD@/PATH") as told:
        connect(f"unix://:planted@{guarded.socket}")
    assert f"unix://{guarded.socket} refused the login" in str(told.value)
    assert "planted" not in str(told.value)


def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RedisUnavailable, match=rf"no Redis answered at unix://{tmp_path}/no\.sock"):
        connect(f"unix://{tmp_path}/no.sock", deadline_s=0.1)


def test_a_password(guarded: GuardedServer) -> None:
    assert connect(f"redis://:{ENCODED}@127.0.0.1:{guarded.port}").ping()
    assert connect(f"redis://default:{ENCODED}@127.0.0.1:{guarded.port}/0").ping()


def test_a_password_in_the_environment(
    guarded: GuardedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", PASSWORD)
    there = RedisEndpoint("127.0.0.1", guarded.port)
    url = located(there, password_variable="SECRET")
    assert url == f"redis://127.0.0.1:{guarded.port}?password_variable=SECRET"
    assert connect(url).ping()
    assert connect(f"redis://default@127.0.0.1:{guarded.port}?password_variable=SECRET&db=1").ping()
    assert connect(f"unix://{guarded.socket}?password_variable=SECRET").ping()
    secure = located(
        RedisEndpoint("127.0.0.1", guarded.tls_port),
        password_variable="SECRET",
        tls=True,
        authority=str(guarded.authority),
    )
    assert connect(secure).ping()


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("", "environment variable SECRET, which is not set: set it"),
        ("planted-wrong", "set the environment variable SECRET to the right password"),
    ],
)
def test_a_wrong_or_missing_password_in_the_environment(
    guarded: GuardedServer, monkeypatch: pytest.MonkeyPatch, value: str, advice: str
) -> None:
    monkeypatch.setenv("SECRET", value)
    with pytest.raises(ConfigurationError, match=advice) as told:
        connect(f"redis://127.0.0.1:{guarded.port}?password_variable=SECRET")
    assert f"redis://127.0.0.1:{guarded.port}" in str(told.value)
    assert "planted" not in str(told.value)


@pytest.mark.parametrize("login", ["", ":planted-wrong@", "planted-user:planted-wrong@"])
def test_a_wrong_or_missing_password(guarded: GuardedServer, login: str) -> None:
    with pytest.raises(ConfigurationError, match="refused the login") as told:
        connect(f"redis://{login}127.0.0.1:{guarded.port}")
    assert f"redis://127.0.0.1:{guarded.port}" in str(told.value)
    assert "planted" not in str(told.value)


def test_tls_with_an_authority_of_our_own(guarded: GuardedServer) -> None:
    url = f"rediss://:{ENCODED}@127.0.0.1:{guarded.tls_port}?ssl_ca_certs={guarded.authority}"
    client = connect(url)
    client.set("over", b"tls")
    assert client.get("over") == b"tls"


@pytest.mark.parametrize("options", ["", "?ssl_ca_certs=/nowhere/authority.crt"])
def test_a_certificate_that_is_not_trusted(guarded: GuardedServer, options: str) -> None:
    with pytest.raises(ConfigurationError, match=r"no TLS connection .*ssl_ca_certs=FILE") as told:
        connect(f"rediss://:{ENCODED}@127.0.0.1:{guarded.tls_port}{options}")
    assert "secret" not in str(told.value)


def test_plain_to_a_tls_port(guarded: GuardedServer) -> None:
    with pytest.raises(RedisUnavailable, match="rediss:// for a server with TLS"):
        connect(f"redis://:{ENCODED}@127.0.0.1:{guarded.tls_port}", deadline_s=0.2)


def test_nobody_listens() -> None:
    port = free_port()
    with pytest.raises(RedisUnavailable) as told:
        connect(f"redis://:planted@127.0.0.1:{port}", deadline_s=0.2)
    assert f"no Redis answered at redis://127.0.0.1:{port} within 0.2 s" in str(told.value)
    assert "start the server or correct the address" in str(told.value)
    assert "planted" not in str(told.value)


def test_it_waits_for_a_server_that_starts_later(tmp_path: Path) -> None:
    port = free_port()
    server = RedisServer(tmp_path, port)
    waited: list[redis.Redis] = []

    waiter = threading.Thread(
        target=lambda: waited.append(connect(f"redis://127.0.0.1:{port}", 30))
    )
    waiter.start()
    with server:
        waiter.join(30)
        assert len(waited) == 1
        assert waited[0].ping()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("localhost:6379", "must begin with redis://, rediss:// or unix://"),
        ("unix://", "its whole path: unix:///PATH"),
        ("unix://relative/redis.sock", "its whole path: unix:///PATH"),
        ("http://planted:planted@host", "must begin with .* not with http://"),
        ("redis://:pla/nted@host:1", "percent-encoded"),
        ("redis://:pla?nted@host:1", "percent-encoded"),
        ("redis://:pla#nted@host:1", "percent-encoded"),
        ("redis://:planted@host:port", "port .* must be a number"),
        ("redis://:planted@host:99999", "port .* must be a number"),
        ("unix:///redis.sock?found_in=/tmp", "a socket does not move"),
        ("redis://:planted@host?unknown=1", "an option that redis-py does not know"),
        ("redis://:planted@host?socket_timeout=planted", "cannot read"),
    ],
)
def test_addresses_that_cannot_be(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as told:
        connect(url, deadline_s=0.1)
    assert "planted" not in str(told.value)
    assert "nted" not in str(told.value).replace("wanted", "")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://me:planted@host", "redis://host:6379"),
        ("rediss://:planted@host:1/2?ssl_ca_certs=x", "rediss://host:1/2"),
        ("redis://[::1]:7", "redis://[::1]:7"),
        ("redis://", "redis://localhost:6379"),
        ("unix://me:planted@/run/redis.sock?db=1", "unix:///run/redis.sock"),
    ],
)
def test_the_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert address(url) == shown


def test_which_faults_can_pass() -> None:
    assert is_outage(redis.ConnectionError())
    assert is_outage(redis.TimeoutError())
    assert is_outage(redis.exceptions.BusyLoadingError())
    assert is_outage(redis.OutOfMemoryError())
    assert is_outage(redis.ResponseError("MISCONF Errors writing to the AOF file"))
    assert not is_outage(redis.ResponseError("WRONGTYPE Operation against a key"))
    assert not is_outage(ValueError())
