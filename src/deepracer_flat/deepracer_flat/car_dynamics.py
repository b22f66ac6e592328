"""The car on a plane: four wheels that grip until they slide, with the Gazebo car's actuators.

Each wheel resists moving sideways, and turning faster or slower than it rolls, in proportion to how
fast it slips, up to its friction (Coulomb). One implicit step in the car's three velocities is a
set of linear equations, once it is known which wheels slide (the contact model of Gazebo's ODE,
seen from above). Weight moves to the wheels outside and behind. How soft the tyres are, and the few
other numbers that Gazebo does not state, were fitted to drives of the Gazebo car: see
`benchmarks/parity.py`.
"""

from dataclasses import dataclass, field
from math import atan, atan2, cos, hypot, sin, tan

import numpy as np
from deepracer_core.car_geometry import WHEEL_TRACK
from deepracer_core.simulation import CONTROL_RATE, MAX_STEERING_ANGLE, SPEED_RANGE, WHEELBASE
from numba import njit
from numpy.typing import NDArray

WHEEL_RADIUS = 0.035
"""Metres."""

_SUBSTEPS = 20
"""Steps of the physics in a control period, as many as Gazebo makes."""

_MASS = 7.5
_SPIN_MASS = 0.4
"""What the turning of the wheels adds to the mass that is driven, kg."""

_SERVO_RATE = 8.7
_SERVO_GAIN = 40.0
"""Of the steering, rad/s and 1/s."""

_GRAVITY = 9.81
_HALF_BASE, _HALF_TRACK = 0.5 * WHEELBASE, 0.5 * WHEEL_TRACK
_DT = 1.0 / (CONTROL_RATE * _SUBSTEPS)
_MAX_SPEED = SPEED_RANGE[1]

_ROUNDS = 6
"""So often at most it is decided anew which wheels slide."""

FITTED = (1.9e-04, 0.00445, 0.0298, 0.0852, 11.5)
"""Slip of a wheel for a force across it and along it, m/s for 1 N; height of the centre of gravity,
metres; inertia in a turn, kg m^2; force of a motor at the ground, N."""

# What the state array holds.
_X, _Y, _YAW, _VX, _VY, _RATE, _LEFT, _RIGHT, _ALONG, _ACROSS = range(10)


@dataclass(slots=True)
class CarMotion:
    """How the car moves at one instant.

    Attributes:
        state: float64[10]: x, y (metres) and yaw (radians, without jumps) of the base, its velocity
            in the world (m/s), yaw rate (rad/s), angles of the left and the right front wheel
            (radians), acceleration along the car and to its left (m/s^2).
    """

    state: NDArray[np.float64] = field(default_factory=lambda: np.zeros(10))

    @classmethod
    def at_rest(cls, x: float, y: float, yaw: float) -> "CarMotion":
        """A car that stands at a pose (metres, radians), its wheels pointing ahead."""
        return cls(np.array([x, y, atan2(sin(yaw), cos(yaw)), *[0.0] * 7]))

    def drive(self, steering_angle: float, speed: float, friction: float = 1.0) -> None:
        """Move on by one control period.

        Args:
            steering_angle: asked for, of a wheel midway between the front wheels, radians.
            speed: asked for, of the middle of the rear axle, m/s.
            friction: coefficient between tyres and ground.
        """
        advance(self.state, steering_angle, speed, friction, FITTED)

    @property
    def wheel_speeds(self) -> tuple[float, float, float, float]:
        """Front left, front right, rear left, rear right, rad/s, as if no wheel slipped."""
        yaw, vx, vy = self.state[_YAW : _VY + 1].tolist()
        along = cos(yaw) * vx + sin(yaw) * vy
        tangent = tan(0.5 * float(self.state[_LEFT] + self.state[_RIGHT]))
        left, right = (1.0 - side * _HALF_TRACK * tangent / WHEELBASE for side in (1.0, -1.0))
        ratios = (hypot(left, tangent), hypot(right, tangent), left, right)
        first, second, third, fourth = (along * ratio / WHEEL_RADIUS for ratio in ratios)
        return first, second, third, fourth


