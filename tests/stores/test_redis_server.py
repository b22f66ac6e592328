"""The run's own Redis server: starts, keeps its data, ends with its parent."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from deepracer_core.free_port import free_port
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer, RedisServerError


def test_it_answers_on_the_loopback_interface_only(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "data", max_memory_bytes=64 << 20) as server:
        client = connect(server.url)
        assert server.url.startswith("redis://127.0.0.1:")
        assert client.info("server")["process_id"] == server.pid
        assert client.info("memory")["maxmemory"] == 64 << 20
        assert client.info("memory")["maxmemory_policy"] == "noeviction"
        assert any("eady to accept connections" in line for line in server.last_lines)
    assert server.wait() == 0
    server.stop()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_it_held_is_there_again(tmp_path: Path, how: signal.Signals) -> None:
    with RedisServer(tmp_path) as server:
        connect(server.url).set("held", b"data")
        os.kill(server.pid, how)
        server.wait()
    with RedisServer(tmp_path) as server:
        assert connect(server.url).get("held") == b"data"


def test_a_folder_with_a_strange_name(tmp_path: Path) -> None:
    folder = tmp_path / 'a "b" \\c # d'
    with RedisServer(folder) as server:
        connect(server.url).set("a", "b")
    assert (folder / "redis-server.log").is_file()
    assert any("appendonly" in path.name for path in folder.rglob("*"))


def test_commands_that_write_elsewhere_are_gone(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        client = connect(server.url)
        for command in ("CONFIG", "MODULE", "REPLICAOF", "SLAVEOF", "DEBUG"):
            with pytest.raises(redis.ResponseError, match="unknown command"):
                client.execute_command(command, "x", "y")


def test_two_servers_side_by_side(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "a") as one, RedisServer(tmp_path / "b") as other:
        assert one.url != other.url
        connect(one.url).set("who", "one")
        assert connect(other.url).get("who") is None


def test_a_taken_port_is_told_with_the_log(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "a") as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(RedisServerError, match=f"port {port} is taken") as told:
            RedisServer(tmp_path / "b", port).start()
        assert "already in use" in str(told.value)


def test_another_free_port_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RedisServer(tmp_path / "a") as first:
        taken = int(first.url.rpartition(":")[2])
        ports = iter([taken, taken, free_port()])
        monkeypatch.setattr("deepracer_core.redis_server.free_port", lambda: next(ports))
        with RedisServer(tmp_path / "b") as second:
            assert connect(second.url).info("server")["process_id"] == second.pid


def test_two_servers_in_one_folder(tmp_path: Path) -> None:
    with (
        RedisServer(tmp_path),
        pytest.raises(RedisServerError, match="another Redis server runs in"),
    ):
        RedisServer(tmp_path, deadline_s=0.2).start()


def test_damaged_data_are_told_with_the_log(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        connect(server.url).set("held", b"data" * 100)
    for path in tmp_path.rglob("*.aof"):
        path.write_bytes(b"*3\r\n$3\r\nSET\r\nnonsense\r\n" + path.read_bytes())
    with pytest.raises(RedisServerError, match="its log says why") as told:
        RedisServer(tmp_path).start()
    assert str(tmp_path) in str(told.value)
    assert "append only file" in str(told.value).lower()


def test_a_missing_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(RedisServerError, match="redis-server is not on PATH: run the set-up"):
        RedisServer(tmp_path).start()


def start_program(folder: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "deepracer_core.redis_server", "--folder", str(folder), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))},
    )


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_as_a_program(tmp_path: Path, stop: signal.Signals) -> None:
    port = free_port()
    program = start_program(tmp_path, "--port", str(port), "--ros-args", "-r", "__node:=redis")
    assert program.stdout is not None
    assert f"redis://127.0.0.1:{port}" in program.stdout.readline()
    server = connect(f"redis://127.0.0.1:{port}").info("server")["process_id"]
    # A Ctrl-C can arrive twice: from the terminal and from the launcher.
    program.send_signal(stop)
    program.send_signal(stop)
    _, errors = program.communicate(timeout=30)
    assert program.returncode == 0
    assert errors == ""
    assert not Path(f"/proc/{server}").exists()


def test_as_a_program_that_cannot_start(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "a") as first:
        port = first.url.rpartition(":")[2]
        program = start_program(tmp_path / "b", "--port", port)
        _, errors = program.communicate(timeout=30)
    assert program.returncode == 1
    assert f"port {port} is taken" in errors
    assert "Traceback" not in errors


def test_as_a_program_whose_server_dies(tmp_path: Path) -> None:
    program = start_program(tmp_path)
    assert program.stdout is not None
    url = program.stdout.readline().split()[3].rstrip(",")
    os.kill(connect(url).info("server")["process_id"], signal.SIGKILL)
    _, errors = program.communicate(timeout=30)
    assert program.returncode == 1
    assert "redis-server ended by itself with exit code -9" in errors


def test_it_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = start_program(tmp_path)
    assert program.stdout is not None
    url = program.stdout.readline().split()[3].rstrip(",")
    server = connect(url).info("server")["process_id"]
    ended = os.pidfd_open(server)
    program.kill()
    program.wait()
    # A process's descriptor becomes readable when the process ends.
    assert select.select([ended], [], [], 30)[0] == [ended]
    os.close(ended)
    program.stdout.close()
    with RedisServer(tmp_path):
        pass
