"""What a run leaves for people to look at: traces, metrics and copies of its inputs.

They lie beside the model versions, in the layout that the tools around DeepRacer read
(docs/records.md). A file is always written whole, so that a reader never sees half a row.

    training-simtrace/<n>-iteration.csv                          of a run with one worker
    <worker>/training-simtrace/<n>-iteration.csv                 of one with several
    metrics/TrainingMetrics.json, metrics/TrainingMetrics_<worker>.json
    evaluation-<yyyymmddHHMMSS>/evaluation-simtrace/0-iteration.csv
    metrics/EvaluationMetrics-<yyyymmddHHMMSS>.json
    model/model_metadata.json, ip/hyperparameters.json, reward_function.py
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from time import time
from typing import Any, Protocol

from deepracer_core.metrics import (
    evaluation_document,
    evaluation_entry,
    training_document,
    training_entry,
)
from deepracer_core.model_store import Storage, StoreError
from deepracer_core.trace import TRACE_HEADER, TracedEpisode, trace_rows

_INPUTS = {
    "model_metadata.json": "model/model_metadata.json",
    "hyperparameters.json": "ip/hyperparameters.json",
    "reward_function.py": "reward_function.py",
}
_TRAINING_TRACE = "training-simtrace/"
_ITERATION = re.compile(r"\d+-iteration\.csv")


class RecordsDamaged(StoreError):
    """Records of the run that are there already cannot be gone on with."""


class Records(Protocol):
    """Where episodes are written down. Each method that raises `StoreError` can be tried again."""

    def resume(self) -> None:
        """Look what there is already."""

    def add(self, episode: TracedEpisode) -> list[str]:
        """Take in an episode; its rows of the trace."""

    def write(self) -> None:
        """Bring the store up to date."""


def keep_inputs(storage: Storage, files: Mapping[str, bytes]) -> None:
    """Keep copies of what the run was given, where tools look for them.

    Args:
        storage: of the run.
        files: model_metadata.json, hyperparameters.json and reward_function.py, those there are.
    """
    for name, key in _INPUTS.items():
        if name in files:
            storage.write(key, files[name])


class TrainingRecords:
    """Traces and metrics of one worker's training episodes.

    The episodes of a worker are numbered without a gap, over all its restarts, and an iteration is
    a fixed number of them: tools tell episodes of several workers apart by that arithmetic. It
    keeps the size that it had when the run began. The evaluations in between are in the metrics,
    beside the training episode before them, and leave no trace.

    Args:
        storage: of the run.
        worker: index of the worker.
        workers: how many the run has.
        episodes_per_iteration: of this worker.
        is_discrete: whether an action is an index.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        worker: int,
        workers: int,
        episodes_per_iteration: int,
        is_discrete: bool,
    ) -> None:
        self._storage = storage
        self._worker = worker
        self._workers = workers
        self._size = episodes_per_iteration
        self._is_discrete = is_discrete
        self._folder = _TRAINING_TRACE
        suffix = f"_{worker}" if worker else ""
        self._metrics_key = f"metrics/TrainingMetrics{suffix}.json"
        self._metrics: list[dict[str, Any]] = []
        self._trained = 0
        self._rows: dict[int, list[str]] = {}
        self._is_changed = False

    def resume(self) -> None:
        """Go on after the last episode that was written down whole: in a trace and the metrics."""
        self._metrics = self._read_metrics()
        training = list(filter(_is_training, self._metrics))
        self._trained = len(training)
        # The second iteration's first entry tells how long the first one was.
        began = (entry["episode"] for entry in training if entry["trial"] == 1)
        not_smaller = max(self._size, self._trained)
        self._size = next((number - 1 for number in began if number > 1), not_smaller)
        self._folder = self._choose_folder()
        iteration = self._trained // self._size
        stored = self._storage.read(self._key(iteration))
        if stored is not None:
            rows = stored.data.decode().splitlines()[1:]
            known = [row for row in rows if int(row.partition(",")[0]) < self._trained]
            self._rows = {iteration: known}

    def add(self, episode: TracedEpisode) -> list[str]:
        """See `Records`."""
        self._is_changed = True
        if episode.record.mode == "evaluation":
            before = max(self._trained - 1, 0)
            self._metrics.append(training_entry(episode, before, self._size))
            return []
        number = self._trained
        rows = trace_rows(episode, number, self._is_discrete)
        self._metrics.append(training_entry(episode, number, self._size))
        self._rows.setdefault(number // self._size, []).extend(rows)
        self._trained += 1
        return rows

    def write(self) -> None:
        """See `Records`. Traces first: the metrics say which of their episodes count."""
        if not self._is_changed:
            return
        running = self._trained // self._size
        for iteration in sorted(self._rows):
            if self._rows[iteration]:
                self._storage.write(self._key(iteration), _csv(self._rows[iteration]))
            if iteration < running:
                del self._rows[iteration]
        self._storage.write(self._metrics_key, training_document(self._metrics))
        self._is_changed = False

    def _key(self, iteration: int) -> str:
        return f"{self._folder}{iteration}-iteration.csv"

    def _read_metrics(self) -> list[dict[str, Any]]:
        stored = self._storage.read(self._metrics_key)
        if stored is None:
            return []
        try:
            entries = json.loads(stored.data)["metrics"]
            training = filter(_is_training, entries)
            numbers = [(entry["episode"], entry["trial"] >= 1) for entry in training]
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(f"it cannot be read ({error!r})") from error
        if numbers != [(number, True) for number in range(1, len(numbers) + 1)]:
            raise self._damaged("its episodes are not numbered 1, 2, 3, ...")
        return list(entries)

    def _damaged(self, reason: str) -> RecordsDamaged:
        place = f"{self._storage.url}/{self._metrics_key}"
        return RecordsDamaged(
            f"{place}: expected the metrics of the episodes so far, {reason}: move it away, with "
            "the traces, and the records begin anew"
        )

    def _choose_folder(self) -> str:
        """Where the traces go; those from a time when the run had one worker move along."""
        own = f"{self._worker}/{_TRAINING_TRACE}"
        if self._workers == 1 and self._worker == 0:
            return own if any(self._storage.keys(own)) else _TRAINING_TRACE
        if self._worker == 0:
            for key in list(self._storage.keys(_TRAINING_TRACE)):
                name = key.removeprefix(_TRAINING_TRACE)
                stored = self._storage.read(key)
                if stored is not None and _ITERATION.fullmatch(name):
                    self._storage.write(own + name, stored.data)
                self._storage.delete(key)
        return own


class EvaluationRecords:
    """Trace and metrics of one evaluation, under the time at which it began, UTC.

    Args:
        storage: of the run whose model drives.
        is_discrete: whether an action is an index.
        wall_clock: unix time in seconds.
    """

    def __init__(
        self, storage: Storage, *, is_discrete: bool, wall_clock: Callable[[], float] = time
    ) -> None:
        self._storage = storage
        self._is_discrete = is_discrete
        self._began = datetime.fromtimestamp(wall_clock(), timezone.utc)
        self._metrics: list[dict[str, Any]] = []
        self._rows: list[str] = []

    def resume(self) -> None:
        """Take the next second that no other evaluation has."""
        while self._storage.read(self._metrics_key) is not None:
            self._began += timedelta(seconds=1)

    def add(self, episode: TracedEpisode) -> list[str]:
        """See `Records`."""
        number = len(self._metrics)
        rows = trace_rows(episode, number, self._is_discrete)
        self._metrics.append(evaluation_entry(episode, number))
        self._rows += rows
        return rows

    def write(self) -> None:
        """See `Records`."""
        if not self._metrics:
            return
        folder = f"evaluation-{self._stamp}/evaluation-simtrace"
        self._storage.write(f"{folder}/0-iteration.csv", _csv(self._rows))
        self._storage.write(self._metrics_key, evaluation_document(self._metrics))

    @property
    def _stamp(self) -> str:
        return self._began.strftime("%Y%m%d%H%M%S")

    @property
    def _metrics_key(self) -> str:
        return f"metrics/EvaluationMetrics-{self._stamp}.json"


def _is_training(entry: Mapping[str, Any]) -> bool:
    return bool(entry["phase"] == "training")


def _csv(rows: list[str]) -> bytes:
    return "\n".join((TRACE_HEADER, *rows, "")).encode()
