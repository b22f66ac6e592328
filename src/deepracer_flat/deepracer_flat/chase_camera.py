"""The flat world from behind the car, for people; no network sees it."""

from collections.abc import Sequence

import numpy as np
from deepracer_core.simulation import ObjectPose
from numpy.typing import NDArray

from deepracer_flat.ground_camera import CameraMount, GroundCamera
from deepracer_flat.ground_picture import GroundPicture
from deepracer_flat.solid_boxes import OWN_CAR

MOUNT = CameraMount(ahead=-1.1, height=0.5, pitch=0.28, field_of_view=1.1, width=640, size=360)
"""Where it is in Gazebo, too."""


class ChaseCamera:
    """Sees the car on its road.

    Args:
        picture: of the ground, in colours.
    """

    def __init__(self, picture: GroundPicture) -> None:
        self._camera = GroundCamera(picture, MOUNT)

    def shoot(
        self, x: float, y: float, yaw: float, objects: Sequence[ObjectPose] = ()
    ) -> NDArray[np.uint8]:
        """The picture of a car at a pose (metres, radians), uint8[360, 640, 3].

        Args:
            x: of the car's base.
            y: as x.
            yaw: as x.
            objects: what else stands on the ground.
        """
        return self._camera.shoot(x, y, yaw, (*objects, ObjectPose(OWN_CAR, x, y, yaw)))
