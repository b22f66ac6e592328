"""Who writes an event or a metric: the process, its run and worker, its episode and model version.

A process has one identity; its threads share it.
"""

from dataclasses import dataclass, replace

from deepracer_core.parameters import parameter


@dataclass(frozen=True)
class WorkerIdentity:
    """What every process of a simulation worker is told of itself."""

    run: str = parameter("default", "name of the run")
    worker: int = parameter(0, "index of this simulation worker", lowest=0, highest=10_000)
    mode: str = parameter("training", "training or evaluation")


@dataclass(frozen=True, slots=True)
class Identity:
    """What an event says of its origin; None where it is not known, or there is no such thing.

    Attributes:
        process: name of the program.
        run: name of the run.
        worker: index of the simulation worker; of the trainer, None.
        mode: of the worker, training or evaluation.
        episode: number of the episode that is being driven.
        version: of the model that drives; of the trainer, the newest one.
    """

    process: str = "deepracer"
    run: str | None = None
    worker: int | None = None
    mode: str | None = None
    episode: int | None = None
    version: int | None = None


_current = Identity()


def current_identity() -> Identity:
    """That of this process, at this moment."""
    return _current


def identify(**known: str | int | None) -> None:
    """Say what is known of this process from now on.

    Args:
        known: any fields of `Identity`.
    """
    global _current
    _current = replace(_current, **known)  # type: ignore[arg-type]


def identify_worker(given: WorkerIdentity) -> None:
    """Take over what a worker's process was told."""
    identify(run=given.run, worker=given.worker, mode=given.mode)
