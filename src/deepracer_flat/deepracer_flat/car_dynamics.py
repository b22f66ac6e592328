"""The car on a plane: four wheels that grip until they slide, with the Gazebo car's actuators.

Each wheel is kept from moving sideways, and its motor keeps it rolling at a speed, by forces that
end at the tyre's friction (Coulomb) and at the motor's torque. The numbers are those of the
Gazebo car (`models/deepracer`, `car.cc`), but for two that were chosen by its drives: how high its
centre of gravity acts, and what a front wheel bears more in a bend. Where Gazebo's ODE is not
quite physics (`step.cpp` and `lcp.cpp` of its source), neither is this car:

- Friction ends where it would under the loads that the wheels bear while there is no friction.
  Bends shift no weight in them; the motors do, by their reaction.
- A wheel that a bend lifts has no friction any more, and little is left to the one across, for the
  car then stands on the other diagonal.
- Bodies move straight on for a step, and turn at once at its end, so that wheels run as if they
  were half a step further on in their turn.
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
_INERTIA = 0.08
"""In a turn of the whole car, kg m^2."""

_CENTER_AHEAD = 0.0022
"""Metres from the base to the centre of gravity: the knuckles of the front wheels weigh 0.2 kg."""

_CENTER_HEIGHT = 0.05
"""Metres above the ground: 0.048, and a little more for the momentum of the turning wheels."""

_SPIN_MASS = 0.1
"""What the turning of a wheel adds to the mass that it drives, kg."""

_MOTOR = 0.4 / WHEEL_RADIUS
"""Most force of a motor at the ground, N."""

_SERVO_RATE = 8.7
_SERVO_GAIN = 40.0
"""Of the steering, rad/s and 1/s."""

_GRAVITY = 9.8
_HALF_BASE, _HALF_TRACK = 0.5 * WHEELBASE, 0.5 * WHEEL_TRACK
_DT = 1.0 / (CONTROL_RATE * _SUBSTEPS)
_MAX_SPEED = SPEED_RANGE[1]

_FRONT_SHARE = 1.0 / 3.0
"""Of what a bend adds to the loads: joints give a little, and a front wheel has two."""

_STIFF = 1e6
"""Force of a wheel for each m/s that it slips, N: as good as rigid."""

_ROUNDS = 50
"""So often at most it is decided anew which wheels slide; once or twice is the rule."""

# What the state array holds.
_X, _Y, _YAW, _VX, _VY, _RATE, _LEFT, _RIGHT, _ALONG, _ACROSS, _WHEELS = range(11)


@dataclass(slots=True)
class CarMotion:
    """How the car moves at one instant.

    Attributes:
        state: float64[14]: x, y (metres) and yaw (radians, without jumps) of the base, its velocity
            in the world (m/s), yaw rate (rad/s), angles of the left and the right front wheel
            (radians), acceleration along the car and to its left (m/s^2), speeds at which the
            wheels roll (m/s), front left, front right, rear left, rear right.
    """

    state: NDArray[np.float64] = field(default_factory=lambda: np.zeros(14))

    @classmethod
    def at_rest(cls, x: float, y: float, yaw: float) -> "CarMotion":
        """A car that stands at a pose (metres, radians), its wheels pointing ahead."""
        return cls(np.array([x, y, atan2(sin(yaw), cos(yaw)), *[0.0] * 11]))

    def drive(self, steering_angle: float, speed: float, friction: float = 1.0) -> None:
        """Move on by one control period.

        Args:
            steering_angle: asked for, of a wheel midway between the front wheels, radians.
            speed: asked for, of the middle of the rear axle, m/s.
            friction: coefficient between tyres and ground.
        """
        advance(self.state, steering_angle, speed, friction)

    @property
    def wheel_speeds(self) -> tuple[float, float, float, float]:
        """Front left, front right, rear left, rear right, rad/s."""
        first, second, third, fourth = (self.state[_WHEELS:] / WHEEL_RADIUS).tolist()
        return first, second, third, fourth


@njit(cache=True)
def advance(
    state: NDArray[np.float64], steering_angle: float, speed: float, friction: float
) -> None:
    """Move a car on by one control period, in place; see `CarMotion` for what it is made of."""
    speed = min(max(speed, -_MAX_SPEED), _MAX_SPEED)
    tangent = tan(min(max(steering_angle, -MAX_STEERING_ANGLE), MAX_STEERING_ANGLE))
    # All wheels turn about one point, so that the inner front wheel turns more (Ackermann).
    left_target = atan(tangent * WHEELBASE / (WHEELBASE - _HALF_TRACK * tangent))
    right_target = atan(tangent * WHEELBASE / (WHEELBASE + _HALF_TRACK * tangent))

    # Four wheels, front left, front right, rear left, rear right; of each first along, then across.
    jacobian = np.zeros((8, 3))
    wanted, most, ahead = np.zeros(8), np.zeros(8), np.zeros(8)
    loads, slides = np.zeros(4), np.zeros(8)
    _shift(state, _CENTER_AHEAD)

    for _ in range(_SUBSTEPS):
        left, right, rate = state[_LEFT], state[_RIGHT], state[_RATE]
        left_rate = min(max(_SERVO_GAIN * (left_target - left), -_SERVO_RATE), _SERVO_RATE)
        right_rate = min(max(_SERVO_GAIN * (right_target - right), -_SERVO_RATE), _SERVO_RATE)
        said = tan(0.5 * (left + right))
        pitching = rolling = 0.0

        for wheel in range(4):
            angle = 0.0 if wheel > 1 else left if wheel == 0 else right
            turning = rate + (0.0 if wheel > 1 else left_rate if wheel == 0 else right_rate)
            rolled = state[_WHEELS + wheel]
            c, s = cos(angle), sin(angle)
            x = _HALF_BASE if wheel < 2 else -_HALF_BASE
            y = _HALF_TRACK if wheel % 2 == 0 else -_HALF_TRACK
            at = x - _CENTER_AHEAD
            row = 2 * wheel
            jacobian[row, 0], jacobian[row, 1], jacobian[row, 2] = c, s, s * at - c * y
            jacobian[row + 1, 0], jacobian[row + 1, 1], jacobian[row + 1, 2] = -s, c, c * at + s * y
            # The motors are told the speed that each wheel has in a bend that none slips in.
            ratio = 1.0 - y * said / WHEELBASE
            wanted[2 * wheel] = speed * (hypot(ratio, said) if wheel < 2 else ratio)
            # Half a step further on: the way around the base, and the way that the wheel rolls.
            ahead[2 * wheel] = 0.5 * _DT * rate**2 * (c * x + s * y)
            ahead[2 * wheel + 1] = 0.5 * _DT * (rate**2 * (c * y - s * x) + turning * rolled)
            # A motor turns its wheel, while there is no friction, and the car the other way.
            push = _SPIN_MASS / _DT * (wanted[2 * wheel] + ahead[2 * wheel] - rolled)
            push = min(max(push, -_MOTOR), _MOTOR)
            pitching += push * WHEEL_RADIUS * c
            rolling += push * WHEEL_RADIUS * s

        for wheel in range(4):
            x, y = 1.0 if wheel < 2 else -1.0, 1.0 if wheel % 2 == 0 else -1.0
            loads[wheel] = 0.25 * (
                _MASS * _GRAVITY * (1.0 + x * _CENTER_AHEAD / _HALF_BASE)
                - x * pitching / _HALF_BASE
                - y * rolling / _HALF_TRACK
            )
        _lift(loads, state[_ALONG], state[_ACROSS])
        for wheel in range(4):
            grip = friction * max(loads[wheel], 0.0)
            most[2 * wheel], most[2 * wheel + 1] = min(_MOTOR, grip), grip

        c, s = cos(state[_YAW]), sin(state[_YAW])
        before = (c * state[_VX] + s * state[_VY], c * state[_VY] - s * state[_VX], rate)
        after = _velocity(before, jacobian, wanted, most, ahead, state[_WHEELS:], slides)
        for wheel in range(4):
            row = 2 * wheel
            j1, j2, j3 = jacobian[row, 0], jacobian[row, 1], jacobian[row, 2]
            state[_WHEELS + wheel] = j1 * after[0] + j2 * after[1] + j3 * after[2] - ahead[row]
        state[_ALONG], state[_ACROSS] = (after[0] - before[0]) / _DT, (after[1] - before[1]) / _DT
        state[_VX], state[_VY] = c * after[0] - s * after[1], s * after[0] + c * after[1]
        state[_RATE] = after[2]
        state[_X] += state[_VX] * _DT
        state[_Y] += state[_VY] * _DT
        state[_YAW] += state[_RATE] * _DT
        state[_LEFT], state[_RIGHT] = left + left_rate * _DT, right + right_rate * _DT
    _shift(state, -_CENTER_AHEAD)


@njit(cache=True)
def _shift(state: NDArray[np.float64], ahead: float) -> None:
    """Have position and velocity be those of a point so far ahead (metres)."""
    c, s = cos(state[_YAW]), sin(state[_YAW])
    state[_X] += ahead * c
    state[_Y] += ahead * s
    state[_VX] -= ahead * state[_RATE] * s
    state[_VY] += ahead * state[_RATE] * c


@njit(cache=True)
def _lift(loads: NDArray[np.float64], along: float, across: float) -> None:
    """Have the car stand on one diagonal where its acceleration (m/s^2) lifts a wheel.

    Args:
        loads: float64[4], of the wheels without friction, N.
        along: acceleration of the car.
        across: likewise, to its left.
    """
    for wheel in range(4):
        x, y = 1.0 if wheel < 2 else -1.0, 1.0 if wheel % 2 == 0 else -1.0
        share = _FRONT_SHARE if wheel < 2 else 1.0 - _FRONT_SHARE
        pitch = 0.25 * x * along / _HALF_BASE
        roll = 0.5 * share * y * across / _HALF_TRACK
        weight = 0.25 * _GRAVITY * (1.0 + x * _CENTER_AHEAD / _HALF_BASE)
        if weight <= _CENTER_HEIGHT * (pitch + roll):
            lost = loads[wheel]
            for other in range(4):
                loads[other] += -lost if other in (wheel, 3 - wheel) else lost


@njit(cache=True)
def _velocity(
    before: tuple[float, float, float],
    jacobian: NDArray[np.float64],
    wanted: NDArray[np.float64],
    most: NDArray[np.float64],
    ahead: NDArray[np.float64],
    rolled: NDArray[np.float64],
    slides: NDArray[np.float64],
) -> tuple[float, float, float]:
    """The car's velocities at the end of a step: along it, to its left, turning.

    The forces are the slope of a convex function of them, made of parabolas and straight lines, so
    that Newton's method finds its minimum in a few rounds.

    Args:
        before: the same at its beginning.
        jacobian: float64[8, 3], from these velocities to how each wheel moves along and across.
        wanted: float64[8], how its rim should move, m/s.
        most: float64[8], force at which it slides or its motor gives in, N.
        ahead: float64[8], how much less a wheel moves than the jacobian says, m/s.
        rolled: float64[4], speeds at which the wheels rolled before, m/s.
        slides: float64[8], 0 where a wheel grips, else the sign of its force: those of the step
            before, in place of which come those of this one.
    """
    masses = (_MASS / _DT, _MASS / _DT, _INERTIA / _DT)
    spin = _SPIN_MASS / _DT
    v1, v2, v3 = before
    for number in range(_ROUNDS):
        a11, a22, a33 = masses
        a12 = a13 = a23 = 0.0
        b1, b2, b3 = a11 * (before[0] - v1), a22 * (before[1] - v2), a33 * (before[2] - v3)
        for row in range(8):
            j1, j2, j3 = jacobian[row, 0], jacobian[row, 1], jacobian[row, 2]
            moves = j1 * v1 + j2 * v2 + j3 * v3 - ahead[row]
            force, stiff = _STIFF * (wanted[row] - moves), _STIFF
            # What slid in the step before most often slides in this one too.
            if number > 0:
                slides[row] = 0.0 if abs(force) <= most[row] else 1.0 if force > 0.0 else -1.0
            if slides[row] != 0.0:
                force, stiff = slides[row] * most[row], 0.0
            if row % 2 == 0:
                force += spin * (rolled[row // 2] - moves)
                stiff += spin
            a11 += stiff * j1 * j1
            a12 += stiff * j1 * j2
            a13 += stiff * j1 * j3
            a22 += stiff * j2 * j2
            a23 += stiff * j2 * j3
            a33 += stiff * j3 * j3
            b1 += force * j1
            b2 += force * j2
            b3 += force * j3
        # Cramer's rule; the matrix is symmetric and positive definite.
        c11, c12, c13 = a22 * a33 - a23 * a23, a13 * a23 - a12 * a33, a12 * a23 - a13 * a22
        c22, c23, c33 = a11 * a33 - a13 * a13, a12 * a13 - a11 * a23, a11 * a22 - a12 * a12
        determinant = a11 * c11 + a12 * c12 + a13 * c13
        d1 = (c11 * b1 + c12 * b2 + c13 * b3) / determinant
        d2 = (c12 * b1 + c22 * b2 + c23 * b3) / determinant
        d3 = (c13 * b1 + c23 * b2 + c33 * b3) / determinant
        if number > 0 and abs(d1) + abs(d2) + abs(d3) < 1e-10:
            break
        part = 1.0
        # Half the way, and half again, while it leads beyond the minimum.
        for _ in range(_ROUNDS if number > 0 else 0):
            w1, w2, w3 = v1 + part * d1, v2 + part * d2, v3 + part * d3
            gain = masses[0] * ((before[0] - w1) * d1 + (before[1] - w2) * d2)
            gain += masses[2] * (before[2] - w3) * d3
            for row in range(8):
                j1, j2, j3 = jacobian[row, 0], jacobian[row, 1], jacobian[row, 2]
                moves = j1 * w1 + j2 * w2 + j3 * w3 - ahead[row]
                force = min(max(_STIFF * (wanted[row] - moves), -most[row]), most[row])
                if row % 2 == 0:
                    force += spin * (rolled[row // 2] - moves)
                gain += force * (j1 * d1 + j2 * d2 + j3 * d3)
            if gain >= -1e-9:
                break
            part *= 0.5
        v1, v2, v3 = v1 + part * d1, v2 + part * d2, v3 + part * d3
    return v1, v2, v3
