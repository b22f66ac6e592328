"""What the car's sensors make of a frame of the flat world."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from deepracer_core.lidar import Lidar, outlines
from deepracer_core.observation import OBSERVATION_SIZE, Observation, preprocess_scan
from deepracer_core.race_objects import RaceType
from deepracer_core.sensors import FRONT_FACING_CAMERA, LIDAR_SENSORS, STEREO_CAMERAS
from deepracer_core.simulation import Frame
from numpy.typing import NDArray

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
                observation[sensor] = _sized(frame.images["front"][..., 0])
            elif sensor == STEREO_CAMERAS:
                eyes = [_sized(frame.images[name][..., 0]) for name in ("left", "right")]
                observation[sensor] = np.stack(eyes, axis=-1)
            elif sensor in LIDAR_SENSORS:
                x, y, _ = frame.position.tolist()
                around = outlines(race_type, simulator.objects)
                ranges = lidar.scan(frame.time_ns, x, y, frame.yaw, around)
                observation[sensor] = preprocess_scan(sensor, ranges)
        return observation

    return sense


def _sized(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture uint8[H, W] in the size that the network sees."""
    if (luma.shape[1], luma.shape[0]) == OBSERVATION_SIZE:
        return luma
    return cv2.resize(luma, OBSERVATION_SIZE, interpolation=cv2.INTER_LINEAR)
