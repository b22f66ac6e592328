"""The training of one container: the trainer runs and is watched, and the log says how it goes."""

import logging
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import redis
from deepracer_core.episode import EpisodeRecord
from deepracer_core.heartbeat import Heartbeat
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.redis_connection import connect, is_outage
from deepracer_core.run_status import RunStatus

from deepracer_trainer.sagemaker.checkpoints import Checkpoints
from deepracer_trainer.sagemaker.inputs import Inputs
from deepracer_trainer.sagemaker.metric_lines import (
    episode_line,
    policy_training_line,
    read_iteration,
)
from deepracer_trainer.sagemaker.output import say
from deepracer_trainer.sagemaker.redis_place import RedisPlace
from deepracer_trainer.sagemaker.request import Asked
from deepracer_trainer.sagemaker.trainer_process import TrainerProcess

TRAINER_PATIENCE_S = 15.0
"""Seconds from asking the trainer to end until it is ended by force."""

OVERTIME_S = 180.0
"""Seconds beyond the job's duration after which a trainer that has not ended is taken for hung."""

_LOOK_S = 0.5
_WELL_S = 30.0
_LONGEST_JOB_S = 864_000

_LOG = logging.getLogger(__name__)


class TrainingFailed(RuntimeError):
    """Something that the job is made of has died; the message says what, and its last words."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the parts of a job need to know of one another.

    Attributes:
        asked: the hyperparameters.
        inputs: the user's files.
        run: name of the run in Redis.
        redis: where the experience is.
        folder: for what is not needed after the job.
        tensorboard: folder of TensorBoard's event files.
    """

    asked: Asked
    inputs: Inputs
    run: str
    redis: RedisPlace
    folder: Path
    tensorboard: Path


class Beside(Protocol):
    """What runs beside the trainer in the same container.

    Attributes:
        names: of the hyperparameters that are for it.
        defaults: folder of the files that stand in for those that a user does not give.
    """

    names: Collection[str]
    defaults: Path

    def start(self, place: Place) -> None:
        """Start it; it gets on by itself."""

    def look(self) -> None:
        """See how it gets on.

        Raises:
            TrainingFailed: it cannot go on.
        """

    def stop(self) -> None:
        """End it, whether or not it was started."""


def learn(
    place: Place,
    checkpoints: Checkpoints,
    stop: threading.Event,
    beside: Beside | None,
    heartbeat: Heartbeat,
) -> None:
    """Train until the job's duration is over, a term condition is met, or it is told to stop.

    Args:
        place: of the job.
        checkpoints: counts the job's time over its containers.
        stop: when set, the training ends soon.
        beside: what runs beside the trainer, if anything does.
        heartbeat: told as long as all is well.

    Raises:
        ConfigurationError, RedisServerError, RedisUnavailable, TrainingFailed: it cannot go on.
    """
    before_s = checkpoints.trained_s()
    duration_s = place.asked.request.job_duration_in_seconds or _LONGEST_JOB_S
    if before_s >= duration_s:
        _LOG.info("the job has trained for %.0f s already, its duration is over", before_s)
        return
    episodes = EpisodeLines(place)
    listener = TrainerLog(place)
    began = time.monotonic()
    trainer = TrainerProcess(
        _arguments(place, checkpoints, int(duration_s - before_s)),
        listener.hear,
    )
    noted = 0
    try:
        if beside is not None:
            beside.start(place)
        while trainer.exit_code is None and not stop.is_set():
            heartbeat.beat("training", _WELL_S)
            episodes.say_new()
            place.redis.look()
            if beside is not None:
                beside.look()
            trained_s = time.monotonic() - began
            if listener.version != noted:
                noted = listener.version
                checkpoints.note_trained_s(before_s + trained_s)
                checkpoints.forget_redis_data()
            if before_s + trained_s > duration_s + OVERTIME_S:
                raise TrainingFailed(
                    f"the trainer did not end within {OVERTIME_S:.0f} s after the job's duration"
                )
            stop.wait(_LOOK_S)
    finally:
        trainer.stop(TRAINER_PATIENCE_S)
        if beside is not None:
            beside.stop()
    episodes.say_new()
    episodes.close()
    checkpoints.note_trained_s(before_s + time.monotonic() - began)
    reason = trainer.failure()
    if reason is not None and not stop.is_set():
        raise TrainingFailed(reason)


class EpisodeLines:
    """Says how each episode ended, from this moment on.

    Args:
        place: of the job.
    """

    def __init__(self, place: Place) -> None:
        self._client = connect(place.redis.url)
        self._status = RunStatus(self._client, place.run)
        self._last = "0"
        for name, _ in self._read():
            self._last = name

    def say_new(self) -> None:
        """Print a line for each episode that has ended since; in an outage of Redis, none."""
        for name, record in self._read():
            self._last = name
            say(episode_line(record))

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _read(self) -> Iterator[tuple[str, EpisodeRecord]]:
        try:
            while found := self._status.episodes(after=self._last):
                yield from found
        except redis.RedisError as error:
            if not is_outage(error):
                raise


class TrainerLog:
    """Hears what the trainer says, and says it in the original's words, too.

    Args:
        place: of the job.

    Attributes:
        version: the newest one that was published, 0 before the first.
    """

    def __init__(self, place: Place) -> None:
        self._hyperparameters = load_hyperparameters(place.inputs.hyperparameters)
        self.version = 0

    def hear(self, line: str) -> None:
        """Take in a line of the trainer's log."""
        fields = read_iteration(line)
        if fields:
            self.version = int(fields["version"])
            hyperparameters = self._hyperparameters
            say(
                policy_training_line(
                    fields, epochs=hyperparameters.num_epochs, learning_rate=hyperparameters.lr
                )
            )


def _arguments(place: Place, checkpoints: Checkpoints, seconds: int) -> list[str]:
    """What the trainer is told."""
    request, inputs = place.asked.request, place.inputs
    arguments = [
        f"--run={place.run}",
        f"--redis={place.redis.url}",
        f"--store={request.store}",
        f"--checkpoints={checkpoints.store}",
        f"--model-metadata={inputs.model_metadata}",
        f"--hyperparameters={inputs.hyperparameters}",
        f"--job-duration-in-seconds={max(1, seconds)}",
        f"--stop-after-laps={request.stop_after_laps}",
        f"--max-policy-lag={request.max_policy_lag}",
        f"--keep-versions={request.keep_versions}",
        f"--seed={request.seed}",
        f"--threads={request.threads}",
        f"--tensorboard={place.tensorboard}",
    ]
    if inputs.reward_function is not None:
        arguments.append(f"--reward-function={inputs.reward_function}")
    return arguments
