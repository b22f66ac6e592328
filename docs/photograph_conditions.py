"""Photographs eight episodes' looks in real Gazebo, for the documentation.

Start `gazebo_server --track meadow_loop --race-type object_avoidance --objects 1 --socket
/tmp/photo.sock` first.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from deepracer_core.randomisation import Randomisation, parse_range
from deepracer_core.simulation import ObjectPose
from deepracer_core.track_library import load_track
from deepracer_gazebo.client import GazeboSimulator

RANGES = {
    "light_strength": "0.6:1.4",
    "light_color": "0.8:1.2",
    "light_azimuth_deg": "-180:180",
    "light_elevation_deg": "-30:20",
    "road_color": "0.7:1.3",
    "road_texture": "0:3",
    "field_color": "0.7:1.3",
    "field_texture": "0:3",
    "line_color": "0.7:1.1",
    "object_color": "0.3:1.7",
    "camera_pitch_deg": "-3:3",
    "camera_field_of_view_deg": "-8:8",
}
"""Those of the picture in docs/randomisation.md."""

EPISODES = 8

ENLARGED = 2

SMALL = (cv2.IMWRITE_PNG_COMPRESSION, 9)


def photograph(simulator: GazeboSimulator) -> np.ndarray:
    """What the car sees at the start of the episodes, four in a row: uint8[H, W, 3], RGB."""
    track = load_track("meadow_loop")
    ranges = {name: parse_range(name, text) for name, text in RANGES.items()}
    randomisation = Randomisation(ranges)
    x, y, yaw = track.pose_at(1.3, 0.15)
    simulator.place([ObjectPose("obstacle_0", x, y, yaw + 0.4)])
    images = []
    for episode in range(EPISODES):
        simulator.apply(randomisation.conditions(episode))
        images.append(simulator.reset(*track.pose_at(0.0)).image)
    rows = [np.hstack(images[first : first + 4]) for first in range(0, EPISODES, 4)]
    return np.vstack(rows).repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket", help="the socket of the running gazebo_server")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "images")
    options = parser.parse_args()
    with GazeboSimulator(options.socket) as simulator:
        picture = photograph(simulator)
    path = options.folder / "randomised.png"
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), SMALL)
    print(path)


if __name__ == "__main__":
    main()
