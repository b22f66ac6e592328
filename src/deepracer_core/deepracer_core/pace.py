"""How far a worker drives ahead of the trainer.

A simulator that is much faster than the trainer would fill the experience buffer with what old
models drove, which on-policy learning cannot use. So a worker counts, as the trainer does, how many
iterations its experience is enough for, and waits for their models.
"""

STEPS_BETWEEN_TRAINING = 1024
"""An update begins at the latest after so many steps."""


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
        episodes, steps, workers: see `IterationShare`.
        ahead: iterations that may be driven before the model of the first of them is there; 0 is
            strict alternation, in which a run with one worker repeats exactly.
        version: of the newest model when the worker begins.
    """

    def __init__(
        self, *, episodes: int, steps: int, workers: int = 1, ahead: int = 1, version: int = 0
    ) -> None:
        self._share = IterationShare(episodes=episodes, steps=steps, workers=workers)
        self._ahead = ahead
        self._driven = version

    @property
    def needed_version(self) -> int:
        """The model that has to be there before another episode begins."""
        return self._driven - self._ahead

    def sent(self, steps: int, *, ends_episode: bool) -> None:
        """A segment of so many steps was sent to the trainer."""
        self._driven += self._share.add(steps, ends_episode=ends_episode)

    def give_up(self) -> None:
        """An iteration did not become a model: the trainer broke it off."""
        self._driven -= 1
