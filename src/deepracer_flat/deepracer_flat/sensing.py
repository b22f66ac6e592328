"""What the car's sensors make of a frame of the flat world."""

from collections.abc import Callable, Sequence

from deepracer_core.observation import Observation, preprocess_stereo
from deepracer_core.sensors import FRONT_FACING_CAMERA, STEREO_CAMERAS
from deepracer_core.simulation import Frame


def cameras_of(sensors: Sequence[str]) -> tuple[str, ...]:
    """The cameras that the car carries for these sensors."""
    cameras = []
    if FRONT_FACING_CAMERA in sensors:
        cameras.append("front")
    if STEREO_CAMERAS in sensors:
        cameras += ["left", "right"]
    return tuple(cameras)
