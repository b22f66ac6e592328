"""Draws tracks from above, as pictures for the documentation: `python docs/draw_tracks.py`."""

import argparse
from pathlib import Path

import cv2
import numpy as np
from deepracer_core.route import Route, read_route
from deepracer_core.track_library import load_track, route_path, shipped_names
from deepracer_gazebo.track_import import describe

from deepracer_gazebo import track_mesh

MARGIN = 0.4
"""Metres of grass around the road."""

WIDTH = 600
"""Pixels across a picture."""

SMOOTHING = 4
"""Each pixel is the mean of so many pixels across and down."""

GRASS, ASPHALT, WHITE, ORANGE = (64, 122, 46), (75, 75, 78), (242, 242, 242), (255, 153, 26)

SMALL = (cv2.IMWRITE_PNG_COMPRESSION, 9)


def draw(route: Route) -> np.ndarray:
    """The road with its lines, the start line and the driving direction: uint8[H, W, 3], RGB."""
    low, high = route.outer.min(axis=0) - MARGIN, route.outer.max(axis=0) + MARGIN
    scale = WIDTH * SMOOTHING / (high[0] - low[0])
    height = round(float(high[1] - low[1]) * scale / SMOOTHING)
    picture = np.full((height * SMOOTHING, WIDTH * SMOOTHING, 3), GRASS, np.uint8)

    def fill(polygon: np.ndarray, color: tuple[int, int, int]) -> None:
        # y points up in the world and down in a picture.
        pixels = (polygon - [low[0], high[1]]) * [scale, -scale]
        cv2.fillConvexPoly(picture, pixels.round().astype(np.int32), color)

    for mesh, color in (
        (track_mesh.asphalt(route), ASPHALT),
        (track_mesh.border_lines(route), WHITE),
        (track_mesh.center_dashes(route), ORANGE),
    ):
        for triangle in mesh.vertices[mesh.triangles]:
            fill(triangle, color)
    ahead = route.center[1] - route.center[0]
    ahead /= np.hypot(*ahead)
    left = np.array([-ahead[1], ahead[0]])
    fill(
        np.vstack(
            (
                route.inner[:1],
                route.outer[:1],
                route.outer[:1] + 0.05 * ahead,
                route.inner[:1] + 0.05 * ahead,
            )
        ),
        WHITE,
    )
    tip = route.center[0] + 0.45 * ahead
    fill(np.vstack((tip, tip - 0.3 * ahead + 0.14 * left, tip - 0.3 * ahead - 0.14 * left)), WHITE)
    return cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_AREA)


def main() -> None:
    """Draw the named tracks, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="tracks to draw; all when none is named")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "images")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.names or shipped_names():
        picture = draw(read_route(route_path(name)))
        cv2.imwrite(
            str(options.folder / f"{name}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), SMALL
        )
        print(describe(load_track(name)))


if __name__ == "__main__":
    main()