@njit(cache=True)
def advance(
    state: NDArray[np.float64],
    steering_angle: float,
    speed: float,
    friction: float,
    fitted: tuple[float, float, float, float, float],
) -> None:
    """Move a car on by one control period, in place; see `CarMotion` for what it is made of."""
    soft_across, soft_along, height, inertia, motor = fitted
    speed = min(max(speed, -_MAX_SPEED), _MAX_SPEED)
    tangent = tan(min(max(steering_angle, -MAX_STEERING_ANGLE), MAX_STEERING_ANGLE))
    # All wheels turn about one point, so that the inner front wheel turns more (Ackermann).
    left_target = atan(tangent * WHEELBASE / (WHEELBASE - _HALF_TRACK * tangent))
    right_target = atan(tangent * WHEELBASE / (WHEELBASE + _HALF_TRACK * tangent))
    turn = _SERVO_RATE * _DT

    # Four wheels, front left, front right, rear left, rear right; of each first along, then across.
    ahead = np.array([_HALF_BASE, _HALF_BASE, -_HALF_BASE, -_HALF_BASE])
    aside = np.array([_HALF_TRACK, -_HALF_TRACK, _HALF_TRACK, -_HALF_TRACK])
    jacobian = np.zeros((8, 3))
    wanted, most, stiff = np.zeros(8), np.zeros(8), np.zeros(8)
    stiff[0::2], stiff[1::2] = 1.0 / soft_along, 1.0 / soft_across
    slides = np.zeros(8)

    for _ in range(_SUBSTEPS):
        left, right = state[_LEFT], state[_RIGHT]
        left += min(max(_SERVO_GAIN * _DT * (left_target - left), -turn), turn)
        right += min(max(_SERVO_GAIN * _DT * (right_target - right), -turn), turn)
        state[_LEFT], state[_RIGHT] = left, right
        said = tan(0.5 * (left + right))

        for wheel in range(4):
            angle = 0.0 if wheel > 1 else left if wheel == 0 else right
            c, s = cos(angle), sin(angle)
            x, y = ahead[wheel], aside[wheel]
            jacobian[2 * wheel] = c, s, s * x - c * y
            jacobian[2 * wheel + 1] = -s, c, c * x + s * y
            # The motors are told the speed that each wheel has in a bend that none slips in.
            ratio = 1.0 - y * said / WHEELBASE
            wanted[2 * wheel] = speed * (hypot(ratio, said) if wheel < 2 else ratio)
            load = 0.25 * _MASS * _GRAVITY
            load -= 0.25 * _MASS * height * state[_ALONG] * (x / _HALF_BASE) / _HALF_BASE
            load -= 0.25 * _MASS * height * state[_ACROSS] * (y / _HALF_TRACK) / _HALF_TRACK
            grip = friction * max(load, 0.0)
            most[2 * wheel], most[2 * wheel + 1] = min(motor, grip), grip

        c, s = cos(state[_YAW]), sin(state[_YAW])
        before = (
            c * state[_VX] + s * state[_VY],
            c * state[_VY] - s * state[_VX],
            state[_RATE],
        )
        after = before
        slides[:] = 0.0
        for _ in range(_ROUNDS):
            after = _velocity(before, inertia, jacobian, wanted, most, stiff, slides)
            changed = False
            for row in range(8):
                j1, j2, j3 = jacobian[row]
                moves = j1 * after[0] + j2 * after[1] + j3 * after[2]
                force = stiff[row] * (wanted[row] - moves)
                new = 0.0 if abs(force) <= most[row] else 1.0 if force > 0.0 else -1.0
                changed = changed or new != slides[row]
                slides[row] = new
            if not changed:
                break
        state[_ALONG], state[_ACROSS] = (after[0] - before[0]) / _DT, (after[1] - before[1]) / _DT
        state[_VX], state[_VY] = c * after[0] - s * after[1], s * after[0] + c * after[1]
        state[_RATE] = after[2]
        state[_X] += state[_VX] * _DT
        state[_Y] += state[_VY] * _DT
        state[_YAW] += state[_RATE] * _DT


@njit(cache=True)
def _velocity(
    before: tuple[float, float, float],
    inertia: float,
    jacobian: NDArray[np.float64],
    wanted: NDArray[np.float64],
    most: NDArray[np.float64],
    stiff: NDArray[np.float64],
    slides: NDArray[np.float64],
) -> tuple[float, float, float]:
    """The car's velocities at the end of a step: along it, to its left, turning.

    Args:
        before: the same at its beginning.
        inertia: in a turn, kg m^2.
        jacobian: float64[8, 3], from these velocities to how each wheel moves along and across.
        wanted: float64[8], how it would move without a force.
        most: float64[8], force at which it slides, N.
        stiff: float64[8], force for each m/s of difference.
        slides: float64[8], 0 where it grips, else the sign of its force.
    """
    a11, a22, a33 = (_MASS + _SPIN_MASS) / _DT, _MASS / _DT, inertia / _DT
    b1, b2, b3 = a11 * before[0], a22 * before[1], a33 * before[2]
    a12 = a13 = a23 = 0.0
    for row in range(8):
        j1, j2, j3 = jacobian[row]
        if slides[row] == 0.0:
            k = stiff[row]
            a11 += k * j1 * j1
            a12 += k * j1 * j2
            a13 += k * j1 * j3
            a22 += k * j2 * j2
            a23 += k * j2 * j3
            a33 += k * j3 * j3
            force = k * wanted[row]
        else:
            force = slides[row] * most[row]
        b1 += force * j1
        b2 += force * j2
        b3 += force * j3
    # Cramer's rule; the matrix is symmetric and positive definite.
    c11, c12, c13 = a22 * a33 - a23 * a23, a13 * a23 - a12 * a33, a12 * a23 - a13 * a22
    c22, c23, c33 = a11 * a33 - a13 * a13, a12 * a13 - a11 * a23, a11 * a22 - a12 * a12
    determinant = a11 * c11 + a12 * c12 + a13 * c13
    return (
        (c11 * b1 + c12 * b2 + c13 * b3) / determinant,
        (c12 * b1 + c22 * b2 + c23 * b3) / determinant,
        (c13 * b1 + c23 * b2 + c33 * b3) / determinant,
    )
