"""`sagemaker_job`: a training with its simulations in one SageMaker training job.

The container's trainer and Redis are those of `deepracer_trainer.sagemaker`; beside them run N
simulations, each of them the RoboMaker application with the variables that RoboMaker would set.
"""

import itertools
import logging
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from deepracer_core.errors import ConfigurationError
from deepracer_core.json_fields import read_number
from deepracer_trainer.sagemaker.learning import Place, TrainingFailed
from deepracer_trainer.sagemaker.output import say
from deepracer_trainer.sagemaker.train import main as train_in_container

from deepracer.failure import JobFailed
from deepracer.launched import LaunchedProcess, stop_together
from deepracer.project_files import find_input
from deepracer.settings_sources import SETTING_NAMES, variable_name
from deepracer.workers import Workers
from deepracer_core import heartbeat

WORKERS_VARIABLE = "NUM_WORKERS"
_MOST_WORKERS = 32

_OF_THE_ORIGINAL = {
    "num_workers": WORKERS_VARIABLE,
    "s3_yaml_name": "S3_YAML_NAME",
    "track_direction_clockwise": "TRACK_DIRECTION_CLOCKWISE",
    "world_name": "WORLD_NAME",
}
"""Hyperparameters that say to a simulation what these variables say."""

_OF_THE_CONTAINER = frozenset(
    {
        "cloudwatch",
        "evaluation_trials",
        "hyperparameters",
        "job_duration_in_seconds",
        "keep_versions",
        "log_format",
        "max_policy_lag",
        "metrics_host",
        "metrics_port",
        "model_metadata",
        "redis",
        "reward_function",
        "run",
        "runs_folder",
        "seed",
        "stop_after_laps",
        "store",
        "tensorboard",
        "worker_settings",
        "workers",
    }
)
"""Settings of a job that a simulation does not have, or that the container says."""

_APPLICATION = ("deepracer", "robomaker")
_COMPLAINT = "deepracer: "
_TRACE = b"SIM_TRACE_LOG:"

log = logging.getLogger(__name__)


class Simulations:
    """The simulations beside a trainer in the same container.

    One that dies is started again; the training fails when one dies over and over.

    Attributes:
        names: of the hyperparameters that are for them: those of the original's, `num_workers`, and
            the settings of `deepracer train` that are about driving.
        defaults: the project's own reward function, action space and hyperparameters.
    """

    def __init__(self) -> None:
        settings = {name for name in SETTING_NAMES if name not in _OF_THE_CONTAINER}
        self.names = frozenset({*_OF_THE_ORIGINAL, *settings})
        self.defaults = find_input(Path("config/model_metadata.json")).parent
        self._workers: Workers | None = None
        self._starts = itertools.count()
        self._complaints: dict[int, list[str]] = {}

    def start(self, place: Place) -> None:
        """Start all of them; what they write comes on standard output.

        Raises:
            ConfigurationError: their number is none.
        """
        count = worker_count(place.asked.simulation, os.environ)
        variables = simulation_variables(place, count)

        def start(worker: int) -> LaunchedProcess:
            name = f"worker-{worker}-{next(self._starts)}"
            own = {
                **os.environ,
                **variables,
                "ROLLOUT_IDX": str(worker),
                heartbeat.VARIABLE: str(place.folder / f"{name}.heartbeat"),
            }
            self._complaints.pop(worker, None)
            return LaunchedProcess(
                _APPLICATION,
                own,
                place.folder / f"{name}.log",
                listener=partial(self._hear, worker),
            )

        log.info("%d simulations start", count)
        self._workers = Workers(count, start)

    def look(self) -> None:
        """Start those again that died.

        Raises:
            TrainingFailed: one dies over and over, or cannot use what it was given.
        """
        if self._workers is not None:
            try:
                self._workers.look()
            except JobFailed as error:
                complaint = next(reversed(self._complaints.values()), [str(error)])
                raise TrainingFailed(" ".join(complaint)) from error

    def stop(self) -> None:
        """End all of them."""
        if self._workers is not None:
            stop_together(self._workers.launches)
            self._workers = None

    def _hear(self, worker: int, line: bytes) -> None:
        """Pass on a line of a simulation; those of each step are in the traces, in the store."""
        if _TRACE in line:
            return
        text = line.decode(errors="replace").rstrip()
        say(f"[worker-{worker}] {text}")
        if text.startswith(_COMPLAINT):
            # The newest one comes last.
            self._complaints.pop(worker, None)
            self._complaints[worker] = [f"worker {worker}: {text.removeprefix(_COMPLAINT)}"]
        elif worker in self._complaints:
            self._complaints[worker].append(text)


def worker_count(asked: Mapping[str, str], environment: Mapping[str, str]) -> int:
    """How many simulations there are: what the hyperparameter says, else the variable, else one.

    Raises:
        ConfigurationError: it is no such number.
    """
    text = asked.get("num_workers") or environment.get(WORKERS_VARIABLE) or "1"
    expected = f"an integer from 1 to {_MOST_WORKERS}"
    number = read_number("hyperparameters.json", "num_workers", text, expected)
    if number != int(number) or not 1 <= number <= _MOST_WORKERS:
        raise ConfigurationError(
            f"hyperparameters.json: num_workers: expected {expected}, got {text!r}"
        )
    return int(number)


def simulation_variables(place: Place, count: int) -> dict[str, str]:
    """What RoboMaker would set for each of them, but for its index.

    The user's files they find where the trainer keeps copies of them, in the run's place.
    """
    request = place.asked.request
    variables = {
        "JOB_TYPE": "TRAINING",
        "SAGEMAKER_SHARED_S3_BUCKET": request.s3_bucket,
        "SAGEMAKER_SHARED_S3_PREFIX": request.s3_prefix,
        variable_name("redis"): place.redis.url,
        variable_name("seed"): str(request.seed),
        variable_name("max_policy_lag"): str(request.max_policy_lag),
    }
    for name, text in place.asked.simulation.items():
        variables[_OF_THE_ORIGINAL.get(name) or variable_name(name)] = text
    return {**variables, WORKERS_VARIABLE: str(count)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a training job with its simulations."""
    train_in_container(arguments, Simulations())


if __name__ == "__main__":
    main()
