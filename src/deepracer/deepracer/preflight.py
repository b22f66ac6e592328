"""Everything that a user can get wrong, looked at before anything starts."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from deepracer_core.errors import ConfigurationError
from deepracer_core.lite_policy import PolicyError
from deepracer_core.model_store import ModelStore, StoreError
from deepracer_core.redis_connection import RedisUnavailable
from deepracer_core.reward import RewardError

from deepracer.looks import (
    look_at_end,
    look_at_hyperparameters,
    look_at_live_video,
    look_at_metrics,
    look_at_model_metadata,
    look_at_race,
    look_at_redis,
    look_at_reward,
    look_at_store,
    look_at_track,
    look_at_worker,
)
from deepracer.model_looks import look_at_driver, look_at_newest, look_at_run, look_at_source
from deepracer.run_folder import RunFolder
from deepracer.settings import JobSettings
from deepracer.settings_sources import ResolvedSettings, settings_of_worker

Look = Callable[[JobSettings], str]

_DRIVING: dict[str, Look] = {
    "track": look_at_track,
    "race_type": look_at_race,
    "reward_function": look_at_reward,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What looking at one thing gave.

    Attributes:
        subject: what was looked at, usually the name of a setting.
        detail: what was found, in a few words; of a fault, all that the person needs to mend it.
        good: whether it can be used.
    """

    subject: str
    detail: str
    good: bool


def refuse_faults(findings: Iterable[Finding]) -> None:
    """Go through what was found and refuse to start if anything cannot be used.

    Raises:
        ConfigurationError: with every fault that was found.
    """
    faults = [finding.detail for finding in findings if not finding.good]
    if faults:
        raise ConfigurationError("\n".join(faults))


def job_findings(
    resolved: ResolvedSettings, folder: RunFolder | None, source: str | None = None
) -> Iterator[Finding]:
    """Look at all that a training job is given, one thing after the other.

    Args:
        resolved: the job's settings.
        folder: of the run, if it has a name already.
        source: of the model that a new run is to start from, RUN or RUN:VERSION.
    """
    yield from _findings(resolved, _DRIVING)
    yield from learning_findings(resolved, folder)
    looks: dict[str, Look] = {
        "metrics_port": look_at_metrics,
        "live_video": look_at_live_video,
        "stop_after_laps": look_at_end,
    }
    yield from _findings(resolved, looks)
    if source is not None:
        yield from _findings(
            resolved, {"--from": lambda settings: look_at_source(source, settings, folder)}
        )
    for worker in range(len(resolved.settings.worker_settings or ())):
        look = partial(look_at_worker, settings_of_worker(resolved.settings, worker))
        yield _finding(f"worker {worker}", resolved.sources["worker_settings"], look)


def learning_findings(
    resolved: ResolvedSettings, folder: RunFolder | None = None
) -> Iterator[Finding]:
    """Look at what a trainer is given.

    Args:
        resolved: settings.
        folder: of the run, if it has a name already.
    """
    looks: dict[str, Look] = {
        "model_metadata": look_at_model_metadata,
        "hyperparameters": look_at_hyperparameters,
        "redis": look_at_redis,
        "store": look_at_store,
        "run": lambda settings: look_at_run(settings, folder),
    }
    return _findings(resolved, looks)


def simulation_findings(resolved: ResolvedSettings) -> Iterator[Finding]:
    """Look at what a simulation is given that drives for a trainer somewhere else."""
    looks: dict[str, Look] = {
        "model_metadata": look_at_model_metadata,
        "redis": look_at_redis,
        "store": look_at_store,
        "model": look_at_newest,
    }
    return _findings(resolved, {**_DRIVING, **looks})


def evaluation_findings(
    resolved: ResolvedSettings, store: ModelStore, version: int
) -> Iterator[Finding]:
    """Look at what an evaluation is given.

    Args:
        resolved: settings.
        store: where the model is.
        version: that is to drive.
    """
    return _findings(resolved, {**_DRIVING, "model": lambda _: look_at_driver(store, version)})


def _findings(resolved: ResolvedSettings, looks: dict[str, Look]) -> Iterator[Finding]:
    for subject, look in looks.items():
        source = resolved.sources.get(subject, "")
        yield _finding(subject, source, partial(look, resolved.settings))


def _finding(subject: str, source: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, look(), good=True)
    except (ConfigurationError, PolicyError, RewardError, RedisUnavailable, StoreError) as error:
        text = str(error)
    where = f" (from {source})" if source not in ("", "default") else ""
    return Finding(subject, f"{subject}{where}: {text}", good=False)
