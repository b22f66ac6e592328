"""A car without physics behind the simulator's interface, for tests of the graph alone."""

import math
from collections.abc import Sequence

import numpy as np
from deepracer_core.conditions import Conditions
from deepracer_core.simulation import (
    CONTROL_RATE,
    WHEELBASE,
    Frame,
    ObjectPose,
    Sight,
    frame_time_ns,
)


class KinematicSimulator:
    """A bicycle model that does at once what it is told; its images carry the frame's number.

    Args:
        cameras: that the car carries; the images of the second show one more than the first's, ...

    Attributes:
        steps: frames made so far.
        resets: poses (x, y, yaw) that it was put at.
        commands: (steering angle, speed) of every step driven.
        placed: objects, each time that some were placed.
        applied: conditions, each time that some were applied.
        looked: times of the frames that were photographed from behind.
        takes_s: how long each of these photographs takes, or so it says.
    """

    def __init__(self, cameras: Sequence[str] = ("front",)) -> None:
        self._cameras = cameras
        self.steps = 0
        self.resets: list[tuple[float, float, float]] = []
        self.commands: list[tuple[float, float]] = []
        self.placed: list[tuple[ObjectPose, ...]] = []
        self.applied: list[Conditions] = []
        self.looked: list[int] = []
        self.takes_s = 0.001
        self._looks = False
        self._sight: Sight | None = None
        self.closed = False
        self._pose = (50.0, 50.0, 0.0)

    def reset(self, x: float, y: float, yaw: float) -> Frame:
        self.resets.append((x, y, yaw))
        self._pose = (x, y, yaw)
        return self._frame(0.0, 0.0)

    def step(self, steering_angle: float, speed: float) -> Frame:
        self.commands.append((steering_angle, speed))
        x, y, yaw = self._pose
        distance = speed / CONTROL_RATE
        turned = yaw + distance * math.tan(steering_angle) / WHEELBASE
        middle = 0.5 * (yaw + turned)
        self._pose = (x + distance * math.cos(middle), y + distance * math.sin(middle), turned)
        return self._frame(steering_angle, speed)

    def place(self, objects: Sequence[ObjectPose]) -> None:
        self.placed.append(tuple(objects))

    def apply(self, conditions: Conditions) -> None:
        self.applied.append(conditions)

    def look(self) -> None:
        self._looks = True

    def seen(self) -> Sight | None:
        sight, self._sight = self._sight, None
        return sight

    def close(self) -> None:
        self.closed = True

    def _frame(self, steering_angle: float, speed: float) -> Frame:
        self.steps += 1
        x, y, yaw = self._pose
        images = {
            camera: np.full((120, 160, 3), (self.steps + index) % 251, np.uint8)
            for index, camera in enumerate(self._cameras)
        }
        if self._looks:
            self._looks = False
            self.looked.append(frame_time_ns(self.steps))
            picture = np.full((360, 640, 3), self.steps % 251, np.uint8)
            self._sight = Sight(frame_time_ns(self.steps), picture, self.takes_s)
        return Frame(
            time_ns=frame_time_ns(self.steps),
            images=images,
            position=np.array([x, y, 0.0]),
            orientation=np.array([0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2)]),
            linear_velocity=np.array([speed * math.cos(yaw), speed * math.sin(yaw), 0.0]),
            angular_velocity=np.array([0.0, 0.0, speed * math.tan(steering_angle) / WHEELBASE]),
            steering_angles=np.array([steering_angle, steering_angle]),
            wheel_speeds=np.full(4, speed / 0.035),
            contacts=(),
        )
