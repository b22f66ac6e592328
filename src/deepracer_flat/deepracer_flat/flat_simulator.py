"""The simulator behind the same interface as Gazebo's, in a flat world: `FlatSimulator`."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from deepracer_core.simulation import Frame, ObjectPose, frame_time_ns
from deepracer_core.track import Track

from deepracer_flat.car_dynamics import CarMotion
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
        self._motion = CarMotion.at_rest(*track.pose_at(0.0))
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
        self._motion = CarMotion.at_rest(x, y, yaw)
        return self._frame()

    def step(self, steering_angle: float, speed: float) -> Frame:
        """Drive for one control period, radians and m/s, and return the frame at its end.

        Raises:
            ValueError: a number is not finite.
        """
        _check_finite(steering_angle, speed)
        self._motion.drive(steering_angle, speed)
        return self._frame()

    def place(self, objects: Sequence[ObjectPose]) -> None:
        """Have other things stand at these poses in the next frame and from there on."""
        self._objects.update({each.name: each for each in objects})

    def close(self) -> None:
        """Nothing is held that needs to be let go."""

    def _frame(self) -> Frame:
        self._periods += 1
        x, y, yaw, velocity_x, velocity_y, rate, left, right = self._motion.state[:8].tolist()
        return Frame(
            time_ns=frame_time_ns(self._periods),
            images={
                name: camera.shoot(x, y, yaw, self.objects)
                for name, camera in self._cameras.items()
            },
            position=np.array((x, y, 0.0)),
            orientation=np.array((0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw))),
            linear_velocity=np.array((velocity_x, velocity_y, 0.0)),
            angular_velocity=np.array((0.0, 0.0, rate)),
            steering_angles=np.array((left, right)),
            wheel_speeds=np.array(self._motion.wheel_speeds),
            contacts=(),
        )


def _check_finite(*numbers: float) -> None:
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"the simulator takes finite numbers only, not {numbers}")
