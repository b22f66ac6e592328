"""From what a simulation was told to what its launch is told; waits for the trainer in between."""

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deepracer_core.errors import ConfigurationError
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.model_store import open_model_store
from deepracer_core.model_watcher import choose_version

from deepracer.launch_arguments import (
    Arguments,
    RedisPlace,
    evaluation_arguments,
    simulation_launch,
    telemetry_settings,
    worker_arguments,
)
from deepracer.preflight import evaluation_findings, refuse_faults, simulation_findings
from deepracer.robomaker.inputs import Inputs
from deepracer.robomaker.job import SimulationJob, read_job
from deepracer.robomaker.race_settings import resolve, with_layer
from deepracer.robomaker.told import Answers
from deepracer.robomaker.trainer_search import find_redis, wait_for_redis, wait_for_trainer
from deepracer.robomaker.variables import EVALUATION, TRAINING
from deepracer.robomaker.waiting import Waiting
from deepracer.run_folder import RunFolder
from deepracer.settings import JobSettings
from deepracer.settings_sources import ResolvedSettings
from deepracer.workplace import Workplace

_METADATA = "model_metadata.json"
_OF_METRICS = ("METRIC_NAME", "METRIC_NAMESPACE", "TRAINING_JOB_ARN")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PreparedSimulation:
    """A simulation that can be launched.

    Attributes:
        file: the launch file.
        arguments: what it is told.
        run: name of the run.
        redis: address of the trainer's Redis; None in an evaluation.
        results: file that an evaluation leaves; None in a training.
        environment: variables for it, besides those of this process.
    """

    file: str
    arguments: Arguments
    run: str
    redis: str | None
    results: Path | None
    environment: Mapping[str, str]


def prepare(
    answers: Answers, environment: Mapping[str, str], workplace: Workplace, waiting: Waiting
) -> PreparedSimulation:
    """Find everything that a simulation needs, look at it, and say what is to be launched.

    Args:
        answers: what was said.
        environment: of the process.
        workplace: of the simulation; its files are copied there.
        waiting: for what the trainer has to do first.

    Raises:
        ConfigurationError: something given cannot be used.
        JobFailed: the trainer was not there in time.
        StoreError: S3 did not answer, or what is stored of a model is damaged.
    """
    job = read_job(answers)
    kind = TRAINING if job.is_training else EVALUATION
    resolved = resolve(answers, kind, environment)
    resolved = with_layer(resolved, {"store": (job.place.address, f"bucket and prefix of {kind}")})
    folder = workplace.folder / "inputs"
    folder.mkdir()
    inputs = Inputs(answers, job.place, folder)
    run = RunFolder(workplace.folder / (resolved.settings.run or job.run))
    log.info(
        "simulation type=%s run=%s worker=%d workers=%d", kind, run.name, job.worker, job.workers
    )
    simulation = (
        _training(job, resolved, inputs, run, workplace, waiting)
        if job.is_training
        else _evaluation(job, resolved, inputs, run, workplace)
    )
    of_metrics = {name: answers[name].text for name in _OF_METRICS if name in answers}
    return dataclasses.replace(simulation, environment={**simulation.environment, **of_metrics})


def _training(
    job: SimulationJob,
    resolved: ResolvedSettings,
    inputs: Inputs,
    run: RunFolder,
    workplace: Workplace,
    waiting: Waiting,
) -> PreparedSimulation:
    for setting in ("reward_function", "model_metadata"):
        resolved = with_layer(resolved, inputs.fetch(setting, waiting))
    # Redis and the hyperparameters are for later: the trainer may not be there yet.
    without_redis = dataclasses.replace(resolved.settings, redis=None)
    refuse_faults(simulation_findings(ResolvedSettings(without_redis, resolved.sources)))
    given = resolved.settings.redis
    url = wait_for_redis(given, waiting) if given else find_redis(job.place, job.redis, waiting)
    wait_for_trainer(url, run.name, waiting)
    resolved = with_layer(resolved, inputs.fetch("hyperparameters", waiting))
    settings = resolved.settings
    load_hyperparameters(settings.hyperparameters)
    arguments = worker_arguments(settings, run, RedisPlace(url, None), workplace, job.worker)
    arguments["workers"] = job.workers
    return _prepared(job, settings, arguments, run, workplace, url)


def _evaluation(
    job: SimulationJob,
    resolved: ResolvedSettings,
    inputs: Inputs,
    run: RunFolder,
    workplace: Workplace,
) -> PreparedSimulation:
    settings = resolved.settings
    if settings.evaluation_trials < 1:
        raise ConfigurationError(
            f"{resolved.sources['evaluation_trials']}: expected one trial at least, got"
            f" {settings.evaluation_trials}"
        )
    store = open_model_store(job.place.address)
    version = choose_version(store, job.model)
    # The model's own file: the user's may have changed since it was trained.
    metadata = store.load(version, names=[_METADATA]).files[_METADATA]
    source = f"version {version} in {store.url}"
    resolved = with_layer(resolved, inputs.keep("model_metadata", metadata, source))
    resolved = with_layer(resolved, inputs.fetch_if_there("reward_function"))
    refuse_faults(evaluation_findings(resolved, store, version))
    settings, results = resolved.settings, workplace.folder / "results.json"
    arguments = evaluation_arguments(
        settings, run, workplace, version, settings.model_metadata, results
    )
    return _prepared(job, settings, arguments, run, workplace, None, results)


def _prepared(
    job: SimulationJob,
    settings: JobSettings,
    arguments: Arguments,
    run: RunFolder,
    workplace: Workplace,
    redis: str | None,
    results: Path | None = None,
) -> PreparedSimulation:
    told = {
        **arguments,
        "traces": job.traces or None,
        "metrics_file": job.metrics or None,
    }
    file, arguments = simulation_launch(settings.simulator, told, workplace)
    environment = telemetry_settings(settings).environment()
    return PreparedSimulation(file, arguments, run.name, redis, results, environment)
