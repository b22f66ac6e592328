"""What the car's sensors make of a frame of the flat world."""

from collections.abc import Callable, Sequence

import numpy as np
from deepracer_core.lidar import Lidar, outlines
from deepracer_core.observation import Observation, preprocess_scan
from deepracer_core.race_objects import RaceType
from deepracer_core.sensors import FRONT_FACING_CAMERA, LIDAR_SENSORS, STEREO_CAMERAS
from deepracer_core.simulation import Frame

from deepracer_flat.flat_simulator import FlatSimulator


def cameras_of(sensors: Sequence[str]) -> tuple[str, ...]:
    """The cameras that the car carries for these sensors."""
    cameras = ["front"] if FRONT_FACING_CAMERA in sensors else []
    return (*cameras, "left", "right") if STEREO_CAMERAS in sensors else tuple(cameras)


def create_sense(
    sensors: Sequence[str],
    simulator: FlatSimulator,
    race_type: RaceType = RaceType.TIME_TRIAL,
    *,
    seed: int = 0,
    worker: int = 0,
) -> Callable[[Frame], Observation]:
    """What makes an observation of a frame whose pictures are gray.

    Args:
        sensors: public names, at most one of them a lidar's.
        simulator: that the frames come from, with the objects of the race in it.
        race_type: what these are.
        seed: of the lidar's noise.
        worker: index of the simulation.
    """
    lidar = Lidar(seed=seed, worker=worker)

    def sense(frame: Frame) -> Observation:
        observation = {}
        for sensor in sensors:
            if sensor == FRONT_FACING_CAMERA:
                observation[sensor] = frame.images["front"][..., 0]
            elif sensor == STEREO_CAMERAS:
                pictures = (frame.images["left"], frame.images["right"])
                observation[sensor] = np.concatenate(pictures, axis=-1)
            elif sensor in LIDAR_SENSORS:
                x, y, _ = frame.position.tolist()
                around = outlines(race_type, simulator.objects)
                ranges = lidar.scan(frame.time_ns, x, y, frame.yaw, around)
                observation[sensor] = preprocess_scan(sensor, ranges)
        return observation

    return sense
