"""What a run leaves for people to look at: traces, metrics and copies of its inputs.

They lie beside the model versions, in the layout that the tools around DeepRacer read
(docs/records.md). A file is always written whole, so that a reader never sees half a row.

    training-simtrace/<n>-iteration.csv                          of a run with one worker
    <worker>/training-simtrace/<n>-iteration.csv                 of one with several
    metrics/TrainingMetrics.json, metrics/TrainingMetrics_<worker>.json
    evaluation-<yyyymmddHHMMSS>/evaluation-simtrace/0-iteration.csv
    metrics/EvaluationMetrics-<yyyymmddHHMMSS>.json
    model/model_metadata.json, ip/hyperparameters.json, reward_function.py

Beside a trace, as `<n>-objects.jsonl`, is what else was on the road (`recorded_objects`). Traces
and metrics can have places of their own (`record_places`).
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
from deepracer_core.record_places import RecordPlaces, StoredFile
from deepracer_core.recorded_objects import lines_before, objects_key, objects_line
from deepracer_core.trace import TRACE_HEADER, TracedEpisode, trace_rows

_INPUTS = {
    "model_metadata.json": "model/model_metadata.json",
    "hyperparameters.json": "ip/hyperparameters.json",
    "reward_function.py": "reward_function.py",
}
_TRAINING_TRACE = "training-simtrace/"
_OF_TRACE = re.compile(r"\d+-(iteration\.csv|objects\.jsonl)")
_USUAL = RecordPlaces()


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
        places: of those that are not to be with the run.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        worker: int,
        workers: int,
        episodes_per_iteration: int,
        is_discrete: bool,
        places: RecordPlaces = _USUAL,
    ) -> None:
        self._traces = places.traces or storage
        self._worker = worker
        self._workers = workers
        self._size = episodes_per_iteration
        self._is_discrete = is_discrete
        self._folder = _TRAINING_TRACE
        usual = StoredFile(storage, "metrics/TrainingMetrics.json")
        self._metrics_file = (places.metrics or usual).of_worker(worker)
        self._is_usual = places.metrics is None
        self._metrics: list[dict[str, Any]] = []
        self._trained = 0
        self._rows: dict[int, list[str]] = {}
        self._objects: dict[int, list[str]] = {}
        self._is_changed = False

    def resume(self) -> None:
        """Go on after the last episode that was written down whole: in a trace and the metrics."""
        self._folder = self._choose_folder()
        # In a place of its own may be another run's: traces are written before metrics.
        if self._is_usual or self._traces.read(self._key(0)) is not None:
            self._metrics = self._read_metrics()
        training = list(filter(_is_training, self._metrics))
        self._trained = len(training)
        # The second iteration's first entry tells how long the first one was.
        began = (entry["episode"] for entry in training if entry["trial"] == 1)
        not_smaller = max(self._size, self._trained)
        self._size = next((number - 1 for number in began if number > 1), not_smaller)
        iteration = self._trained // self._size
        stored = self._traces.read(self._key(iteration))
        if stored is not None:
            rows = stored.data.decode().splitlines()[1:]
            known = [row for row in rows if int(row.partition(",")[0]) < self._trained]
            self._rows = {iteration: known}
        beside = self._traces.read(objects_key(self._key(iteration)))
        if beside is not None:
            self._objects = {iteration: lines_before(beside.data, self._trained)}

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
        self._objects.setdefault(number // self._size, []).extend(_objects(episode, number))
        self._trained += 1
        return rows

    def write(self) -> None:
        """See `Records`. Traces first: the metrics say which of their episodes count."""
        if not self._is_changed:
            return
        running = self._trained // self._size
        for iteration in sorted(self._rows):
            rows, objects = self._rows[iteration], self._objects.get(iteration, [])
            if rows:
                _write_trace(self._traces, self._key(iteration), rows, objects)
            if iteration < running:
                del self._rows[iteration]
                self._objects.pop(iteration, None)
        file = self._metrics_file
        file.storage.write(file.key, training_document(self._metrics))
        self._is_changed = False

    def _key(self, iteration: int) -> str:
        return f"{self._folder}{iteration}-iteration.csv"

    def _read_metrics(self) -> list[dict[str, Any]]:
        stored = self._metrics_file.storage.read(self._metrics_file.key)
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
        place = f"{self._metrics_file.storage.url}/{self._metrics_file.key}"
        return RecordsDamaged(
            f"{place}: expected the metrics of the episodes so far, {reason}: move it away, with "
            "the traces, and the records begin anew"
        )

    def _choose_folder(self) -> str:
        """Where the traces go; those from a time when the run had one worker move along."""
        own = f"{self._worker}/{_TRAINING_TRACE}"
        if self._workers == 1 and self._worker == 0:
            return own if any(self._traces.keys(own)) else _TRAINING_TRACE
        if self._worker == 0:
            for key in list(self._traces.keys(_TRAINING_TRACE)):
                name = key.removeprefix(_TRAINING_TRACE)
                stored = self._traces.read(key)
                if stored is not None and _OF_TRACE.fullmatch(name):
                    self._traces.write(own + name, stored.data)
                self._traces.delete(key)
        return own


class EvaluationRecords:
    """Trace and metrics of one evaluation, under the time at which it began, UTC.

    Args:
        storage: of the run whose model drives.
        is_discrete: whether an action is an index.
        wall_clock: unix time in seconds.
        places: of those that are not to be with the run.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        is_discrete: bool,
        wall_clock: Callable[[], float] = time,
        places: RecordPlaces = _USUAL,
    ) -> None:
        self._storage = storage
        self._places = places
        self._is_discrete = is_discrete
        self._began = datetime.fromtimestamp(wall_clock(), timezone.utc)
        self._metrics: list[dict[str, Any]] = []
        self._rows: list[str] = []
        self._objects: list[str] = []

    def resume(self) -> None:
        """Take the next second that no other evaluation has; a file of its own is written anew."""
        if self._places.metrics is not None:
            return
        while self._storage.read(self._metrics_key) is not None:
            self._began += timedelta(seconds=1)

    def add(self, episode: TracedEpisode) -> list[str]:
        """See `Records`."""
        number = len(self._metrics)
        rows = trace_rows(episode, number, self._is_discrete)
        self._metrics.append(evaluation_entry(episode, number))
        self._rows += rows
        self._objects += _objects(episode, number)
        return rows

    def write(self) -> None:
        """See `Records`."""
        if not self._metrics:
            return
        traces, folder = self._places.traces, ""
        if traces is None:
            traces, folder = self._storage, f"evaluation-{self._stamp}/"
        key = f"{folder}evaluation-simtrace/0-iteration.csv"
        _write_trace(traces, key, self._rows, self._objects)
        file = self._places.metrics or StoredFile(self._storage, self._metrics_key)
        file.storage.write(file.key, evaluation_document(self._metrics))

    @property
    def _stamp(self) -> str:
        return self._began.strftime("%Y%m%d%H%M%S")

    @property
    def _metrics_key(self) -> str:
        return f"metrics/EvaluationMetrics-{self._stamp}.json"


def _is_training(entry: Mapping[str, Any]) -> bool:
    return bool(entry["phase"] == "training")


def _objects(episode: TracedEpisode, number: int) -> list[str]:
    line = objects_line(episode, number)
    return [] if line is None else [line]


def _write_trace(storage: Storage, key: str, rows: list[str], objects: list[str]) -> None:
    # The objects first: of an episode that the trace has, they are there.
    if objects:
        storage.write(objects_key(key), "\n".join((*objects, "")).encode())
    storage.write(key, "\n".join((TRACE_HEADER, *rows, "")).encode())
