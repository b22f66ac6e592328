"""A Redis server of a run's own: with its own folder, gone with its parent.

    redis_server --folder DIR --port N          (or python -m deepracer_core.redis_server)

The server listens on the loopback interface. It has no password there: its data are pictures of a
road, and one in a file or an argument would have to be handed to every process of the run. Other
machines reach it only where `RemoteAccess` says how: with a password, and over TLS if there is a
certificate. Wherever it listens, the commands by which somebody could make it write files elsewhere
or load code (CONFIG, MODULE, REPLICAOF, SLAVEOF, DEBUG) are taken away.
"""

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, NoReturn

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.errors import ConfigurationError
from deepracer_core.free_port import free_port
from deepracer_core.redis_connection import RedisUnavailable, connect
from deepracer_core.redis_settings import RedisSettings, RemoteAccess

_PORT_ATTEMPTS = 20


class RedisServerError(RuntimeError):
    """The server did not start; the message has the last lines of its log."""


class RedisServer:
    """A redis-server process. What it held is there again when it starts in the same folder.

    Start it from a thread that lives as long as the server shall: the kernel stops the server when
    the thread that started it ends, however that happened.

    Args:
        folder: for its data and its log; made when missing.
        port: to listen on; a free one is chosen when left out.
        max_memory_bytes: beyond it the server refuses to take more, instead of filling the machine.
        deadline_s: how long it may take to start, with all its data to load, seconds.
        remote: lets other machines in; without it only this one reaches the server.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        max_memory_bytes: int = 1 << 30,
        deadline_s: float = 60.0,
        remote: RemoteAccess | None = None,
    ) -> None:
        self._folder = folder.absolute()
        self._wanted_port = port
        self._settings = RedisSettings(self._folder, port or 0, max_memory_bytes, remote)
        self._deadline_s = deadline_s
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._last_lines: deque[str] = deque(maxlen=12)
        self._ready = False
        # Set when the log says that the server is ready, or ends.
        self._settled = threading.Event()

    @property
    def url(self) -> str:
        """Its address on this machine, once it was started."""
        return self._settings.url

    @property
    def port(self) -> int:
        """The TCP port that it listens on, once it was started."""
        return self._settings.port

    @property
    def pid(self) -> int:
        """Its process id, once it was started."""
        if self._process is None:
            raise RedisServerError("the Redis server has not been started")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Of a server that has ended, negative for a signal; None while it runs."""
        return None if self._process is None else self._process.poll()

    @property
    def last_lines(self) -> list[str]:
        """The last lines of its log, oldest first; all of them are in FOLDER/redis-server.log."""
        return list(self._last_lines)

    def start(self) -> "RedisServer":
        """Start it and wait until it answers.

        Raises:
            RedisServerError: there is no such program, the port is taken, another server runs in
                the folder, or it did not answer in time.
        """
        program = _find_program()
        lock = self._lock_folder()
        try:
            for _ in range(_PORT_ATTEMPTS):
                port = self._wanted_port or free_port()
                self._settings = replace(self._settings, port=port)
                self._launch(program, lock)
                self._settled.wait(self._deadline_s)
                if self._ready:
                    connect(self.url, self._deadline_s).close()
                    return self
                # Somebody else may have taken the port since it was found to be free.
                if self._wanted_port or not self._is_port_taken():
                    break
                self.stop()
            raise RedisServerError(self._failure())
        except ConfigurationError as error:
            self.stop()
            raise RedisServerError(f"redis-server did not start: {error}") from error
        except RedisUnavailable as error:
            self.stop()
            raise RedisServerError(self._failure()) from error
        except BaseException:
            self.stop()
            raise
        finally:
            # The server has inherited it, and keeps it locked as long as it lives.
            os.close(lock)

    def stop(self, deadline_s: float = 10.0) -> None:
        """Let it write its data and end; end it by force after the deadline. May be repeated."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reader is not None:
            self._reader.join()

    def wait(self) -> int:
        """Wait until it ends, and return its exit code (negative: the signal that ended it)."""
        if self._process is None:
            raise RedisServerError("the Redis server has not been started")
        return self._process.wait()

    def __enter__(self) -> "RedisServer":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _lock_folder(self) -> int:
        """Hold the folder against a second server, whose log would mix with this one's."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        # One whose parent has just been killed is still writing its data.
        attempts = Retrying(
            stop=stop_after_delay(min(10.0, self._deadline_s)),
            wait=wait_fixed(0.05),
            retry=retry_if_exception_type(BlockingIOError),
            reraise=True,
        )
        try:
            attempts(fcntl.flock, lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise RedisServerError(
                f"another Redis server runs in {self._folder}: stop it, or choose another folder"
            ) from error
        return lock

    def _launch(self, program: str, lock: int) -> None:
        settings = self._settings.text()
        self._ready = False
        self._settled.clear()
        self._last_lines.clear()
        self._process = subprocess.Popen(
            [program, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=[lock],
            # A Ctrl-C in the terminal is for the parent, which then stops the server once.
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RedisServerError("no pipe to redis-server")
        self._reader = threading.Thread(
            target=self._read_log, args=(self._process.stdout,), name="redis-server log"
        )
        self._reader.daemon = True
        self._reader.start()
        try:
            with self._process.stdin as stdin:
                stdin.write(settings)
        except BrokenPipeError:
            # It ended before it read anything; its log says why.
            self._settled.wait(self._deadline_s)

    def _read_log(self, lines: IO[str]) -> None:
        with lines, (self._folder / "redis-server.log").open("a", buffering=1) as log:
            for line in lines:
                log.write(line)
                self._last_lines.append(line.rstrip())
                if "eady to accept connections" in line:
                    self._ready = True
                    self._settled.set()
        self._settled.set()

    def _is_port_taken(self) -> bool:
        return any("already in use" in line for line in self._last_lines)

    def _failure(self) -> str:
        what = (
            f"port {self._settings.port} is taken, choose another one"
            if self._is_port_taken()
            else f"it ended or was not ready within {self._deadline_s:g} s, its log says why; "
            f"its data are in {self._folder}"
        )
        log = "\n".join(f"    {line}" for line in self._last_lines) or "    (it said nothing)"
        return f"redis-server did not start: {what}\n{log}"


def main(arguments: list[str] | None = None) -> None:
    """Run a server in the foreground until SIGTERM or SIGINT, then exit with 0."""
    parser = argparse.ArgumentParser(
        prog="redis_server", description="Run a Redis server with its own folder on this machine."
    )
    parser.add_argument("--folder", type=Path, required=True, help="for its data and its log")
    parser.add_argument("--port", type=int, default=None, help="a free one when left out")
    parser.add_argument("--max-memory-mb", type=int, default=1024, help="most memory, MiB")
    # Launch files append their own arguments after --ros-args.
    options, _ = parser.parse_known_args(arguments)
    die_with_parent()
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGINT, _exit)
    server = RedisServer(options.folder, options.port, options.max_memory_mb << 20)
    try:
        with server:
            print(f"Redis answers at {server.url}, its data are in {options.folder}", flush=True)
            code = server.wait()
    except RedisServerError as error:
        sys.exit(str(error))
    log = "\n".join(f"    {line}" for line in server.last_lines)
    sys.exit(f"redis-server ended by itself with exit code {code}\n{log}")


def _exit(signal_number: int, frame: FrameType | None) -> NoReturn:
    # Once is enough: a second signal must not interrupt the server's stop.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(0)


def _find_program() -> str:
    # The set-up may have put it beside this interpreter, which need not be on PATH.
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), beside))
    program = shutil.which("redis-server", path=path)
    if program is None:
        raise RedisServerError(
            "the program redis-server is not on PATH: run the set-up, install it "
            "(apt-get install redis-server), or give the address of a running server"
        )
    return program


if __name__ == "__main__":
    main()
