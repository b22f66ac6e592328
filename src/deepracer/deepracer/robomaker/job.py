"""A simulation as it was told: its run, its place among the workers, its records, its Redis."""

import json
from dataclasses import dataclass

from deepracer_core.errors import ConfigurationError
from deepracer_core.redis_discovery import run_name

from deepracer.robomaker.places import RunPlace, job_type, records_address, run_place
from deepracer.robomaker.readings import read_boolean
from deepracer.robomaker.replica import replica_index
from deepracer.robomaker.told import Answers, Told
from deepracer.robomaker.variables import TRAINING

_INDICES = {
    "ROLLOUT_IDX": 0,
    "AWS_BATCH_JOB_ARRAY_INDEX": 0,
    "JOB_COMPLETION_INDEX": 0,
    "DOCKER_REPLICA_SLOT": 1,
}
"""Who says which simulation this is, the one that counts first, and how it calls the first one."""

_CHECKPOINTS = {"best": "best", "last": "latest"}


@dataclass(frozen=True, slots=True)
class RedisAccess:
    """How the Redis that ip.json names is spoken to.

    Attributes:
        port: None for the one that is named there.
        password_variable: environment variable that holds the password; empty without one.
        tls: whether it speaks TLS.
        authority: file of the authority that signed its certificate; empty for those that the
            machine trusts.
    """

    port: int | None
    password_variable: str
    tls: bool
    authority: str


@dataclass(frozen=True, slots=True)
class SimulationJob:
    """One simulation.

    Attributes:
        is_training: and no evaluation.
        place: of the run.
        run: its name in Redis.
        worker: index of this simulation among those of the run.
        workers: how many those are.
        model: that races in an evaluation: best or latest.
        metrics: address of the file of the metrics; empty for the usual one.
        traces: address of what the traces are below; empty for the usual one.
        redis: how to speak to Redis.
    """

    is_training: bool
    place: RunPlace
    run: str
    worker: int
    workers: int
    model: str
    metrics: str
    traces: str
    redis: RedisAccess


def read_job(answers: Answers) -> SimulationJob:
    """Make a job of what was said.

    Raises:
        ConfigurationError: something is missing, or is not what it has to be.
    """
    place = run_place(answers)
    worker, workers = _worker(answers)
    return SimulationJob(
        is_training=job_type(answers) == TRAINING,
        place=place,
        run=run_name(place.prefix),
        worker=worker,
        workers=workers,
        model=_model(answers),
        metrics=records_address(answers, place, "METRICS_S3_BUCKET", "METRICS_S3_OBJECT_KEY"),
        traces=records_address(answers, place, "SIMTRACE_S3_BUCKET", "SIMTRACE_S3_PREFIX"),
        redis=_redis(answers),
    )


def for_this_worker(answers: Answers) -> dict[str, Told]:
    """The answers with the YAML file and the track that MULTI_CONFIG gives this worker.

    Raises:
        ConfigurationError: it has none for it, or is no such list.
    """
    told = answers.get("MULTI_CONFIG")
    if told is None:
        return dict(answers)
    _, worker = _index(answers)
    try:
        own = json.loads(told.text)["multi_config"][worker]
        file, track = str(own["config_file"]), str(own["world_name"])
    except (ValueError, TypeError, LookupError) as error:
        raise ConfigurationError(
            f'{told.source}: expected {{"multi_config": [{{"config_file": ..., "world_name": ...}},'
            f" ...]}} with an entry for worker {worker}, got {told.text[:80]!r}"
        ) from error
    source = f"{told.source}, worker {worker}"
    return {**answers, "S3_YAML_NAME": Told(file, source), "WORLD_NAME": Told(track, source)}


def _worker(answers: Answers) -> tuple[int, int]:
    """Index of this simulation, and how many there are."""
    workers = _workers(answers)
    source, worker = _index(answers)
    if worker >= workers:
        raise ConfigurationError(
            f"{source}: expected an index below NUM_WORKERS, which is {workers}, got {worker}:"
            " set NUM_WORKERS to the number of simulations"
        )
    return worker, workers


def _index(answers: Answers) -> tuple[str, int]:
    """Index of this simulation, and who says so."""
    for name, first in _INDICES.items():
        if name in answers:
            return answers[name].source, _number(answers[name], first) - first
    container = answers.get("COMPOSE_CONTAINER")
    if container is None:
        return "ROLLOUT_IDX", 0
    try:
        return container.source, replica_index(container.text, _workers(answers))
    except ConfigurationError as error:
        raise ConfigurationError(f"{container.source}: {error}") from None


def _workers(answers: Answers) -> int:
    return _number(answers["NUM_WORKERS"], 1) if "NUM_WORKERS" in answers else 1


def _model(answers: Answers) -> str:
    told = answers.get("EVAL_CHECKPOINT")
    if told is None:
        return "best"
    if told.text.lower() not in _CHECKPOINTS:
        raise ConfigurationError(f"{told.source}: expected best or last, got {told.text!r}")
    return _CHECKPOINTS[told.text.lower()]


def _redis(answers: Answers) -> RedisAccess:
    port, authority = answers.get("REDIS_PORT"), answers.get("REDIS_CA_FILE")
    tls = authority is not None
    told = answers.get("REDIS_TLS")
    if told is not None:
        try:
            tls = read_boolean(told.value)
        except ConfigurationError as error:
            raise ConfigurationError(f"{told.source}: {error}") from None
        if authority is not None and not tls:
            raise ConfigurationError(
                f"{told.source}: expected True, since {authority.source} is set, got {told.text!r}"
            )
    return RedisAccess(
        port=None if port is None else _number(port, 1, 65535),
        password_variable="REDIS_PASSWORD" if "REDIS_PASSWORD" in answers else "",
        tls=tls,
        authority="" if authority is None else authority.text,
    )


def _number(told: Told, lowest: int, highest: int = 10_000) -> int:
    try:
        number = int(told.text)
    except ValueError:
        number = lowest - 1
    if not lowest <= number <= highest:
        raise ConfigurationError(
            f"{told.source}: expected a number from {lowest} to {highest}, got {told.text!r}"
        )
    return number
