"""Runs Gazebo for one world: `gazebo_server --track NAME --socket PATH`.

The socket appears when the simulator is ready. The server ends on SIGTERM or SIGINT with exit
code 0, with its parent, and when Gazebo fails; it leaves no process and no mount behind.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.race_objects import RaceType
from deepracer_core.track_library import world_path

from deepracer_gazebo.car_model import (
    BLUE,
    CAMERA_SIZE,
    CHASE,
    FRONT,
    MOUNTS,
    cameras_of,
    parse_camera_size,
    parse_cameras,
    parse_color,
)
from deepracer_gazebo.gazebo_place import GazeboPlace, find_gazebo
from deepracer_gazebo.gazebo_resources import check_world, model_folders
from deepracer_gazebo.gazebo_server import GazeboOptions, GazeboServer, GazeboServerError

_MAX_SOCKET_PATH = 100
"""The kernel takes 107 bytes, and inside the root file system the path is longer."""


def parse_arguments(arguments: Sequence[str] | None) -> GazeboOptions:
    """Read the command line and check what can be checked before anything starts.

    Raises:
        ConfigurationError: an argument cannot be used.
    """
    parser = argparse.ArgumentParser(
        prog="gazebo_server", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--track", help="a track's name, shipped or imported")
    place.add_argument("--world", type=Path, help="a world file")
    parser.add_argument("--socket", type=Path, required=True, help="where the simulator listens")
    parser.add_argument("--seed", type=int, help="of Gazebo's random numbers")
    for name, kind in (("--model-path", "models"), ("--resource-path", "media")):
        parser.add_argument(
            name, type=Path, action="append", default=[], help=f"a folder of {kind} (repeatable)"
        )
    parser.add_argument(
        "--race-type",
        type=RaceType,
        default=RaceType.TIME_TRIAL,
        choices=list(RaceType),
        metavar="|".join(race.value for race in RaceType),
        help="boxes for object_avoidance, cars for head_to_bot (default: time_trial, neither)",
    )
    parser.add_argument("--objects", type=int, default=0, help="how many of them (default: 0)")
    parser.add_argument("--car-color", metavar="#RRGGBB", help="of the car's body")
    cameras = parser.add_mutually_exclusive_group()
    cameras.add_argument(
        "--cameras",
        metavar=",".join(MOUNTS),
        help=f"that the car carries, some of these (default: {FRONT})",
    )
    cameras.add_argument(
        "--model-metadata",
        type=Path,
        metavar="FILE",
        help="model_metadata.json, whose sensors need these cameras or those",
    )
    parser.add_argument(
        "--camera-size",
        default="x".join(map(str, CAMERA_SIZE)),
        metavar="WIDTHxHEIGHT",
        help="of their pictures, the chase camera's excepted (default: %(default)s)",
    )
    parser.add_argument(
        "--chase",
        default="none",
        metavar="WIDTHxHEIGHT",
        help="carry the chase camera besides, with pictures of this size; none: do not (default)",
    )
    parser.add_argument("--port", type=int, help="of Gazebo's master (default: a free one)")
    parser.add_argument("--gui", action="store_true", help="show the world on this screen")
    parser.add_argument("--headless", dest="gui", action="store_false", help="do not (default)")
    parser.add_argument(
        "--render-threads",
        type=int,
        default=1,
        help="of the software renderer, 0: none of its own (default: 1)",
    )
    parser.add_argument(
        "--deadline", type=float, default=60.0, help="seconds to wait for Gazebo (default: 60)"
    )
    parser.add_argument("--verbose", action="store_true", help="show all that Gazebo prints")
    options = vars(parser.parse_args(arguments))
    track = options.pop("track")
    options["world"] = (world_path(track) if track else options["world"]).resolve()
    # An imported track has its model beside its world: PLACE/worlds/NAME.world, PLACE/models/NAME.
    beside = options["world"].parent.parent / "models"
    if beside.is_dir():
        options["model_path"].append(beside)
    options["socket"] = options["socket"].resolve()
    options["car_color"] = parse_color(options["car_color"]) if options["car_color"] else BLUE
    metadata = options.pop("model_metadata")
    if metadata is not None:
        options["cameras"] = cameras_of(load_model_metadata(metadata).sensors)
    else:
        options["cameras"] = parse_cameras(options["cameras"] or FRONT)
    options["camera_size"] = parse_camera_size(options["camera_size"])
    chase = options.pop("chase")
    if chase != "none":
        others = [name for name in options["cameras"] if name != CHASE]
        options["cameras"] = (*others, CHASE)
        options["chase_size"] = parse_camera_size(chase)
    return _checked(GazeboOptions(**options))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Gazebo until told to stop.

    Returns:
        The exit code: 1 when Gazebo ended on its own, 2 when it cannot use what it was given.
    """
    die_with_parent()
    told_to_stop, tell = os.pipe()
    os.set_blocking(tell, False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(tell, b"."))
    try:
        options = parse_arguments(arguments)
        place = find_gazebo()
        check_world(options.world, model_folders(options.model_path))
        if options.gui:
            _require_screen(place)
        with GazeboServer(place, options) as server:
            if server.start(told_to_stop):
                print(f"gazebo_server: {options.world.name} is ready", flush=True)
                server.watch(told_to_stop)
    except (ConfigurationError, GazeboServerError) as error:
        print(f"gazebo_server: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigurationError) else 1
    return 0


def _checked(options: GazeboOptions) -> GazeboOptions:
    if not options.world.is_file():
        raise ConfigurationError(f"--world {options.world}: no such file")
    if not options.socket.parent.is_dir():
        raise ConfigurationError(f"--socket {options.socket}: its folder is not there")
    if len(os.fsencode(options.socket)) > _MAX_SOCKET_PATH:
        raise ConfigurationError(
            f"--socket {options.socket}: longer than {_MAX_SOCKET_PATH} bytes, which a Unix socket "
            "cannot be: choose a shorter folder"
        )
    if options.render_threads < 0:
        raise ConfigurationError(
            f"--render-threads: expected 0 or more, got {options.render_threads}"
        )
    return options


def _require_screen(place: GazeboPlace) -> None:
    if not os.environ.get("DISPLAY"):
        raise ConfigurationError("--gui: there is no screen (DISPLAY is not set): use --headless")
    if not place.has("gzclient"):
        raise ConfigurationError("--gui: gzclient is not installed: use --headless")


if __name__ == "__main__":
    sys.exit(main())
