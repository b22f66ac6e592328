"""The run's own Redis server, reached from other machines: only with a password, or over TLS."""

import socket
from pathlib import Path

import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.redis_connection import RedisUnavailable, connect, located
from deepracer_core.redis_discovery import RedisEndpoint, own_address
from deepracer_core.redis_server import RedisServer, RedisServerError
from deepracer_core.redis_settings import RemoteAccess
from guarded_redis import make_certificates

VARIABLE = "PASSWORD_OF_THE_TEST"
PASSWORD = 'pl@nted "secret"\\\n#?'


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)


@pytest.fixture
def tls(tmp_path: Path) -> RemoteAccess:
    make_certificates(tmp_path)
    return RemoteAccess(VARIABLE, tmp_path / "server.crt", tmp_path / "server.key")


def test_others_get_in_with_the_password_alone(tmp_path: Path) -> None:
    with RedisServer(tmp_path, remote=RemoteAccess(VARIABLE)) as server:
        there = RedisEndpoint(own_address(), server.port)
        connect(located(there, password_variable=VARIABLE)).set("from", "there")
        here = connect(server.url)
        assert here.get("from") == b"there"
        with pytest.raises(ConfigurationError, match="refused the login"):
            connect(located(there))
        with pytest.raises(ConfigurationError, match="refused the login"):
            connect(f"redis://127.0.0.1:{server.port}")
    said = [server.url, *server.last_lines, (tmp_path / "redis-server.log").read_text()]
    assert not [text for text in said if "secret" in text]


def test_without_remote_access_nobody_else_gets_in(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server, socket.socket() as other:
        assert other.connect_ex((own_address(), server.port)) != 0


def test_with_a_certificate_it_speaks_tls_and_nothing_else(
    tmp_path: Path, tls: RemoteAccess
) -> None:
    with RedisServer(tmp_path / "redis", remote=tls) as server:
        place = RedisEndpoint("127.0.0.1", server.port)
        encrypted = located(
            place,
            password_variable=VARIABLE,
            tls=True,
            authority=str(tmp_path / "authority.crt"),
        )
        connect(encrypted).set("over", "tls")
        assert connect(server.url).get("over") == b"tls"
        with pytest.raises(RedisUnavailable):
            connect(located(place, password_variable=VARIABLE), deadline_s=0.3)
        with pytest.raises(ConfigurationError, match="refused the login"):
            connect(encrypted.replace(f"password_variable={VARIABLE}", "db=0"))


def test_without_a_password_it_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(RedisServerError, match=f"{VARIABLE} is not set"):
        RedisServer(tmp_path, remote=RemoteAccess(VARIABLE)).start()


def test_a_folder_that_is_too_deep_for_a_socket(tmp_path: Path, tls: RemoteAccess) -> None:
    with pytest.raises(RedisServerError, match="a path of more than 107 bytes"):
        RedisServer(tmp_path / ("deep" * 25), remote=tls).start()


def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("no certificate")
    access = RemoteAccess(VARIABLE, tmp_path / "none.pem")
    with pytest.raises(RedisServerError, match="redis-server did not start") as told:
        RedisServer(tmp_path / "redis", remote=access, deadline_s=10.0).start()
    assert "secret" not in str(told.value)
