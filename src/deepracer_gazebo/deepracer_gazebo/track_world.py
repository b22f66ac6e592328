"""Writes the models, the routes and the worlds of tracks: `generate_tracks`.

Everything under `models/<track>/` and `worlds/<track>.world` is written from the definitions in
`worlds/definitions/`; the same definition gives the same bytes. `models/field/` is common to all.
"""

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from deepracer_core.errors import ConfigurationError
from deepracer_core.route import check_route
from deepracer_core.track import Track
from numpy.typing import NDArray

from deepracer_gazebo import ground_texture, track_mesh
from deepracer_gazebo.track_definition import load_definition, route_rows
from deepracer_gazebo.track_templates import (
    FIELD_OBJ,
    FIELD_SDF,
    MATERIALS,
    MODEL_CONFIG,
    TRACK_SDF,
    WORLD,
)

Files = Iterator[tuple[str, bytes]]
"""Paths relative to the repository, with what the files there hold."""


def field_files() -> Files:
    """The ground that all tracks lie on: a plane to drive on, grass, and the roads' materials."""
    description = "The ground under every track: a plane to drive on, covered with grass"
    texts = {
        "model.config": MODEL_CONFIG.format(name="field", description=description),
        "model.sdf": FIELD_SDF,
        "meshes/field.obj": FIELD_OBJ,
        "materials/scripts/ground.material": MATERIALS,
    }
    for path, text in texts.items():
        yield f"models/field/{path}", text.encode()
    for name, data in _textures().items():
        yield f"models/field/materials/textures/{name}.png", data


def _textures() -> dict[str, bytes]:
    """The coverings of road and field by name, as PNG; those with a number are for randomisation.

    `conditions.TEXTURES` says how many each has.
    """
    asphalt = ground_texture.noise(1, cells=(8, 64, 128, 256))
    grass = ground_texture.noise(2, cells=(4, 8, 32, 128))
    coarse = ground_texture.noise(3, cells=(4, 16, 32, 64))
    fine = ground_texture.noise(4, cells=(64, 128, 256))
    png, with_joints = ground_texture.png, ground_texture.with_joints
    squares = ground_texture.with_squares(fine, 8)
    return {
        "asphalt": png(asphalt, dark=(62, 62, 65), light=(88, 88, 91)),
        # Patched asphalt, concrete slabs, a carpet.
        "asphalt_1": png(coarse, dark=(38, 38, 40), light=(112, 110, 106)),
        "asphalt_2": png(with_joints(fine, 2, 2), dark=(62, 61, 58), light=(122, 120, 114)),
        "asphalt_3": png(squares, dark=(50, 52, 62), light=(92, 94, 104)),
        "grass": png(grass, dark=(44, 98, 34), light=(84, 146, 58)),
        # Sand, floorboards, tiles.
        "grass_1": png(coarse, dark=(138, 112, 72), light=(206, 182, 134)),
        "grass_2": png(with_joints(fine, 1, 12), dark=(70, 42, 22), light=(172, 122, 72)),
        "grass_3": png(with_joints(grass, 4, 4), dark=(84, 88, 92), light=(176, 184, 188)),
    }


def track_files(name: str, description: str, rows: NDArray[np.float64]) -> Files:
    """The route, the model and the world of one track.

    Args:
        name: what the track is called.
        description: one line for people.
        rows: float64[N, 6], a route in the public format.

    Raises:
        TrackError: the rows are no route that can be driven.
    """
    route = check_route(rows, name)
    track = Track(route, name)
    npy = io.BytesIO()
    np.save(npy, rows, allow_pickle=False)
    meshes = {
        "asphalt": track_mesh.asphalt(route),
        "borders": track_mesh.border_lines(route),
        "center_line": track_mesh.center_dashes(route),
    }
    config = MODEL_CONFIG.format(name=name, description=escape(description))
    x, y, yaw = track.pose_at(0.0)
    middle = 0.5 * (route.outer.min(axis=0) + route.outer.max(axis=0))
    size = float(np.ptp(route.outer, axis=0).max())
    texts = {
        f"models/{name}/model.config": config,
        f"models/{name}/model.sdf": TRACK_SDF.format(name=name),
        f"worlds/{name}.world": WORLD.format(
            name=name,
            start=f"{x:.6f} {y:.6f} 0 0 0 {yaw:.6f}",
            view=f"{middle[0]:.3f} {middle[1] - size:.3f} {size:.3f} 0 0.8 1.5708",
        ),
    }
    for part, mesh in meshes.items():
        texts[f"models/{name}/meshes/{part}.obj"] = mesh.to_obj(part)
    yield f"models/{name}/{name}.npy", npy.getvalue()
    for path, text in texts.items():
        yield path, text.encode()


def write_files(root: Path, files: Files) -> None:
    """Write files under `root`, with the folders that they need."""
    for path, data in files:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def generate(root: Path, names: Sequence[str] = ()) -> list[str]:
    """Write the files of the tracks that are defined under `root`.

    Args:
        root: the repository, with `worlds/definitions/`.
        names: which tracks; all of them when empty.

    Returns:
        A line for each track: its name, length and width.

    Raises:
        ConfigurationError: no such definition, or one that cannot be built.
    """
    definitions = {path.stem: path for path in sorted((root / "worlds/definitions").glob("*.yaml"))}
    for name in names:
        if name not in definitions:
            raise ConfigurationError(
                f"{root / 'worlds/definitions'}: no definition of {name!r}, only {[*definitions]}"
            )
    write_files(root, field_files())
    lines = []
    for name in names or definitions:
        definition = load_definition(definitions[name])
        rows = route_rows(definition)
        write_files(root, track_files(name, definition.description, rows))
        track = Track.from_route(rows, name)
        lines.append(f"{name}: {track.length:.2f} m, {len(track.center)} waypoints")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate tracks from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="generate_tracks", description=__doc__)
    parser.add_argument("names", nargs="*", help="tracks to generate; all when none is named")
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    options = parser.parse_args(arguments)
    try:
        lines = generate(options.root, options.names)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
