"""The simulation workers of a job: a launch each, which is started anew when it dies."""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from deepracer.kept_launch import KeptLaunch
from deepracer.launched import LaunchedProcess


class Workers:
    """Keeps the simulations of a job running; what they drove is in Redis whatever becomes of them.

    Args:
        count: how many there are.
        start: starts the one of an index.
        clock: seconds of a clock that only goes on.
    """

    def __init__(
        self,
        count: int,
        start: Callable[[int], LaunchedProcess],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kept = [
            KeptLaunch(f"worker {worker}", partial(start, worker), clock) for worker in range(count)
        ]

    @property
    def launches(self) -> Sequence[LaunchedProcess]:
        """The newest launch of each worker."""
        return [worker.launched for worker in self._kept]

    @property
    def problem(self) -> str | None:
        """Which workers wait for their next start, and why; None when all run."""
        return "\n".join(filter(None, (worker.problem for worker in self._kept))) or None

    def look(self, beside: Iterable[LaunchedProcess] = ()) -> None:
        """Take note of workers that died, and start those anew that have waited long enough.

        Args:
            beside: what was launched besides the workers, and goes on when one of them dies.

        Raises:
            JobFailed: a worker dies over and over, or it cannot use what it was given.
        """
        beside = tuple(beside)
        for worker in self._kept:
            others = [each.launched for each in self._kept if each is not worker]
            worker.look([*others, *beside])
