"""Xvfb and gzserver, and gzclient when the world is to be seen, as one thing to start and stop."""

import os
import select
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deepracer_core.free_port import free_port
from deepracer_core.race_objects import RaceType

from deepracer_gazebo.car_model import (
    BLUE,
    CAMERA_SIZE,
    CHASE_SIZE,
    FRONT,
    Color,
    car_files,
)
from deepracer_gazebo.gazebo_place import GazeboPlace
from deepracer_gazebo.gazebo_process import GazeboProcess
from deepracer_gazebo.gazebo_resources import model_folders, ros_plugins
from deepracer_gazebo.object_models import object_models, with_objects

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

_VIEW = "gzclient"

_READY_CHECK = 0.02
"""Seconds between looks for the simulator's socket."""


class GazeboServerError(RuntimeError):
    """Gazebo did not start, or ended on its own."""


@dataclass(frozen=True, slots=True)
class GazeboOptions:
    """What to simulate, and how.

    Attributes:
        world: the world file.
        socket: where the simulator listens when it is ready.
        seed: of Gazebo's random numbers; its own choice when None.
        model_path: folders of models beside the workspace's own.
        resource_path: folders of media beside the world's and Gazebo's own.
        race_type: what else is in the world.
        objects: how many of it.
        car_color: of the car's body, red, green and blue from 0 to 1.
        cameras: that the car carries, see `car_model.MOUNTS`.
        camera_size: width and height of their pictures, pixels, the chase camera's excepted.
        chase_size: width and height of the chase camera's.
        port: of Gazebo's master; a free one when None.
        gui: show the world on the user's screen.
        render_threads: of the software renderer.
        deadline: seconds of wall clock for the start.
        verbose: show all that Gazebo prints.
    """

    world: Path
    socket: Path
    seed: int | None = None
    model_path: Sequence[Path] = ()
    resource_path: Sequence[Path] = ()
    race_type: RaceType = RaceType.TIME_TRIAL
    objects: int = 0
    car_color: Color = BLUE
    cameras: tuple[str, ...] = (FRONT,)
    camera_size: tuple[int, int] = CAMERA_SIZE
    chase_size: tuple[int, int] = CHASE_SIZE
    port: int | None = None
    gui: bool = False
    render_threads: int = 1
    deadline: float = 60.0
    verbose: bool = False


