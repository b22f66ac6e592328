"""When a training worker drives an evaluation instead of the next training episode."""


class EvaluationSchedule:
    """Lets each model version that acts be evaluated once, for a share of the steps at most.

    Args:
        share: of all steps that evaluations may take, within [0, 1); 0: there are none.

    Raises:
        ValueError: the share is not within [0, 1).
    """

    def __init__(self, share: float) -> None:
        if not 0.0 <= share < 1.0:
            raise ValueError(f"share: expected a number within [0, 1), got {share}")
        self._share = share
        self._acting = 0
        self._evaluated = 0
        self._steps = 0
        self._evaluation_steps = 0

    def acts(self, version: int) -> None:
        """A policy version drives the episode that runs; 0 is the random one."""
        self._acting = version

    def ended(self, steps: int, *, is_evaluation: bool) -> None:
        """An episode of so many steps came to its end."""
        self._steps += steps
        if is_evaluation:
            self._evaluation_steps += steps
            self._evaluated = self._acting

    @property
    def is_due(self) -> bool:
        """Whether the next episode is to be an evaluation.

        How long it will take is not known: the share is kept by waiting after it, not before.
        """
        return (
            self._acting > self._evaluated
            and self._share > 0.0
            and self._evaluation_steps <= self._share * self._steps
        )
