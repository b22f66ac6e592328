"""Photographs a track through the car's camera in real Gazebo, for the documentation.

Start `gazebo_server --world worlds/<track>.world --socket /tmp/photo.sock` first.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from deepracer_core.track import Track
from deepracer_core.track_library import load_track
from deepracer_gazebo.client import GazeboSimulator

PLACES = (
    (0.0, 0.0, 0.0),
    (0.12, 0.0, 0.0),
    (0.28, 0.0, 0.0),
    (0.42, -0.2, -0.2),
    (0.6, 0.2, 0.3),
    (0.93, 0.0, 0.0),
)
"""Share of the lap, metres left of the centre line, radians turned left."""

ENLARGED = 2

SMALL = (cv2.IMWRITE_PNG_COMPRESSION, 9)


def photograph(track: Track, simulator: GazeboSimulator) -> np.ndarray:
    """What the car sees at six places of the track, three in a row: uint8[H, W, 3], RGB."""
    images = []
    for share, offset, turn in PLACES:
        x, y, yaw = track.pose_at(share * track.length, offset)
        images.append(simulator.reset(x, y, yaw + turn).image)
    rows = [np.hstack(images[first : first + 3]) for first in (0, 3)]
    return np.vstack(rows).repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)


def main() -> None:
    """Write the picture of one track."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="the track in the running world")
    parser.add_argument("socket", help="the socket of the running gazebo_server")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "images")
    options = parser.parse_args()
    with GazeboSimulator(options.socket) as simulator:
        picture = photograph(load_track(options.name), simulator)
    path = options.folder / f"{options.name}_camera.png"
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), SMALL)
    print(path)


if __name__ == "__main__":
    main()
