"""What was said to the latest frames, so that a frame that comes again is answered as before."""

from dataclasses import dataclass
from typing import TypeVar

from deepracer_core.episode import CarState
from deepracer_core.judgement import Judgement, Placement, Reset

_KEPT = 16

_Said = TypeVar("_Said")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to a frame.

    Attributes:
        state: the car in it.
        judgement: how the episode stands.
        reset: where the car is to be put, if it is.
        placement: where the objects of the race are to be, if it has any.
    """

    state: CarState
    judgement: Judgement
    reset: Reset | None
    placement: Placement | None


class Answers:
    """The latest answers, and what of them has not been taken yet."""

    def __init__(self) -> None:
        self._known: dict[int, Answer] = {}
        self._observed: dict[int, None] = {}
        self._judgements: list[Judgement] = []
        self._resets: dict[int, Reset] = {}
        self._placements: list[Placement] = []

    def observed(self, time_ns: int) -> None:
        """A frame's observation has arrived."""
        _keep_newest(self._observed, time_ns, None)

    def repeat(self, state: CarState) -> bool:
        """Give the answer to a frame again; False when it is a new one."""
        known = self._known.get(state.time_ns)
        if known is None or known.state != state:
            return False
        self._give(known)
        return True

    def give(self, answer: Answer) -> None:
        """Answer a frame."""
        _keep_newest(self._known, answer.state.time_ns, answer)
        self._give(answer)

    def forget(self) -> None:
        """Frames come anew: none that comes is one of those before."""
        self._known.clear()
        self._resets.clear()

    def take_judgements(self) -> list[Judgement]:
        """One for each frame since the last call."""
        taken, self._judgements = self._judgements, []
        return taken

    def take_resets(self) -> list[Reset]:
        """What the simulator is to be asked for.

        A reset waits for the observation of its frame: the simulator goes on at once, and a camera
        image that nobody has taken by then is replaced by the next one.
        """
        ready = [time_ns for time_ns in self._resets if time_ns in self._observed]
        return [self._resets.pop(time_ns) for time_ns in ready]

    def take_placements(self) -> list[Placement]:
        """Where the objects are to be."""
        taken, self._placements = self._placements, []
        return taken

    def _give(self, answer: Answer) -> None:
        self._judgements.append(answer.judgement)
        if answer.reset is not None:
            self._resets[answer.reset.time_ns] = answer.reset
        if answer.placement is not None:
            self._placements.append(answer.placement)


def _keep_newest(known: dict[int, _Said], time_ns: int, said: _Said) -> None:
    """Remember something about a frame, as the newest even if there was something before."""
    known.pop(time_ns, None)
    known[time_ns] = said
    if len(known) > _KEPT:
        del known[next(iter(known))]
