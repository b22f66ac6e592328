"""How like Gazebo the flat world is: the same commands in both, the same places seen by both."""

import argparse
import statistics
import subprocess
import sys
import tempfile
from math import degrees
from pathlib import Path

import cv2
import numpy as np
from deepracer_core.action_space import Command
from deepracer_core.track_library import load_track
from deepracer_flat.flat_simulator import FRONT, FlatSimulator
from deepracer_flat.parity import drive_open_loop, gap, road_area, structural_similarity
from deepracer_gazebo.client import GazeboSimulator

from benchmarks.machine import describe, save

ROOT = Path(__file__).parents[1]
STEPS = 45  # three seconds
HORIZON = 27  # row of the picture below which all is ground


def drives(speed: float, most_deg: float, count: int, seed: int) -> list[list[Command]]:
    """Steering drawn at random, held for three steps, for one second, or swinging, in turn."""
    rng = np.random.default_rng([seed, round(10 * speed), round(most_deg)])
    made = []
    for number in range(count):
        if number % 3 == 0:
            angles = np.repeat(rng.uniform(-most_deg, most_deg, STEPS // 3), 3)
        elif number % 3 == 1:
            angles = np.repeat(rng.uniform(-most_deg, most_deg, STEPS // 15), 15)
        else:
            swing = 2.0 * np.pi * np.arange(STEPS) / (15.0 * rng.uniform(1.0, 3.0))
            angles = most_deg * np.sin(swing + rng.uniform(0.0, 2.0 * np.pi))
        made.append([Command(float(np.radians(angle)), speed) for angle in angles])
    return made


def compare_drives(gazebo: GazeboSimulator, flat: FlatSimulator, seed: int) -> list[dict]:
    """Metres and degrees between both cars after three seconds."""
    rows = []
    for speed, most_deg in (
        (1.0, 30.0),
        (1.5, 15.0),
        (1.5, 30.0),
        (2.0, 10.0),
        (2.0, 15.0),
        (2.0, 30.0),
    ):
        gaps = [
            gap(*(drive_open_loop(each, (0.0, 0.0, 0.0), commands) for each in (gazebo, flat)))
            for commands in drives(speed, most_deg, 12, seed)
        ]
        metres, turned = [each[0] for each in gaps], [degrees(each[1]) for each in gaps]
        rows.append(
            {
                "speed_m_s": speed,
                "steering_up_to_deg": most_deg,
                "drives": len(gaps),
                "within_5_cm_and_5_deg": sum(
                    m < 0.05 and t < 5.0 for m, t in zip(metres, turned, strict=True)
                ),
                "median_m": round(statistics.median(metres), 4),
                "most_m": round(max(metres), 4),
                "median_deg": round(statistics.median(turned), 2),
                "most_deg": round(max(turned), 2),
            }
        )
    return rows


def compare_pictures(gazebo: GazeboSimulator, flat: FlatSimulator, seed: int) -> dict:
    """Structural similarity of the road, and of all ground, on and beside the centre line."""
    track, rng = load_track("meadow_loop"), np.random.default_rng(seed)
    ground = np.zeros((FRONT.size, FRONT.width), bool)
    ground[HORIZON:] = True
    roads, grounds = [], []
    for _ in range(60):
        x, y, yaw = track.pose_at(rng.uniform(0.0, track.length), rng.uniform(-0.25, 0.25))
        pose = x, y, yaw + rng.uniform(-0.4, 0.4)
        there, here = (
            cv2.cvtColor(each.reset(*pose).image, cv2.COLOR_RGB2GRAY) for each in (gazebo, flat)
        )
        roads.append(structural_similarity(there, here, road_area(track, FRONT, pose)))
        grounds.append(structural_similarity(there, here, ground))
    return {
        "places": len(roads),
        "road_mean_ssim": round(statistics.mean(roads), 4),
        "road_least_ssim": round(min(roads), 4),
        "ground_mean_ssim": round(statistics.mean(grounds), 4),
        "ground_least_ssim": round(min(grounds), 4),
    }


def draw(gazebo: GazeboSimulator, flat: FlatSimulator, path: Path) -> None:
    """A picture of some places: Gazebo, the flat world, and their difference doubled."""
    track, rows = load_track("meadow_loop"), []
    for distance, offset in ((0.5, 0.0), (5.0, -0.15), (9.0, 0.1)):
        pose = track.pose_at(distance, offset)
        there, here = gazebo.reset(*pose).image, flat.reset(*pose).image
        apart = cv2.convertScaleAbs(cv2.absdiff(there, here), alpha=2.0)
        rows.append(np.hstack((there, here, apart)))
    shown = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(path), cv2.resize(shown, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_NEAREST))


def main() -> None:
    """Measure and write benchmarks/results/parity.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks parity", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the drives and the places")
    parser.add_argument("--picture", type=Path, help="PNG file of some places in both")
    given = parser.parse_args()
    flat = FlatSimulator(load_track("meadow_loop"))
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "gazebo.socket"
        world = ROOT / "worlds" / "meadow_loop.world"
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "deepracer_gazebo.server",
                f"--world={world}",
                f"--socket={socket}",
            ],
            stdout=subprocess.DEVNULL,
        )
        try:
            with GazeboSimulator(socket, deadline=120.0) as gazebo:
                rows = compare_drives(gazebo, flat, given.seed)
                pictures = compare_pictures(gazebo, flat, given.seed)
                if given.picture is not None:
                    draw(gazebo, flat, given.picture)
        finally:
            server.terminate()
            server.wait()
    result = {"seed": given.seed, "drives": rows, "pictures": pictures, "machine": describe()}
    for row in rows:
        print(
            f"{row['speed_m_s']} m/s, up to {row['steering_up_to_deg']:2.0f} deg: "
            f"{row['within_5_cm_and_5_deg']} of {row['drives']} drives within 5 cm and 5 deg, "
            f"median {100 * row['median_m']:.1f} cm, most {100 * row['most_m']:.1f} cm "
            f"and {row['most_deg']:.1f} deg"
        )
    for area in ("road", "ground"):
        print(
            f"pictures of the {area}: structural similarity {pictures[f'{area}_mean_ssim']} in the "
            f"mean, {pictures[f'{area}_least_ssim']} at least"
        )
    print(f"written to {save('parity', result)}")


if __name__ == "__main__":
    main()
