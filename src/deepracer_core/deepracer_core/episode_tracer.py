"""Keeps what the frames of the running episode led to, until it ended and can be written down."""

from collections.abc import Callable
from dataclasses import dataclass, field

from deepracer_core.action_space import Action, Command
from deepracer_core.episode import EpisodeRecord, EpisodeStep
from deepracer_core.trace import Answer, TracedEpisode
from deepracer_core.track import Track

_MAX_EARLY = 64
"""So many answers at most are kept for frames of which no episode is known yet."""


@dataclass(slots=True)
class _Driven:
    """An episode so far; its record is there when it has ended."""

    track: Track
    steps: list[EpisodeStep] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    penalties: list[float] = field(default_factory=list)
    wall_clocks: list[float] = field(default_factory=list)
    record: EpisodeRecord | None = None


class EpisodeTracer:
    """Joins the steps of an episode and the agent's answers, by frame time.

    It only appends; what is made of a trace is made elsewhere. An answer may come before or after
    the step that it led to. An episode that is given up leaves no trace.

    Args:
        wall_clock: unix time in seconds.
    """

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        self._wall_clock = wall_clock
        self._running: _Driven | None = None
        # Ended, and the answer to one of its frames is still to come.
        self._ended: _Driven | None = None
        self._answers: dict[int, Answer] = {}
        self._traces: list[TracedEpisode] = []

    def begin(self, track: Track, beginning: EpisodeStep) -> None:
        """An episode begins."""
        self._running = _Driven(track)
        self.step(beginning, 0.0)

    def step(self, step: EpisodeStep, reward: float, penalty_s: float = 0.0) -> None:
        """The episode that runs has come to a frame.

        Args:
            step: how it stands there.
            reward: of the step that led there.
            penalty_s: seconds of penalties so far.
        """
        running = self._running
        if running is None:
            raise RuntimeError("a step came before its episode began")
        running.steps.append(step)
        running.rewards.append(reward)
        running.penalties.append(penalty_s)
        running.wall_clocks.append(self._wall_clock())

    def answer(self, time_ns: int, command: Command, action: Action) -> None:
        """The agent answered a frame; its first word on it stands."""
        self._answers.setdefault(time_ns, Answer(command, action))
        if self._ended is not None and self._is_answered(self._ended):
            self.release()
        if self._running is None and len(self._answers) > _MAX_EARLY and self._ended is None:
            del self._answers[min(self._answers)]

    def end(self, record: EpisodeRecord) -> None:
        """The episode that runs ended with the step before."""
        self.release()
        if self._running is None:
            return
        self._running.record = record
        self._ended, self._running = self._running, None
        if self._is_answered(self._ended):
            self.release()

    def give_up(self) -> None:
        """The episode that runs is not worth a trace."""
        self.release()
        self._running = None
        self._answers.clear()

    def take(self) -> list[TracedEpisode]:
        """Of the episodes that ended, in their order."""
        taken, self._traces = self._traces, []
        return taken

    def release(self) -> None:
        """Let the ended episode out, with the answers that came."""
        driven, self._ended = self._ended, None
        if driven is None or driven.record is None:
            return
        times = [step.state.time_ns for step in driven.steps]
        self._traces.append(
            TracedEpisode(
                record=driven.record,
                track=driven.track,
                steps=driven.steps,
                answers=[self._answers.get(time_ns) for time_ns in times[:-1]],
                rewards=driven.rewards,
                penalties=driven.penalties,
                wall_clocks=driven.wall_clocks,
            )
        )
        # The last frame can be the next episode's first.
        self._answers = {at: answer for at, answer in self._answers.items() if at >= times[-1]}

    def _is_answered(self, driven: _Driven) -> bool:
        # A frame in which the car is put back has no answer.
        return all(step.done or step.state.time_ns in self._answers for step in driven.steps[:-1])
