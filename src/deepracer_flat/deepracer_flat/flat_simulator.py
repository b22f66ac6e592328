"""The simulator behind the same interface as Gazebo's, in a flat world: `FlatSimulator`."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from deepracer_core.conditions import Conditions
from deepracer_core.errors import ConfigurationError
from deepracer_core.simulation import (
    CONTROL_RATE,
    Frame,
    ObjectPose,
    Sight,
    frame_time_ns,
    steps_of_a_picture,
)
from deepracer_core.track import Track
from numpy.typing import NDArray

from deepracer_flat.car_dynamics import CarMotion
from deepracer_flat.chase_camera import ChaseCamera
from deepracer_flat.ground_camera import CameraMount, GroundCamera
from deepracer_flat.ground_picture import draw_ground

CarPose = tuple[float, float, float]
"""x, y, yaw; metres and radians."""

FRONT = CameraMount()
"""The car's camera, as in models/deepracer."""

_LUMA = np.array((0.299, 0.587, 0.114))

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
        camera_size: width and height of their pictures, pixels.
        camera_rate: pictures in a second, a divisor of 15; in other frames the last ones are seen.
        is_gray: have the pictures in one channel, the luma that the network sees, uint8[H, W, 1]:
            a third of the work. Without it there is an observer behind the car (`look`).

    Raises:
        ConfigurationError: the camera's rate does not divide the control rate.
    """

    def __init__(
        self,
        track: Track,
        cameras: Sequence[str] = ("front",),
        *,
        camera_size: tuple[int, int] = (160, 120),
        camera_rate: int = CONTROL_RATE,
        is_gray: bool = False,
    ) -> None:
        picture = draw_ground(track)
        picture = picture.luma() if is_gray else picture
        width, height = camera_size
        self._mounts = {name: replace(MOUNTS[name], width=width, size=height) for name in cameras}
        self._cameras = {name: GroundCamera(picture, self._mounts[name]) for name in cameras}
        self._chase = None if is_gray else ChaseCamera(picture)
        self._looks = False
        self._looked_at: tuple[int, CarPose, tuple[ObjectPose, ...]] | None = None
        self._images: dict[str, NDArray[np.uint8]] = {}
        self._periods_of_picture = steps_of_a_picture(camera_rate)
        self._conditions = Conditions()
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
        self._motion.drive(steering_angle, speed, self._conditions.friction)
        return self._frame()

    def place(self, objects: Sequence[ObjectPose]) -> None:
        """Have other things stand at these poses in the next frame and from there on."""
        self._objects.update({each.name: each for each in objects})

    def apply(self, conditions: Conditions) -> None:
        """Have these conditions in the next frame, and until others are applied.

        Raises:
            ConfigurationError: they change what the flat world cannot: a colour or a texture of its
                own for the road, the field, the lines or the objects, or where the light stands.
        """
        kept = replace(
            Conditions(),
            light_strength=conditions.light_strength,
            light_color=conditions.light_color,
            camera_pitch=conditions.camera_pitch,
            camera_field_of_view=conditions.camera_field_of_view,
            friction=conditions.friction,
            action_delay=conditions.action_delay,
        )
        if conditions != kept:
            raise ConfigurationError(
                "the flat world can change the strength and colour of all light, the camera, the "
                f"friction and the delay of actions, nothing else; asked for was {conditions}: "
                "leave the other ranges out, or take the simulator gazebo"
            )
        self._conditions = conditions
        for name, camera in self._cameras.items():
            mount = self._mounts[name]
            camera.look(
                replace(
                    mount,
                    pitch=mount.pitch + conditions.camera_pitch,
                    field_of_view=mount.field_of_view + conditions.camera_field_of_view,
                )
            )

    def look(self) -> None:
        """Have the observer photograph the next frame; see `seen`. Without one nothing happens."""
        self._looks = self._chase is not None

    def seen(self) -> Sight | None:
        """What the observer photographed, once; it is drawn now."""
        if self._looked_at is None or self._chase is None:
            return None
        (time_ns, pose, objects), self._looked_at = self._looked_at, None
        began = time.perf_counter()
        image = self._lit(self._chase.shoot(*pose, objects))
        return Sight(time_ns, image, time.perf_counter() - began)

    def close(self) -> None:
        """Nothing is held that needs to be let go."""

    def _frame(self) -> Frame:
        self._periods += 1
        x, y, yaw, velocity_x, velocity_y, rate, left, right = self._motion.state[:8].tolist()
        if not self._images or self._periods % self._periods_of_picture == 0:
            self._images = {
                name: self._lit(camera.shoot(x, y, yaw, self.objects))
                for name, camera in self._cameras.items()
            }
        time_ns = frame_time_ns(self._periods)
        if self._looks:
            self._looked_at, self._looks = (time_ns, (x, y, yaw), self.objects), False
        return Frame(
            time_ns=time_ns,
            images=self._images,
            position=np.array((x, y, 0.0)),
            orientation=np.array((0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw))),
            linear_velocity=np.array((velocity_x, velocity_y, 0.0)),
            angular_velocity=np.array((0.0, 0.0, rate)),
            steering_angles=np.array((left, right)),
            wheel_speeds=np.array(self._motion.wheel_speeds),
            contacts=(),
        )

    def _lit(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture in the light of the conditions."""
        light = self._conditions.light_strength * np.array(self._conditions.light_color)
        if (light == 1.0).all():
            return image
        factors = light if image.shape[2] == 3 else light @ _LUMA
        return np.clip(np.rint(image * factors), 0, 255).astype(np.uint8)


def _check_finite(*numbers: float) -> None:
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"the simulator takes finite numbers only, not {numbers}")
