"""The lidar: how far away what else is on the road is, in each direction.

The road has no walls, so a ray meets boxes and bot cars or nothing. It is cast against the same
outlines by which contact is judged, without asking the simulator.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from deepracer_core.car_geometry import footprint
from deepracer_core.obstacles import BOX_LENGTH, BOX_WIDTH
from deepracer_core.race_objects import RaceType
from deepracer_core.rectangle import Rectangle
from deepracer_core.sensors import LIDAR_ANGLE, LIDAR_RANGE, LIDAR_RAYS
from deepracer_core.simulation import ObjectPose

NOISE = 0.01
"""Standard deviation of a measured distance, metres."""

_ANGLES = np.linspace(-LIDAR_ANGLE, LIDAR_ANGLE, LIDAR_RAYS)
_DOMAIN = 64
"""Sets these random numbers apart from others that are drawn from the same seed."""


class Lidar:
    """What the lidar of a car measures; it sits above the car's base and looks around it."""

    def __init__(self, *, seed: int = 0, worker: int = 0) -> None:
        """Prepare the noise.

        Args:
            seed: of the noise.
            worker: index of the simulation; each has noise of its own.
        """
        self._seed = (seed, worker, _DOMAIN)

    def scan(
        self, time_ns: int, x: float, y: float, yaw: float, outlines: Sequence[Rectangle]
    ) -> NDArray[np.float32]:
        """Measure all distances at one instant; the same instant is measured alike each time.

        Args:
            time_ns: simulated time, nanoseconds.
            x: of the car's base, metres.
            y: as x.
            yaw: radians.
            outlines: of what is on the road.

        Returns:
            float32[64], metres, from the right to the left: at least the shortest distance that the
            lidar measures, inf where nothing is within the longest.
        """
        shortest, longest = LIDAR_RANGE
        noise = np.random.default_rng([*self._seed, time_ns]).normal(0.0, NOISE, LIDAR_RAYS)
        distances = np.maximum(cast(x, y, yaw + _ANGLES, outlines) + noise, shortest)
        return np.where(distances <= longest, distances, np.inf).astype(np.float32)


def cast(
    x: float, y: float, angles: NDArray[np.float64], outlines: Sequence[Rectangle]
) -> NDArray[np.float64]:
    """Distances from a point to the nearest outline, along rays in several directions.

    Each ray is cut with the two pairs of parallel sides of each rectangle (the slab method, Kay and
    Kajiya 1986).

    Args:
        x: of the point, metres.
        y: as x.
        angles: float64[N], directions of the rays, radians.
        outlines: what they may meet.

    Returns:
        float64[N], metres; 0 within an outline, inf where a ray meets none.
    """
    if not outlines:
        return np.full(len(angles), np.inf)
    middle = np.array([(each.x, each.y) for each in outlines])
    turned = np.array([each.yaw for each in outlines])
    half = 0.5 * np.array([(each.length, each.width) for each in outlines])
    # Seen from each rectangle, along its length and across it: eye[M, 2], ray[M, N, 2].
    away = np.array([x, y]) - middle
    cosine, sine = np.cos(turned), np.sin(turned)
    eye = np.stack(
        [cosine * away[:, 0] + sine * away[:, 1], cosine * away[:, 1] - sine * away[:, 0]], axis=-1
    )
    relative = angles - turned[:, None]
    ray = np.stack([np.cos(relative), np.sin(relative)], axis=-1)
    # A ray along a pair of sides meets them at infinity, on both sides of the eye or on one.
    ray[ray == 0.0] = np.finfo(float).tiny
    with np.errstate(over="ignore"):
        one = (-half - eye)[:, None] / ray
        other = (half - eye)[:, None] / ray
    enters = np.minimum(one, other).max(axis=-1)
    leaves = np.maximum(one, other).min(axis=-1)
    hits = (leaves >= enters) & (leaves >= 0.0)
    distances: NDArray[np.float64] = np.where(hits, np.maximum(enters, 0.0), np.inf).min(axis=0)
    return distances


def outlines(race_type: RaceType, objects: Iterable[ObjectPose]) -> list[Rectangle]:
    """Outlines of the objects of a race."""
    if race_type is RaceType.HEAD_TO_BOT:
        return [footprint(each.x, each.y, each.yaw) for each in objects]
    return [Rectangle(each.x, each.y, each.yaw, BOX_LENGTH, BOX_WIDTH) for each in objects]
