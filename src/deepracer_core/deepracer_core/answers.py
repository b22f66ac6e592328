"""What was said to the latest frames, so that a frame that comes again is answered as before."""

from dataclasses import dataclass

from deepracer_core.episode import CarState
from deepracer_core.judgement import Judgement, Placement, Reset

_KEPT = 16


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
        self._judgements: list[Judgement] = []
        self._resets: list[Reset] = []
        self._placements: list[Placement] = []

    def repeat(self, state: CarState) -> bool:
        """Give the answer to a frame again; False when it is a new one."""
        known = self._known.get(state.time_ns)
        if known is None or known.state != state:
            return False
        self._give(known)
        return True

    def give(self, answer: Answer) -> None:
        """Answer a frame."""
        # The newest is put last even if its frame was answered otherwise before.
        self._known.pop(answer.state.time_ns, None)
        self._known[answer.state.time_ns] = answer
        if len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        self._give(answer)

    def forget(self) -> None:
        """Frames come anew: none that comes is one of those before."""
        self._known.clear()

    def take_judgements(self) -> list[Judgement]:
        """One for each frame since the last call."""
        taken, self._judgements = self._judgements, []
        return taken

    def take_resets(self) -> list[Reset]:
        """What the simulator is to be asked for."""
        taken, self._resets = self._resets, []
        return taken

    def take_placements(self) -> list[Placement]:
        """Where the objects are to be."""
        taken, self._placements = self._placements, []
        return taken

    def _give(self, answer: Answer) -> None:
        self._judgements.append(answer.judgement)
        if answer.reset is not None:
            self._resets.append(answer.reset)
        if answer.placement is not None:
            self._placements.append(answer.placement)
