"""Turns a public DeepRacer route file into a track: `import_track ROUTE.npy`.

The track (world, model, route) goes into a folder of the user's, $DEEPRACER_TRACKS or `tracks/` in
the working folder, and is found there by its name like those that come with the project.
"""

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from deepracer_core.errors import ConfigurationError
from deepracer_core.route import Route, TrackError, read_route
from deepracer_core.track import Track
from deepracer_core.track_library import imported_folder, share_folder
from numpy.typing import NDArray

from deepracer_gazebo.track_world import track_files, write_files

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

_NARROWEST = 0.25
"""Metres; the car is 0.2 m wide."""

_REACH = 90.0
"""Metres from the origin to either side; the field ends at 100."""

_LOG = logging.getLogger(__name__)


def import_track(route: Path, name: str | None = None, *, replace: bool = False) -> Track:
    """Make a track of a route file and put it where tracks are found by name.

    The waypoints stay as they are, digit for digit; repeated ones are left out, and a circuit's end
    is closed. Borders of a circuit that are named the wrong way round, the inner one around the
    outer one, are exchanged, with a warning in the log. The same file again gives the same bytes.

    Args:
        route: a `.npy` file in the public format.
        name: what to call the track; as the file is called when None.
        replace: overwrite an imported track of that name.

    Returns:
        The track, as `load_track` gives it from now on.

    Raises:
        TrackError: the file is no route that can be driven.
        ConfigurationError: the name cannot be used or is taken, or the folder cannot be written.
    """
    name = route.stem if name is None else name
    _check_name(name)
    waypoints = _inner_inside(read_route(route), str(route))
    track = Track(waypoints, name)
    _check_road(track, str(route))
    files = dict(track_files(name, f"Imported: {track.length:.2f} m", _rows(waypoints)))
    folder, path = imported_folder(), f"models/{name}/{name}.npy"
    there = folder / path
    try:
        if not replace and there.exists() and there.read_bytes() != files[path]:
            raise ConfigurationError(
                f"there is another track {name!r} in {folder}: give this one another --name, or"
                " --replace that one"
            )
        # The world last: a track without one is not listed, should the disk be full half-way.
        write_files(folder, iter(sorted(files.items())))
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: expected a folder that can be written: {error}; $DEEPRACER_TRACKS chooses"
            " another"
        ) from error
    return track


def describe(track: Track) -> str:
    """A track in one line: its name, length, direction, width, number of waypoints."""
    if track.closed:
        direction = "counter-clockwise" if _area(track.center) > 0.0 else "clockwise"
    else:
        direction = "a course with two ends"
    return (
        f"{track.name}: {track.length:.2f} m, {direction}, {describe_width(track)} wide,"
        f" {len(track.center)} waypoints"
    )


def describe_width(track: Track) -> str:
    """How wide a track is, as text: `0.76 m`, or `0.60 to 1.20 m`."""
    narrowest, widest = (f"{width:.2f}" for width in track.widths)
    return f"{narrowest} m" if narrowest == widest else f"{narrowest} to {widest} m"


def main(arguments: Sequence[str] | None = None) -> int:
    """Import a track from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="import_track", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("route", type=Path, help="a route file (.npy)")
    parser.add_argument("--name", help="what to call the track (default: as the file)")
    parser.add_argument("--replace", action="store_true", help="overwrite one of that name")
    options = parser.parse_args(arguments)
    try:
        track = import_track(options.route, options.name, replace=options.replace)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    print(describe(track))
    return 0


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"track name {name!r}: expected letters, digits, _ and -; give another with --name"
        )
    if (share_folder() / "models" / name).is_dir():
        raise ConfigurationError(
            f"track name {name!r}: one of the project's own models is called so; give another with"
            " --name"
        )


def _inner_inside(route: Route, source: str) -> Route:
    """The route with its inner border inside: lanes are told apart by that."""
    if not route.closed or abs(_area(route.inner)) <= abs(_area(route.outer)):
        return route
    _LOG.warning(
        "%s: expected the inner border inside the outer one, got it around that: exchanged", source
    )
    return Route(route.center, inner=route.outer, outer=route.inner, closed=True)


def _area(line: NDArray[np.float64]) -> float:
    """Square metres within a closed line, float64[N, 2]; positive when counter-clockwise."""
    x, y = line.T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def _check_road(track: Track, source: str) -> None:
    """Raise TrackError where a car or the field would not fit."""
    narrowest, _ = track.widths
    if narrowest < _NARROWEST:
        raise TrackError(
            f"{source}: expected a road at least {_NARROWEST} m wide (the car is 0.2 m), got"
            f" {narrowest:.3f} m; are the numbers metres?"
        )
    farthest = float(np.abs(np.concatenate((track.inner, track.outer))).max())
    if farthest > _REACH:
        raise TrackError(
            f"{source}: expected x and y within {_REACH:g} m of the origin, where the field is, got"
            f" {farthest:.1f} m; are the numbers metres?"
        )
    # A course's ends lie on the road's edge.
    inside = track.contains(track.center if track.closed else track.center[1:-1])
    if not inside.all():
        waypoint = int(inside.argmin()) + (not track.closed)
        raise TrackError(
            f"{source}: expected the centre line between the borders, but waypoint {waypoint} at"
            f" {track.center[waypoint].tolist()} is not"
        )


def _rows(route: Route) -> NDArray[np.float64]:
    """The rows of a route file, float64[N, 6]; of a circuit the last one repeats the first."""
    rows = np.hstack((route.center, route.inner, route.outer))
    return np.vstack((rows, rows[:1])) if route.closed else rows


if __name__ == "__main__":
    sys.exit(main())
