"""The simulator behind the same interface as Gazebo's, in a flat world: `FlatSimulator`."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from deepracer_core.simulation import Frame, ObjectPose, frame_time_ns
from deepracer_core.track import Track
from numpy.typing import NDArray

from deepracer_flat.car_dynamics import CarMotion, drive, wheel_speeds
from deepracer_flat.ground_camera import CameraMount, GroundCamera
from deepracer_flat.ground_picture import draw_ground

FRONT = CameraMount()
"""The car's camera, as in models/deepracer."""

MOUNTS: Mapping[str, CameraMount] = {
    "front": FRONT,
    "left": CameraMount(left=0.03),
    "right": CameraMount(left=-0.03),
}
"""The cameras that the car can carry."""


class FlatSimulator:
    """One car in a flat world, moved in exact control periods. Nothing in it is random.

    Args:
        track: the road.
        cameras: names of the cameras that the car carries, of `MOUNTS`.
        is_gray: have the pictures in one channel, the luma that the network sees, uint8[H, W, 1]:
            a third of the work.
    """

    def __init__(
        self, track: Track, cameras: Sequence[str] = ("front",), *, is_gray: bool = False
    ) -> None:
        picture = draw_ground(track)
        picture = picture.luma() if is_gray else picture
        self._cameras = {name: GroundCamera(picture, MOUNTS[name]) for name in cameras}
        x, y, yaw = track.pose_at(0.0)
        self._motion = CarMotion(x, y, yaw)
        self._periods = 0
        self._objects: dict[str, ObjectPose] = {}

    @property
    def objects(self) -> tuple[ObjectPose, ...]:
        """What else stands on the ground."""
        return tuple(self._objects.values())

    def reset(self, x: float, y: float, yaw: float) -> Frame:
        """Put the car at rest at a pose (metres, radians); the frame is one control period later.

        Raises:
            ValueError: a number is not finite.
        """
        _check_finite(x, y, yaw)
        self._motion = CarMotion(x, y, math.atan2(math.sin(yaw), math.cos(yaw)))
        return self._frame()

    def step(self, steering_angle: float, speed: float) -> Frame:
        """Drive for one control period, radians and m/s, and return the frame at its end.

        Raises:
            ValueError: a number is not finite.
        """
        _check_finite(steering_angle, speed)
        drive(self._motion, steering_angle, speed)
        return self._frame()

    def place(self, objects: Sequence[ObjectPose]) -> None:
        """Have other things stand at these poses in the next frame and from there on."""
        self._objects.update({each.name: each for each in objects})

    def close(self) -> None:
        """Nothing is held that needs to be let go."""

    def _frame(self) -> Frame:
        self._periods += 1
        motion = self._motion
        half = 0.5 * motion.yaw
        return Frame(
            time_ns=frame_time_ns(self._periods),
            images={
                name: camera.shoot(motion.x, motion.y, motion.yaw, self.objects)
                for name, camera in self._cameras.items()
            },
            position=np.array((motion.x, motion.y, 0.0)),
            orientation=np.array((0.0, 0.0, math.sin(half), math.cos(half))),
            linear_velocity=np.array((motion.velocity_x, motion.velocity_y, 0.0)),
            angular_velocity=np.array((0.0, 0.0, motion.yaw_rate)),
            steering_angles=np.array((motion.left_steering, motion.right_steering)),
            wheel_speeds=np.array(wheel_speeds(motion)),
            contacts=(),
        )


def _check_finite(*numbers: float) -> None:
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"the simulator takes finite numbers only, not {numbers}")
