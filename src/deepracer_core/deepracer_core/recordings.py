"""Finds the traces that a run has left in its store: of its training, and of its evaluations.

With each episode comes what else was on the road in it.

The counterpart of `deepracer_core.records`, which writes them.
"""

import re

from deepracer_core.model_store import Storage
from deepracer_core.recorded_objects import objects_key, with_objects
from deepracer_core.recorded_trace import RecordedEpisode, read_trace

_MOST_WORKERS = 32
_EVALUATION = re.compile(r"metrics/EvaluationMetrics-(\d{14})\.json")
_ITERATION = re.compile(r"(?:.*/)?(\d+)-iteration\.csv")


class Recordings:
    """The traces of one run. Each method raises `StoreError` when the store cannot be read.

    Args:
        storage: of the run.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def workers(self) -> list[int]:
        """The workers whose training has a trace, ascending; worker 0 when there is but one."""
        if self._traces("training-simtrace/"):
            return [0]
        # One of them may have driven no whole episode yet, and the next one may have.
        several = range(_MOST_WORKERS)
        return [worker for worker in several if self._traces(f"{worker}/training-simtrace/")]

    def training(self, worker: int = 0) -> list[RecordedEpisode]:
        """All episodes of a worker's training that have ended, in order; none when it has no trace.

        Raises:
            ConfigurationError: a file is no trace.
        """
        alone = self._traces("training-simtrace/") if worker == 0 else []
        return self._read(alone or self._traces(f"{worker}/training-simtrace/"))

    def evaluations(self) -> list[str]:
        """When evaluations with a trace began, as in 20261121074643 (UTC), ascending."""
        # Written after the trace, and listed without looking through all versions of the model.
        keys = self._storage.keys("metrics/")
        return sorted({match[1] for key in keys if (match := _EVALUATION.fullmatch(key))})

    def evaluation(self, began: str) -> list[RecordedEpisode]:
        """The trials of an evaluation, in order; none when there is no such evaluation.

        Raises:
            ConfigurationError: a file is no trace.
        """
        return self._read(self._traces(f"evaluation-{began}/evaluation-simtrace/"))

    def _traces(self, folder: str) -> list[str]:
        """The trace files of a folder, in the order of their iterations."""
        keys = {key: _ITERATION.fullmatch(key) for key in self._storage.keys(folder)}
        numbered = {key: int(match[1]) for key, match in keys.items() if match}
        return sorted(numbered, key=lambda key: numbered[key])

    def _read(self, keys: list[str]) -> list[RecordedEpisode]:
        episodes: list[RecordedEpisode] = []
        for key in keys:
            stored = self._storage.read(key)
            if stored is None:
                continue
            of_it = read_trace(stored.data, f"{self._storage.url}/{key}")
            # Read after the trace, and written before it: it has all that the trace has.
            beside = self._storage.read(objects_key(key))
            if beside is not None:
                source = f"{self._storage.url}/{objects_key(key)}"
                of_it = with_objects(of_it, beside.data, source)
            episodes += of_it
        return episodes
