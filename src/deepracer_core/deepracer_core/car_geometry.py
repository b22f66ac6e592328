"""The car from above: where its wheels stand, where they point."""

from math import atan, cos, sin, tan

from deepracer_core.rectangle import Rectangle
from deepracer_core.simulation import WHEELBASE

WHEEL_TRACK = 0.16
"""Metres between the centres of the left and the right wheels."""

CAR_LENGTH, CAR_WIDTH = 0.32, 0.20
"""Of its outline from above, metres; the base is in its middle."""

CAMERA_AHEAD = 0.145
"""Metres from the base forward to the camera."""

CAMERA_FIELD_OF_VIEW = 1.13
"""Horizontal, radians."""


def footprint(x: float, y: float, yaw: float) -> Rectangle:
    """The outline of a car whose base is at a pose (metres, radians)."""
    return Rectangle(x, y, yaw, CAR_LENGTH, CAR_WIDTH)


def wheel_centers(x: float, y: float, yaw: float) -> list[tuple[float, float]]:
    """Where the centres of the wheels stand, metres: the front ones, the rear ones, left first.

    Args:
        x: of the car's base, which is midway between the axles.
        y: as x.
        yaw: radians.
    """
    ahead_x, ahead_y = 0.5 * WHEELBASE * cos(yaw), 0.5 * WHEELBASE * sin(yaw)
    left_x, left_y = -0.5 * WHEEL_TRACK * sin(yaw), 0.5 * WHEEL_TRACK * cos(yaw)
    return [
        (x + ahead_x + left_x, y + ahead_y + left_y),
        (x + ahead_x - left_x, y + ahead_y - left_y),
        (x - ahead_x + left_x, y - ahead_y + left_y),
        (x - ahead_x - left_x, y - ahead_y - left_y),
    ]


def steering_angle(left: float, right: float) -> float:
    """The steering angle of a wheel midway between the front wheels, radians, left positive.

    Ackermann geometry: all wheels turn about one point, hence the mean of the cotangents.

    Args:
        left: angle of the left front wheel, radians.
        right: of the right one.
    """
    tangents = tan(left), tan(right)
    if tangents[0] * tangents[1] <= 0.0:
        # Straight ahead, or one wheel has crossed the middle and the other has not yet.
        return atan(0.5 * (tangents[0] + tangents[1]))
    return atan(2.0 / (1.0 / tangents[0] + 1.0 / tangents[1]))
