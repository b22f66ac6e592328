"""Where on the lap the objects of a race are: at given places, evenly spread, or at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepracer_core.errors import ConfigurationError
from deepracer_core.lanes import INNER, OUTER
from deepracer_core.track import Track

_LANES = {-1: INNER, 1: OUTER}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a lane.

    Attributes:
        distance: along the centre line from the start line, metres.
        lane: `lanes.INNER` or `lanes.OUTER`.
    """

    distance: float
    lane: float


@dataclass(frozen=True, slots=True)
class GivenPlace:
    """A place as the public format gives it.

    Attributes:
        share: of the lap, from the start line in the driving direction, [0, 1).
        lane: -1 the inner one, 1 the outer one.
    """

    share: float
    lane: int


def parse_places(texts: Sequence[str], source: str) -> tuple[GivenPlace, ...]:
    """Read places such as `0.23,-1`: the share of the lap and the lane.

    Args:
        texts: one for each place; empty ones are left out.
        source: what they are, for the message.

    Raises:
        ConfigurationError: one of them is no such place.
    """
    places = []
    for text in texts:
        if not text.strip():
            continue
        share, _, lane = text.partition(",")
        try:
            place = GivenPlace(float(share), int(lane))
        except ValueError:
            place = None
        if place is None or place.lane not in _LANES or not 0.0 <= place.share < 1.0:
            raise ConfigurationError(
                f"{source}: expected a share of the lap within [0, 1) and a lane, -1 inside or 1"
                f" outside, as in 0.23,-1, got {text!r}"
            )
        places.append(place)
    return tuple(places)


@dataclass(frozen=True, slots=True)
class Spread:
    """How the objects of a race are spread over the lap.

    Attributes:
        number: how many there are; with `given` places as many as these.
        min_distance: metres along the centre line between neighbours at random places, and between
            them and the start of the car.
        randomize: whether each episode draws its places; else they stand evenly spread.
        given: the places, if they are given; then nothing is drawn.
    """

    number: int
    min_distance: float = 2.0
    randomize: bool = False
    given: tuple[GivenPlace, ...] = ()

    def check(self, track: Track, what: str) -> None:
        """Find out before the race whether the objects fit on a track.

        Args:
            track: in either direction.
            what: what the objects are called, for the message.

        Raises:
            ConfigurationError: they do not.
        """
        needed = (self.number + 1) * self.min_distance
        if self.randomize and not self.given and needed > track.length:
            raise ConfigurationError(
                f"{self.number} {what} {self.min_distance:g} m from each other and from the car"
                f" need {needed:g} m, and {track.name} is {track.length:.1f} m long: take fewer"
                " or a smaller distance"
            )

    def places(self, track: Track, start_distance: float, rng: np.random.Generator) -> list[Place]:
        """The places of an episode, lanes alternating along the lap unless they are given.

        Args:
            track: in the direction in which it is driven.
            start_distance: where the car starts, metres along the centre line.
            rng: what random places are drawn from.
        """
        if self.given:
            return [Place(place.share * track.length, _LANES[place.lane]) for place in self.given]
        count = np.arange(1, self.number + 1)
        if not self.randomize:
            return _alternating(count / (self.number + 1) * track.length, first=0)
        # All that can move is the road left over: any draw of it keeps the distances, and every
        # arrangement that keeps them is as likely as another.
        left_over = max(track.length - (self.number + 1) * self.min_distance, 0.0)
        gaps = np.sort(rng.uniform(0.0, left_over, self.number))
        origin = start_distance if track.closed else 0.0
        distances = origin + count * self.min_distance + gaps
        return _alternating(distances % track.length, first=int(rng.integers(2)))


def _alternating(distances: np.ndarray, first: int) -> list[Place]:
    lanes = (INNER, OUTER)
    return [
        Place(float(distance), lanes[(first + index) % 2])
        for index, distance in enumerate(distances)
    ]
