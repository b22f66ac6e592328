"""Steps/s of the flat world on one core, and where the time of a step goes.

A step is everything up to its reward: the drive of the car, the picture 160x120, the place on the
track, the end states and the reward function, as the gymnasium environment makes it. The actions
are those of a driver who follows the centre line, so that episodes are laps.
"""

import argparse
import statistics
import time
from math import atan, atan2, hypot, pi, sin

import cv2
import numpy as np
from deepracer_core.simulation import WHEELBASE
from deepracer_core.track_library import load_track
from deepracer_flat.car_dynamics import CarMotion
from deepracer_flat.environment import DeepRacerEnvironment
from deepracer_flat.ground_camera import CameraMount, GroundCamera
from deepracer_flat.ground_picture import draw_ground

from benchmarks.machine import describe, median_ms, save


def steering(environment: DeepRacerEnvironment) -> int:
    """The action that steers best for a point of the centre line ahead (pure pursuit)."""
    x, y, _ = environment.frame.position.tolist()
    track = environment.track
    distance = float(track.project([(x, y)]).distance[0])
    to_x, to_y, _ = track.pose_at(distance + 0.4)
    bearing = atan2(to_y - y, to_x - x) - environment.frame.yaw
    angle = atan(2.0 * WHEELBASE * sin(bearing) / hypot(to_x - x, to_y - y))
    # The default actions go from 30 degrees right to 30 degrees left in five steps.
    return int(np.clip(round(angle / (pi / 12)) + 2, 0, 4))


def steps_per_second(environment: DeepRacerEnvironment, steps: int) -> float:
    """Of the environment alone: the driver's time is not counted."""
    environment.reset(seed=0)
    spent = 0.0
    for _ in range(steps):
        action = steering(environment)
        began = time.perf_counter()
        _, _, terminated, truncated, _ = environment.step(action)
        if terminated or truncated:
            environment.reset()
        spent += time.perf_counter() - began
    return steps / spent


def main() -> None:
    """Measure and write benchmarks/results/flat.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks flat", description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000, help="steps of each round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the median counts")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    environment = DeepRacerEnvironment()
    steps_per_second(environment, 1000)  # compiles
    rounds = [steps_per_second(environment, given.steps) for _ in range(given.rounds)]

    track = load_track("meadow_loop")
    colored = draw_ground(track)
    poses = iter([track.pose_at(0.07 * i, 0.05) for i in range(10_000)])
    motion = CarMotion.at_rest(0.0, 0.0, 0.0)
    gray, rgb = (GroundCamera(each, CameraMount()) for each in (colored.luma(), colored))
    result = {
        "track": "meadow_loop",
        "seed": 0,
        "steps_per_second": round(statistics.median(rounds)),
        "rounds": [round(each) for each in rounds],
        "parts_ms": {
            "drive": round(median_ms(lambda: motion.drive(0.2, 1.5), 2000), 4),
            "gray picture": round(median_ms(lambda: gray.shoot(*next(poses)), 2000), 4),
            "coloured picture, on the graph": round(
                median_ms(lambda: rgb.shoot(*next(poses)), 2000), 4
            ),
        },
        "machine": describe(),
    }
    print(f"{result['steps_per_second']} steps/s (rounds: {result['rounds']})")
    for name, value in result["parts_ms"].items():
        print(f"  {name:32s} {1000 * value:6.1f} us")
    print(f"written to {save('flat', result)}")


if __name__ == "__main__":
    main()
