"""Where the next episode begins, and in which direction it is driven."""

from dataclasses import dataclass

from deepracer_core.track import Track


@dataclass(frozen=True, slots=True)
class Start:
    """The place where an episode begins.

    Attributes:
        track: in the direction in which it is to be driven.
        distance: along its centre line from the start line, metres.
    """

    track: Track
    distance: float


class StartPositions:
    """Starts round the lap, each a share of it further on than the one before (round robin).

    Nothing here is random: the n-th start is the same in every run. With `alternate_direction` each
    place of the road is driven from in both directions before the next one is, whatever the share.
    Only from the first end of an open course there is one way to go: the other way begins at its
    other end then.

    Attributes:
        line: the start line, in the track's usual direction or that of the race.
    """

    def __init__(
        self,
        track: Track,
        advance: float = 0.05,
        alternate_direction: bool = False,
        first: float = 0.0,
        taken: int = 0,
    ) -> None:
        """Prepare the starts.

        Args:
            track: in its usual direction, or reversed for a race the other way.
            advance: share of the lap from one start to the next; 0: always the first start.
            alternate_direction: drive every second episode the other way.
            first: share of the lap from the start line to the first start.
            taken: starts of the run that were taken before: the next one follows on them.

        Raises:
            ValueError: a share is not within [0, 1).
        """
        for name, share in (("advance", advance), ("first", first)):
            if not 0.0 <= share < 1.0:
                raise ValueError(f"{name}: expected a share of the lap within [0, 1), got {share}")
        self.line = Start(track, 0.0)
        self._directions = (track, track.reversed()) if alternate_direction else (track,)
        self._advance = advance
        self._first = first
        self._count = taken

    @classmethod
    def start_line(cls, track: Track) -> "StartPositions":
        """Every start on the start line, as in an evaluation."""
        return cls(track, advance=0.0)

    def next(self) -> Start:
        """The next start."""
        place, direction = divmod(self._count, len(self._directions))
        self._count += 1
        track = self._directions[direction]
        share = (self._first + place * self._advance) % 1.0
        # Of the way back, what is left of the way there.
        on_its_lap = (1.0 - share) % 1.0 if direction else share
        return Start(track, on_its_lap * track.length)
