"""The car on a plane: a bicycle whose tyres hold until they slide, with the Gazebo car's actuators.

Two axles in place of four wheels. As in Gazebo, a wheel does not give way at all until the force
that this takes is more than its friction (Coulomb); then it slides with that friction. So the car
follows the kinematic bicycle (Rajamani 2012, section 2.2) at low speed and drifts at high speed.
"""

from dataclasses import dataclass
from math import atan, atan2, cos, hypot, sin, tan

from deepracer_core.car_geometry import WHEEL_TRACK
from deepracer_core.simulation import CONTROL_RATE, MAX_STEERING_ANGLE, SPEED_RANGE, WHEELBASE

WHEEL_RADIUS = 0.035
"""Metres."""

_SUBSTEPS = 20
"""Steps of the physics in a control period, as many as Gazebo makes."""

_MASS = 7.5
_YAW_INERTIA = 6.5 / 12.0 * (0.30**2 + 0.18**2) + 4.0 * 0.2 * (0.082**2 + 0.08**2)
"""kg m^2, of the body and of the wheels where they stand."""

_SPIN_MASS = 4.0 * 0.5 * 0.2
"""What the spinning wheels add to the mass that is accelerated, kg."""

_MOTOR_FORCE = 4.0 * 0.4 / WHEEL_RADIUS
"""Of all four motors together, at the ground, N."""

_SERVO_RATE = 8.7
_SERVO_GAIN = 40.0
"""Of the steering, rad/s and 1/s."""

_GRAVITY = 9.81
_HALF = 0.5 * WHEELBASE
_DT = 1.0 / (CONTROL_RATE * _SUBSTEPS)

_SWEEPS = 4
"""Rounds of the solver in which each axle's force is brought in line with the other's."""


@dataclass(slots=True)
class CarMotion:
    """How the car moves at one instant.

    Attributes:
        x: of its base, midway between the axles, metres.
        y: as x.
        yaw: heading, radians.
        velocity_x: of its base in the world, m/s.
        velocity_y: as velocity_x.
        yaw_rate: rad/s.
        left_steering: angle of the left front wheel, radians, left positive.
        right_steering: of the right one.
    """

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0
    velocity_x: float = 0.0
    velocity_y: float = 0.0
    yaw_rate: float = 0.0
    left_steering: float = 0.0
    right_steering: float = 0.0


def drive(motion: CarMotion, steering_angle: float, speed: float, friction: float = 1.0) -> None:
    """Move the car on by one control period, in place.

    Args:
        motion: the car, before and after.
        steering_angle: asked for, of a wheel midway between the front wheels, radians.
        speed: asked for, of the middle of the rear axle, m/s.
        friction: coefficient between tyres and ground.
    """
    steering_angle = min(max(steering_angle, -MAX_STEERING_ANGLE), MAX_STEERING_ANGLE)
    speed = min(max(speed, -SPEED_RANGE[1]), SPEED_RANGE[1])
    tangent = tan(steering_angle)
    # All wheels turn about one point, so that the inner front wheel turns more (Ackermann).
    left_target = atan(tangent * WHEELBASE / (WHEELBASE - 0.5 * WHEEL_TRACK * tangent))
    right_target = atan(tangent * WHEELBASE / (WHEELBASE + 0.5 * WHEEL_TRACK * tangent))
    x, y, yaw = motion.x, motion.y, motion.yaw
    vx, vy, rate = motion.velocity_x, motion.velocity_y, motion.yaw_rate
    left, right = motion.left_steering, motion.right_steering
    # Both axles carry half of the car: the most impulse in a step that one can take sideways.
    most = 0.5 * friction * _MASS * _GRAVITY * _DT
    push = min(_MOTOR_FORCE / (_MASS + _SPIN_MASS), friction * _GRAVITY) * _DT
    for _ in range(_SUBSTEPS):
        left += min(max(_SERVO_GAIN * (left_target - left), -_SERVO_RATE), _SERVO_RATE) * _DT
        right += min(max(_SERVO_GAIN * (right_target - right), -_SERVO_RATE), _SERVO_RATE) * _DT
        steering = 0.5 * (left + right)
        c, s = cos(yaw), sin(yaw)
        # Along the car and to its left.
        u, v = c * vx + s * vy, c * vy - s * vx
        u += min(max(speed - u, -push), push)
        v, rate, u = _hold(u, v, rate, steering, most)
        vx, vy = c * u - s * v, s * u + c * v
        x += vx * _DT
        y += vy * _DT
        yaw += rate * _DT
    motion.x, motion.y, motion.yaw = x, y, atan2(sin(yaw), cos(yaw))
    motion.velocity_x, motion.velocity_y, motion.yaw_rate = vx, vy, rate
    motion.left_steering, motion.right_steering = left, right


def wheel_speeds(motion: CarMotion) -> tuple[float, float, float, float]:
    """Of the wheels, front left, front right, rear left, rear right, rad/s, as if none slid."""
    c, s = cos(motion.yaw), sin(motion.yaw)
    along = c * motion.velocity_x + s * motion.velocity_y
    tangent = tan(0.5 * (motion.left_steering + motion.right_steering))
    speeds = []
    for is_front in (True, False):
        for offset in (0.5 * WHEEL_TRACK, -0.5 * WHEEL_TRACK):
            ratio = 1.0 - offset * tangent / WHEELBASE
            speeds.append(along * (hypot(ratio, tangent) if is_front else ratio) / WHEEL_RADIUS)
    return speeds[0], speeds[1], speeds[2], speeds[3]


def _hold(
    u: float, v: float, rate: float, steering: float, most: float
) -> tuple[float, float, float]:
    """What the axles' sideways grip makes of a velocity: left, turning, along.

    Two unknown impulses that stop each axle from moving sideways, each at most `most`, found one
    after the other in turns (projected Gauss-Seidel, as for contacts in Catto 2005).
    """
    c, s = cos(steering), sin(steering)
    arm = _HALF * c
    front_mass = 1.0 / (1.0 / _MASS + arm * arm / _YAW_INERTIA)
    rear_mass = 1.0 / (1.0 / _MASS + _HALF * _HALF / _YAW_INERTIA)
    front = rear = 0.0
    for _ in range(_SWEEPS):
        slip = v - _HALF * rate
        new = min(max(rear - slip * rear_mass, -most), most)
        change, rear = new - rear, new
        v += change / _MASS
        rate -= change * _HALF / _YAW_INERTIA
        slip = (v + _HALF * rate) * c - u * s
        new = min(max(front - slip * front_mass, -most), most)
        change, front = new - front, new
        u -= change * s / _MASS
        v += change * c / _MASS
        rate += change * arm / _YAW_INERTIA
    return v, rate, u