class GazeboServer:
    """Gazebo with one world; a context manager that leaves no process and no file behind.

    Args:
        place: where Gazebo is.
        options: what to simulate, and how.
    """

    def __init__(self, place: GazeboPlace, options: GazeboOptions) -> None:
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
            ConfigurationError: a folder of models is missing.
        """
        options = self._options
        options.socket.unlink(missing_ok=True)
        # Gazebo writes logs into its home; two servers must not meet there.
        self._home = tempfile.TemporaryDirectory(prefix="gazebo-", dir=options.socket.parent)
        environment = self._environment(self._start_xvfb())
        gzserver = self._run("gzserver", self._gzserver_arguments(), environment)
        end = time.monotonic() + options.deadline
        while not options.socket.exists():
            if gzserver.wait(_READY_CHECK):
                raise GazeboServerError(_epitaph(gzserver))
            if select.select([stop], [], [], 0)[0]:
                return False
            if time.monotonic() > end:
                raise GazeboServerError(
                    f"gzserver was not ready within {options.deadline:g} s: is the machine busy? "
                    f"Its last lines:\n{_quote(gzserver)}"
                )
        if options.gui:
            self._run(_VIEW, [_VIEW], environment | self._screen())
        return True

    def watch(self, stop: int) -> None:
        """Return when the server is told to end.

        Raises:
            GazeboServerError: Gazebo or its screen ended.
        """
        # Whoever closes the view has only seen enough.
        needed = [process for process in self._processes if process.name != _VIEW]
        watched = {os.pidfd_open(process.pid): process for process in needed}
        try:
            ready = select.select([stop, *watched], [], [])[0]
        finally:
            for descriptor in watched:
                os.close(descriptor)
        for descriptor in ready:
            if descriptor != stop:
                raise GazeboServerError(_epitaph(watched[descriptor]))

    def _start_xvfb(self) -> str:
        """Start a screen that nobody sees, on a free display; returns its name."""
        reader, writer = os.pipe()
        arguments = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "640x480x24"]
        arguments += ["-nolisten", "tcp", "-noreset", "+extension", "GLX"]
        try:
            xvfb = self._run("Xvfb", arguments, self._basics(), keep_open=[writer])
        finally:
            os.close(writer)
        with os.fdopen(reader) as answer:
            if select.select([answer], [], [], self._options.deadline)[0]:
                number = answer.readline().strip()
                if number:
                    return f":{number}"
        raise GazeboServerError(_epitaph(xvfb))

    def _gzserver_arguments(self) -> list[str]:
        options = self._options
        arguments = ["gzserver", "--verbose", "-u", "--minimal_comms"]
        if options.seed is not None:
            arguments += ["--seed", str(options.seed)]
        for plugin in ros_plugins(self._place):
            arguments += ["-s", plugin]
        return [*arguments, self._place.seen_from_inside(self._world())]

    def _world(self) -> Path:
        """The world file, or one of our own with the objects of a race in it."""
        options = self._options
        models = object_models(options.race_type, options.objects)
        if not models:
            return options.world
        assert self._home is not None
        world = Path(self._home.name) / options.world.name
        world.write_text(with_objects(options.world.read_text(encoding="utf-8"), models))
        return world

    def _basics(self) -> dict[str, str]:
        assert self._home is not None
        home = self._place.seen_from_inside(Path(self._home.name))
        # Of this machine's variables the root file system could only misunderstand most.
        inherited = dict(os.environ) if self._place.root is None else {"PATH": _PATH}
        return inherited | {"HOME": home, "XDG_CACHE_HOME": home, "LANG": "C.UTF-8"}

    def _environment(self, display: str) -> dict[str, str]:
        options, place = self._options, self._place
        models = [*map(place.seen_from_inside, self._model_folders())]
        resources = [options.world.parent, *options.resource_path]
        media = [*map(place.seen_from_inside, resources), place.media()]
        return self._basics() | {
            "DISPLAY": display,
            "DEEPRACER_SOCKET": place.seen_from_inside(options.socket),
            "GAZEBO_MASTER_URI": f"http://127.0.0.1:{options.port or free_port()}",
            "GAZEBO_IP": "127.0.0.1",
            "IGN_IP": "127.0.0.1",
            # Models come from here only; Gazebo would ask a server on the Internet, and wait.
            "GAZEBO_MODEL_DATABASE_URI": "",
            "GAZEBO_MODEL_PATH": ":".join(models),
            "GAZEBO_RESOURCE_PATH": ":".join(media),
            "GAZEBO_PLUGIN_PATH": place.seen_from_inside(place.plugin),
            "OGRE_RESOURCE_PATH": place.ogre(),
            "ALSOFT_DRIVERS": "null",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "LP_NUM_THREADS": str(options.render_threads),
        }

    def _model_folders(self) -> list[Path]:
        options = self._options
        folders = model_folders(options.model_path)
        car = (options.car_color, options.cameras, options.camera_size, options.chase_size)
        if car[:3] == (BLUE, (FRONT,), CAMERA_SIZE):
            # As it is shipped, or as a folder of the user's has it.
            return folders
        assert self._home is not None
        own = Path(self._home.name) / "models"
        for path, text in car_files(*car).items():
            target = own / "deepracer" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        # The first folder that has a model wins.
        return [own, *folders]

    def _screen(self) -> dict[str, str]:
        """What a program needs to appear on the user's screen."""
        screen = {"DISPLAY": os.environ["DISPLAY"], "DEEPRACER_SCREEN": "1"}
        if "XAUTHORITY" in os.environ:
            key = Path(os.environ["XAUTHORITY"])
            screen["XAUTHORITY"] = self._place.seen_from_inside(key)
        return screen

    def _run(
        self,
        name: str,
        arguments: Sequence[str],
        environment: dict[str, str],
        keep_open: Sequence[int] = (),
    ) -> GazeboProcess:
        command = self._place.command(*arguments)
        process = GazeboProcess(name, command, environment, self._options.verbose, keep_open)
        self._processes.append(process)
        return process


def _epitaph(process: GazeboProcess) -> str:
    process.wait(1.0)
    return (
        f"{process.name} ended on its own (exit code {process.exit_code}). Its last lines:\n"
        f"{_quote(process)}"
    )


def _quote(process: GazeboProcess) -> str:
    return "\n".join(f"  {process.name}: {line}" for line in process.last_lines)
