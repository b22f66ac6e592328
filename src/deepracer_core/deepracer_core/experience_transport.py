"""How a worker's experience gets to the trainer: through Redis, or as objects in the store."""

import logging

import redis

from deepracer_core.errors import ConfigurationError
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.experience_objects import ExperienceObjects
from deepracer_core.hyperparameters import Hyperparameters, load_hyperparameters
from deepracer_core.model_store import StoreUnavailable
from deepracer_core.pace import STEPS_BETWEEN_TRAINING, IterationShare, Pace
from deepracer_core.redis_connection import is_outage
from deepracer_core.rollout_parameters import RolloutParameters
from deepracer_core.rollout_publisher import RolloutPublisher
from deepracer_core.run_status import RunStatus

TRANSPORTS = ("redis", "s3")
"""redis: segments go through Redis; s3: in batches into the store, their keys through Redis."""

_log = logging.getLogger(__name__)


def create_buffer(given: RolloutParameters, client: redis.Redis) -> ExperienceBuffer:
    """The experience buffer that a rollout is told to write to.

    Args:
        given: the rollout's parameters.
        client: from `deepracer_core.redis_connection.connect`.

    Raises:
        ConfigurationError: there is no such transport, or the store cannot be used for it.
    """
    transport = given.experience_transport
    if transport not in TRANSPORTS:
        raise ConfigurationError(
            f"experience_transport: expected one of {', '.join(TRANSPORTS)}, got {transport!r}"
        )
    objects = None
    if transport == "s3":
        if not given.store:
            raise ConfigurationError(
                "experience_transport: s3 puts experience into the store, and store names none: "
                "give s3://bucket/prefix or a folder"
            )
        objects = ExperienceObjects.open(given.store, given.run)
        try:
            objects.check()
        except StoreUnavailable as error:
            _log.warning("experience waits for its store: %s", error)
    return ExperienceBuffer(
        client, given.run, given.buffer_segments, given.buffer_megabytes << 20, objects
    )


def create_publisher(
    given: RolloutParameters, buffer: ExperienceBuffer, status: RunStatus
) -> RolloutPublisher:
    """What sends a rollout's segments and records on.

    Args:
        given: the rollout's parameters.
        buffer: from `create_buffer`.
        status: where the records go.

    Raises:
        ConfigurationError: the file of hyperparameters cannot be used.
    """
    if given.experience_transport == "redis":
        return RolloutPublisher(buffer, status)
    return RolloutPublisher(buffer, status, _share(given))


def create_pace(
    given: RolloutParameters,
    publisher: RolloutPublisher,
    buffer: ExperienceBuffer,
    status: RunStatus,
    newest_version: int,
) -> Pace:
    """How far ahead of the trainer a rollout may drive.

    Args:
        given: the rollout's parameters.
        publisher: sends what it drives.
        buffer: where that goes.
        status: where the trainer tells its state.
        newest_version: of the models, when it begins.

    Raises:
        ConfigurationError: the file of hyperparameters cannot be used.
    """

    def trainer_waits(version: int) -> bool:
        try:
            stats = buffer.stats()
            trainer = status.trainer() or {}
        except redis.RedisError as error:
            if not is_outage(error):
                raise
            return False
        is_delivered = publisher.stats.backlog == 0
        is_learnt = stats.claimed + stats.evicted >= stats.appended
        lacks_it = trainer.get("state") == "collecting" and trainer["version"] < version
        return is_delivered and is_learnt and lacks_it

    return Pace(_share(given), given.max_policy_lag, newest_version, trainer_waits)


def _share(given: RolloutParameters) -> IterationShare:
    hyperparameters = (
        load_hyperparameters(given.hyperparameters) if given.hyperparameters else Hyperparameters()
    )
    return IterationShare(
        episodes=hyperparameters.num_episodes_between_training,
        steps=STEPS_BETWEEN_TRAINING,
        workers=given.workers,
    )
