"""How far a worker drives ahead of the trainer.

A simulator that is faster than the trainer would fill the experience buffer with what old models
drove, which on-policy learning cannot use. So a worker counts, as the trainer does, how many
iterations its experience is enough for, and begins an episode when it has a model that is recent
enough.
"""

import time
from collections.abc import Callable

STEPS_BETWEEN_TRAINING = 1024
"""An update begins at the latest after so many steps."""

MAX_POLICY_LAG = 1
"""An episode begins with a model at most so many versions behind what was driven."""

LAG_WITHIN_EPISODE = 3
"""An episode keeps its model, however many come meanwhile: so many more versions may its end be
behind."""

PATIENCE_S = 1.0
"""Seconds that the trainer may have everything and not learn before it is given more."""

NO_MODEL_CAME = "the trainer waits for more experience: it made no model of the last"
"""For the log, where `Pace.check` says so."""


class IterationShare:
    """Counts what of the trainer's iterations one of several workers drives.

    Args:
        episodes: of the run that one iteration takes (num_episodes_between_training).
        steps: of the run that one iteration takes at most.
        workers: that drive side by side, each a share of every iteration.
    """

    def __init__(self, *, episodes: int, steps: int, workers: int = 1) -> None:
        self._most_episodes = max(1.0, episodes / workers)
        self._most_steps = max(1.0, steps / workers)
        self._episodes = 0
        self._steps = 0

    def add(self, steps: int, *, ends_episode: bool) -> bool:
        """Count a segment of so many steps; whether a share ends with it and the next begins."""
        self._steps += steps
        self._episodes += ends_episode
        if self._episodes < self._most_episodes and self._steps < self._most_steps:
            return False
        self._episodes = self._steps = 0
        return True


class Pace:
    """Counts the iterations of the trainer that a worker's segments are enough for.

    Args:
        share: of one iteration, that is this worker's.
        max_policy_lag: iterations that may be driven before the model of the first of them is
            there; 0 is strict alternation, in which a run with one worker can repeat exactly.
        version: of the newest model when the worker begins.
        trainer_waits: whether the trainer has all that was driven and does not learn from it, with
            less than this version made.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        share: IterationShare,
        max_policy_lag: int,
        version: int = 0,
        trainer_waits: Callable[[int], bool] = lambda _: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share = share
        self._max_policy_lag = max_policy_lag
        self._driven = version
        self._trainer_waits = trainer_waits
        self._clock = clock
        self._standstill_since: float | None = None

    @property
    def needed_version(self) -> int:
        """The model that has to be there before another episode begins."""
        return self._driven - self._max_policy_lag

    def sent(self, steps: int, *, ends_episode: bool) -> None:
        """A segment of so many steps was sent to the trainer."""
        self._driven += self._share.add(steps, ends_episode=ends_episode)
        self._standstill_since = None

    def check(self) -> bool:
        """Called again and again while the needed version is awaited.

        Returns:
            Whether it is awaited no more: no model came of an iteration, because the update was
            undone or experience was dropped, and the trainer waits, too.
        """
        if not self._trainer_waits(self.needed_version):
            self._standstill_since = None
            return False
        now = self._clock()
        if self._standstill_since is None:
            self._standstill_since = now
        if now - self._standstill_since < PATIENCE_S:
            return False
        self._standstill_since = None
        self._driven -= 1
        return True
