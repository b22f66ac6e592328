"""Runs Gazebo for one world: `gazebo_server --world WORLD --socket PATH`.

The socket appears when the simulator is ready. The server ends on SIGTERM or SIGINT with exit code 0,
with its parent, and when Gazebo fails; it leaves no process, no mount and no file behind.
"""

import argparse
import os
import select
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.errors import ConfigurationError
from deepracer_gazebo.gazebo_place import GazeboPlace, find_gazebo
from deepracer_gazebo.gazebo_process import GazeboProcess
from deepracer_gazebo.gazebo_resources import model_folders, ros_plugins

_MAX_SOCKET_PATH = 100
"""The kernel takes 107 bytes, and inside the root file system the path is longer."""


class GazeboServerError(RuntimeError):
    """Gazebo did not start, or ended on its own."""


class GazeboServer:
    """Xvfb and gzserver for one world.

    Args:
        place: where Gazebo is.
        options: the command line's.
    """

    def __init__(self, place: GazeboPlace, options: argparse.Namespace) -> None:
        self._place = place
        self._options = options
        self._processes: list[GazeboProcess] = []
        self._home: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "GazeboServer":
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.stop()
        self._options.socket.unlink(missing_ok=True)
        if self._home is not None:
            self._home.cleanup()

    def start(self, stop: int) -> bool:
        """Start everything and wait until the simulator is ready.

        Args:
            stop: a file descriptor that becomes readable when the server is told to end.

        Returns:
            False when the server was told to end before.

        Raises:
            GazeboServerError: Gazebo did not start.
        """
        options = self._options
        options.socket.unlink(missing_ok=True)
        self._home = tempfile.TemporaryDirectory(prefix="gazebo-", dir=options.socket.parent)
        display = self._start_xvfb()
        environment = self._environment(display)
        seed = ["--seed", str(options.seed)] if options.seed is not None else []
        world = self._place.seen_from_inside(options.world)
        plugins = [argument for name in ros_plugins(self._place) for argument in ("-s", name)]
        gzserver = self._run(
            "gzserver",
            ["gzserver", "--verbose", "-u", "--minimal_comms", *seed, *plugins, world],
            environment,
        )
        end = time.monotonic() + options.deadline
        while not options.socket.exists():
            if gzserver.wait(0.02):
                raise GazeboServerError(_epitaph(gzserver))
            if select.select([stop], [], [], 0)[0]:
                return False
            if time.monotonic() > end:
                raise GazeboServerError(
                    f"gzserver was not ready within {options.deadline:g} s\n{_quote(gzserver)}"
                )
        if options.gui:
            self._run("gzclient", ["gzclient"], environment | self._screen())
        return True

    def watch(self, stop: int) -> None:
        """Return when the server is told to end.

        Raises:
            GazeboServerError: one of the processes ended.
        """
        watched = {os.pidfd_open(process.pid): process for process in self._processes}
        try:
            ready = select.select([stop, *watched], [], [])[0]
        finally:
            for descriptor in watched:
                os.close(descriptor)
        for descriptor in ready:
            if descriptor != stop:
                process = watched[descriptor]
                process.wait(1.0)
                raise GazeboServerError(_epitaph(process))

    def _start_xvfb(self) -> str:
        """Start a screen that nobody sees, on a free display; returns its name."""
        reader, writer = os.pipe()
        try:
            xvfb = self._run(
                "Xvfb",
                ["Xvfb", "-displayfd", str(writer), "-screen", "0", "640x480x24"]
                + ["-nolisten", "tcp", "-noreset", "+extension", "GLX"],
                self._basics(),
                keep_open=[writer],
            )
        finally:
            os.close(writer)
        with os.fdopen(reader) as answer:
            if select.select([answer], [], [], self._options.deadline)[0]:
                number = answer.readline().strip()
                if number:
                    return f":{number}"
        raise GazeboServerError(_epitaph(xvfb))

    def _basics(self) -> dict[str, str]:
        assert self._home is not None
        return {
            "HOME": self._place.seen_from_inside(Path(self._home.name)),
            "PATH": os.environ["PATH"] if self._place.root is None else "/usr/bin:/bin",
            "LANG": "C.UTF-8",
        }

    def _environment(self, display: str) -> dict[str, str]:
        options, place = self._options, self._place
        models = [place.seen_from_inside(folder) for folder in model_folders(options.model_path)]
        resources = [place.seen_from_inside(options.world.parent)]
        resources += [place.seen_from_inside(folder) for folder in options.resource_path]
        variables = self._basics() | {
            "DISPLAY": display,
            "DEEPRACER_SOCKET": place.seen_from_inside(options.socket),
            "GAZEBO_MASTER_URI": f"http://127.0.0.1:{options.port or _free_port()}",
            "GAZEBO_IP": "127.0.0.1",
            "IGN_IP": "127.0.0.1",
            # Models come from here only; Gazebo would ask a server on the Internet, and wait for it.
            "GAZEBO_MODEL_DATABASE_URI": "",
            "GAZEBO_MODEL_PATH": ":".join(models),
            "GAZEBO_RESOURCE_PATH": ":".join([*resources, place.media()]),
            "GAZEBO_PLUGIN_PATH": place.seen_from_inside(place.plugin),
            "OGRE_RESOURCE_PATH": _ogre_plugins(place),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "LP_NUM_THREADS": str(options.render_threads),
        }
        if place.root is None:
            for name in ("LD_LIBRARY_PATH", "AMENT_PREFIX_PATH", "ROS_DOMAIN_ID", "ROS_DISTRO"):
                if name in os.environ:
                    variables[name] = os.environ[name]
        return variables

    def _screen(self) -> dict[str, str]:
        return {"DISPLAY": os.environ["DISPLAY"]} | {
            name: os.environ[name] for name in ("XAUTHORITY",) if name in os.environ
        }

    def _run(
        self,
        name: str,
        arguments: list[str],
        environment: dict[str, str],
        keep_open: Sequence[int] = (),
    ) -> GazeboProcess:
        command = self._place.command(arguments, environment)
        process = GazeboProcess(name, command, self._options.verbose, keep_open)
        self._processes.append(process)
        return process


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line and check what can be checked before anything starts.

    Raises:
        ConfigurationError: an argument cannot be used.
    """
    parser = argparse.ArgumentParser(prog="gazebo_server", description=__doc__)
    parser.add_argument("--world", type=Path, required=True, help="the world file")
    parser.add_argument("--socket", type=Path, required=True, help="where the simulator listens")
    parser.add_argument("--seed", type=int, help="seed of Gazebo's random numbers")
    parser.add_argument(
        "--model-path", type=Path, action="append", default=[], help="folder of models (repeatable)"
    )
    parser.add_argument(
        "--resource-path", type=Path, action="append", default=[], help="folder of media"
    )
    parser.add_argument("--port", type=int, help="of Gazebo's master (default: a free one)")
    parser.add_argument("--gui", action=argparse.BooleanOptionalAction, help="show the world")
    parser.add_argument("--headless", dest="gui", action="store_false", help="show nothing")
    parser.add_argument(
        "--render-threads", type=int, default=1, help="of the software renderer (default: 1)"
    )
    parser.add_argument(
        "--deadline", type=float, default=60.0, help="seconds to wait for Gazebo (default: 60)"
    )
    parser.add_argument("--verbose", action="store_true", help="show all that Gazebo prints")
    options = parser.parse_args(arguments)
    options.world = options.world.resolve()
    options.socket = options.socket.resolve()
    if not options.world.is_file():
        raise ConfigurationError(f"--world {options.world}: no such file")
    if not options.socket.parent.is_dir():
        raise ConfigurationError(f"--socket {options.socket}: no such folder")
    if len(os.fsencode(options.socket)) > _MAX_SOCKET_PATH:
        raise ConfigurationError(
            f"--socket {options.socket}: longer than {_MAX_SOCKET_PATH} bytes, which Unix sockets "
            "do not allow: choose a shorter folder"
        )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Gazebo until told to stop; returns the exit code."""
    die_with_parent()
    told_to_stop, tell = os.pipe()
    os.set_blocking(tell, False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(tell, b"."))
    try:
        options = parse_arguments(arguments)
        place = find_gazebo()
        if options.gui:
            _require_screen(place)
        with GazeboServer(place, options) as server:
            if server.start(told_to_stop):
                print(f"gazebo_server: {options.world.name} is ready on {options.socket}", flush=True)
                server.watch(told_to_stop)
    except (ConfigurationError, GazeboServerError) as error:
        print(f"gazebo_server: {error}", file=sys.stderr)
        return 1
    return 0


def _require_screen(place: GazeboPlace) -> None:
    if "DISPLAY" not in os.environ:
        raise ConfigurationError("--gui: there is no screen: DISPLAY is not set; use --headless")
    if not place.has("gzclient"):
        raise ConfigurationError("--gui: gzclient is not installed; use --headless")


def _ogre_plugins(place: GazeboPlace) -> str:
    root = place.root or Path("/")
    folders = sorted((root / "usr/lib").glob("*/OGRE-1.*"))
    return "/" + str(folders[-1].relative_to(root)) if folders else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _epitaph(process: GazeboProcess) -> str:
    return f"{process.name} ended with exit code {process.exit_code}\n{_quote(process)}"


def _quote(process: GazeboProcess) -> str:
    return "\n".join(f"  {process.name}: {line}" for line in process.last_lines)


if __name__ == "__main__":
    sys.exit(main())
