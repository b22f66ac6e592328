"""The metrics of a run as TensorBoard's event files.

An event file is a TFRecord file of `Event` messages, named so that its name has `tfevents` in it
and names sort by time (tensorflow/core/util/event.proto, events_writer.h).
"""

import contextlib
import itertools
import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import tensorflow as tf
from deepracer_core.episode import EpisodeRecord
from deepracer_core.telemetry.episodes import episode_values

_VERSION = "brain.Event:2"
_NUMBERS = itertools.count()

_LOG = logging.getLogger(__name__)


class EventFiles:
    """Writes event files; when they cannot be written, that is told once and no more are.

    `FOLDER/trainer` has what the updates say, over the steps learnt from; `FOLDER/worker-0` and so
    on how the episodes of each worker went, over their number.

    Args:
        folder: for them, made when there is something to write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, tf.io.TFRecordWriter] = {}
        self._is_broken = False

    def update(self, values: Mapping[str, float], steps: int) -> None:
        """Write the metrics of an update, and see to it that all so far can be read.

        Args:
            values: by their names.
            steps: learnt from so far.
        """
        with self._told_once():
            self._write("trainer", values, steps, time.time())
            for file in self._files.values():
                file.flush()

    def episodes(self, records: Iterable[EpisodeRecord]) -> None:
        """Write how episodes went."""
        with self._told_once():
            for record in records:
                values = episode_values(record)
                self._write(f"worker-{record.worker}", values, record.number, record.wall_clock)

    def close(self) -> None:
        """Write what is left."""
        with self._told_once():
            for file in self._files.values():
                file.close()

    def _write(self, place: str, values: Mapping[str, float], step: int, wall_clock: float) -> None:
        if self._is_broken:
            return
        file = self._files.get(place)
        if file is None:
            file = self._files[place] = self._open(self._folder / place)
        event = tf.compat.v1.Event(wall_time=wall_clock, step=step)
        for name, value in values.items():
            event.summary.value.add(tag=name, simple_value=value)
        file.write(event.SerializeToString())

    def _open(self, folder: Path) -> tf.io.TFRecordWriter:
        folder.mkdir(parents=True, exist_ok=True)
        now = time.time()
        name = (
            f"events.out.tfevents.{now:.0f}.{socket.gethostname()}.{os.getpid()}.{next(_NUMBERS)}"
        )
        file = tf.io.TFRecordWriter(str(folder / name))
        first = tf.compat.v1.Event(wall_time=now, file_version=_VERSION)
        file.write(first.SerializeToString())
        return file

    @contextlib.contextmanager
    def _told_once(self) -> Iterator[None]:
        """What is done in here may fail: a full disk is no reason to end a training."""
        try:
            yield
        except (OSError, tf.errors.OpError) as error:
            if not self._is_broken:
                _LOG.warning("no more event files for TensorBoard: %s", error)
            self._is_broken = True
            self._files.clear()
