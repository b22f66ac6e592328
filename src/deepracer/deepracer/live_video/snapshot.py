"""One frame of the simulation, with all that a live picture shows of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from deepracer_core.judgement import Judgement
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Passed:
    """Where the car was in a frame.

    Attributes:
        time_ns: of the frame.
        x: metres.
        y: metres.
        speed: m/s.
    """

    time_ns: int
    x: float
    y: float
    speed: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A frame.

    Attributes:
        images: uint8[H, W, 3], RGB: `chase`, from behind the car, and `front`, what the car sees.
        x: metres.
        y: metres.
        yaw: radians.
        speed: m/s.
        steering: radians, left positive.
        judgement: of the frame.
        version: of the model that drives, 0 at random; None when it is not known.
        passed: frames since the last snapshot, without this one, oldest first.
    """

    images: Mapping[str, NDArray[np.uint8]]
    x: float
    y: float
    yaw: float
    speed: float
    steering: float
    judgement: Judgement
    version: int | None
    passed: tuple[Passed, ...]
