"""Domain randomisation: conditions of its own for each episode, drawn from ranges.

A policy that has seen many lights, colours, cameras and tyres takes the real ones for some more of
them (Tobin et al., "Domain randomization for transferring deep neural networks from simulation to
the real world", 2017).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import nan, radians
from typing import Any

import numpy as np

from deepracer_core.conditions import TEXTURES, Conditions
from deepracer_core.errors import ConfigurationError

MAX_ACTION_DELAY = 10
"""Control periods; after 15 at rest an episode ends."""


@dataclass(frozen=True, slots=True)
class Range:
    """From where to where a number is drawn, both ends included."""

    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class _Draw:
    """How one of the conditions is drawn.

    Attributes:
        condition: name in `Conditions`.
        limits: of the range.
        numbers: drawn each on its own; 1 or, of a color, 3.
        whole: only whole numbers are drawn.
        in_degrees: so the range is given; the condition is in radians.
    """

    condition: str
    limits: Range
    numbers: int = 1
    whole: bool = False
    in_degrees: bool = False

    def value(self, drawn_from: Range, shares: np.ndarray) -> Any:
        """The condition for shares of the way through the range: float64[numbers], [0, 1)."""
        lowest, highest = drawn_from.lowest, drawn_from.highest
        if self.whole:
            return int(lowest + np.floor(shares[0] * (highest - lowest + 1.0)))
        values = [lowest + (highest - lowest) * float(share) for share in shares]
        if self.in_degrees:
            values = [radians(value) for value in values]
        return values[0] if self.numbers == 1 else tuple(values)


_FACTOR = Range(0.0, 10.0)

# The order is that of the random numbers: what comes new comes last, or each look changes.
_DRAWS = {
    "light_strength": _Draw("light_strength", _FACTOR),
    "light_color": _Draw("light_color", _FACTOR, numbers=3),
    "light_azimuth_deg": _Draw("light_azimuth", Range(-180.0, 180.0), in_degrees=True),
    "light_elevation_deg": _Draw("light_elevation", Range(-90.0, 90.0), in_degrees=True),
    "road_color": _Draw("road_color", _FACTOR, numbers=3),
    "road_texture": _Draw("road_texture", Range(0, TEXTURES - 1), whole=True),
    "field_color": _Draw("field_color", _FACTOR, numbers=3),
    "field_texture": _Draw("field_texture", Range(0, TEXTURES - 1), whole=True),
    "line_color": _Draw("line_color", _FACTOR, numbers=3),
    "object_color": _Draw("object_color", _FACTOR, numbers=3),
    "camera_pitch_deg": _Draw("camera_pitch", Range(-30.0, 30.0), in_degrees=True),
    "camera_field_of_view_deg": _Draw("camera_field_of_view", Range(-40, 60), in_degrees=True),
    "friction": _Draw("friction", Range(0.05, 10.0)),
    "action_delay": _Draw("action_delay", Range(0, MAX_ACTION_DELAY), whole=True),
}

RANDOMISED = tuple(_DRAWS)
"""What can be given a range, in the order in which it is documented."""


def expected_range(name: str) -> str:
    """What can be given for one of RANDOMISED, in words."""
    draw = _DRAWS[name]
    kind = "whole numbers" if draw.whole else "numbers"
    lowest, highest = draw.limits.lowest, draw.limits.highest
    return f"expected MIN:MAX, two {kind} from {lowest:g} to {highest:g}, the lower one first"


def parse_range(name: str, text: str) -> Range:
    """Read a range such as `0.6:1.4`.

    Args:
        name: of what is drawn from it, one of RANDOMISED.
        text: the lowest and the highest value.

    Raises:
        ConfigurationError: it is none, or goes beyond what is possible.
    """
    draw = _DRAWS[name]
    limits = draw.limits
    try:
        lowest, highest = (float(part) for part in text.split(":"))
    except ValueError:
        lowest = highest = nan
    fits = limits.lowest <= lowest <= highest <= limits.highest
    if not fits or (draw.whole and not (lowest.is_integer() and highest.is_integer())):
        raise ConfigurationError(f"{name}: {expected_range(name)}, got {text!r}")
    return Range(lowest, highest)


class Randomisation:
    """Draws the conditions of each episode.

    They depend on the seed, the worker and the episode's number alone. Each of them is drawn from
    random numbers of its own, so that one more range does not change the others.
    """

    def __init__(self, ranges: Mapping[str, Range], *, seed: int = 0, worker: int = 0) -> None:
        """Prepare.

        Args:
            ranges: by name, of RANDOMISED; whatever has none stays as the files have it.
            seed: of the run.
            worker: index of the simulation; each draws its own.
        """
        self._ranges = dict(ranges)
        self._seed = (seed, worker)

    def conditions(self, episode: int) -> Conditions:
        """The conditions of an episode."""
        rng = np.random.default_rng([*self._seed, episode, 3])
        shares = {name: rng.random(draw.numbers) for name, draw in _DRAWS.items()}
        drawn = {
            _DRAWS[name].condition: _DRAWS[name].value(drawn_from, shares[name])
            for name, drawn_from in self._ranges.items()
        }
        return replace(Conditions(), **drawn)
