"""The trainer's command line: what it is told, and how it ends."""

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.errors import ConfigurationError
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.experience_objects import ExperienceObjects
from deepracer_core.hyperparameters import Hyperparameters, load_hyperparameters
from deepracer_core.model_metadata import ModelMetadata, load_model_metadata
from deepracer_core.model_store import ModelStore, StoreError, open_model_store, open_storage
from deepracer_core.pace import LAG_WITHIN_EPISODE, MAX_POLICY_LAG, STEPS_BETWEEN_TRAINING
from deepracer_core.records import keep_inputs
from deepracer_core.redis_connection import RedisUnavailable, connect
from deepracer_core.run_status import RunStatus
from deepracer_core.telemetry.identity import identify
from deepracer_core.telemetry.log import start_log
from deepracer_core.telemetry.metrics import Metrics, open_metrics

_LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train until the job's time is over or a signal says stop.

    Exit code 0 then; 1 when a fault ended the training; 2 when it could not begin as configured.
    """
    given = _parser().parse_args(arguments)
    die_with_parent()
    # Until there is something to finish, it ends at once: TensorFlow alone takes seconds to load.
    _on_stop_signals(lambda *_: sys.exit(0))
    try:
        settings = start_log("trainer", "%(asctime)s %(levelname)s %(message)s")
        identify(run=given.run)
        metadata = load_model_metadata(given.model_metadata)
        hyperparameters = load_hyperparameters(given.hyperparameters)
        user_files = _user_files(given, metadata)
        store = open_model_store(given.store)
        store.check(writing=True)
        keep_inputs(open_storage(given.store), user_files)
        # A worker puts its experience there or into Redis, as it was told.
        objects = ExperienceObjects.open(given.store, given.run)
        client = connect(given.redis)
        metrics = open_metrics(settings)
    except (ConfigurationError, RedisUnavailable, StoreError) as error:
        _LOG.error("%s", error)
        sys.exit(2)
    buffer = ExperienceBuffer(client, given.run, objects=objects)
    status = RunStatus(client, given.run)
    sys.exit(_train(given, metadata, hyperparameters, user_files, buffer, status, store, metrics))


def _train(
    given: argparse.Namespace,
    metadata: ModelMetadata,
    hyperparameters: Hyperparameters,
    user_files: dict[str, bytes],
    buffer: ExperienceBuffer,
    status: RunStatus,
    store: ModelStore,
    metrics: Metrics,
) -> int:
    # TensorFlow takes seconds to load: a mistake in the configuration is told before that.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import tensorflow as tf

    from deepracer_trainer.checkpoint import CheckpointError
    from deepracer_trainer.event_files import EventFiles
    from deepracer_trainer.learner import build_learner
    from deepracer_trainer.report import TrainingReport
    from deepracer_trainer.trainer import Limits, Trainer

    # It tells of every file that it writes and removes again to make policy.tflite.
    logging.getLogger("tensorflow").setLevel(logging.WARNING)
    tf.config.threading.set_intra_op_parallelism_threads(given.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    try:
        learner = build_learner(metadata, hyperparameters, given.seed, given.model_metadata.parent)
    except ConfigurationError as error:
        _LOG.error("%s", error)
        return 2
    gc.freeze()  # all that TensorFlow has loaded stays: no need to look through it each time
    limits = Limits(
        job_duration_s=given.job_duration_in_seconds,
        steps_between_training=given.steps_between_training,
        max_policy_lag=given.max_policy_lag,
        keep_versions=given.keep_versions,
        stop_after_laps=given.stop_after_laps or None,
    )
    stop = threading.Event()
    event_files = EventFiles(Path(given.tensorboard)) if given.tensorboard else None
    report = TrainingReport(metrics, event_files)
    copies = None if given.checkpoints is None else open_model_store(str(given.checkpoints))
    trainer = Trainer(
        learner,
        buffer,
        status,
        store,
        hyperparameters,
        limits,
        user_files,
        stop,
        copies=copies,
        report=report,
    )
    _LOG.info(
        "trainer ready algorithm=%s network=%s parameters=%d store=%s",
        metadata.training_algorithm,
        metadata.neural_network,
        learner.network.count_params(),
        store.url,
    )
    _on_stop_signals(lambda *_: stop.set())
    try:
        trainer.run()
    except (StoreError, CheckpointError) as error:
        _LOG.error("%s", error)
        return 1
    finally:
        report.close()
    return 0


def _on_stop_signals(handler: Callable[..., None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _user_files(given: argparse.Namespace, metadata: ModelMetadata) -> dict[str, bytes]:
    network = given.model_metadata.parent / metadata.neural_network.rpartition(":")[0]
    files = {
        **({metadata.network_file: network} if metadata.network_file else {}),
        "model_metadata.json": given.model_metadata,
        "hyperparameters.json": given.hyperparameters,
        "reward_function.py": given.reward_function,
    }
    try:
        return {name: path.read_bytes() for name, path in files.items() if path is not None}
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: cannot be read: {error.strerror}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trainer", description="Learns from the run's experience; publishes model versions."
    )
    add = parser.add_argument
    add("--run", required=True, help="name of the training run")
    address = os.environ.get("DEEPRACER_REDIS")
    add(
        "--redis",
        default=address,
        required=not address,
        help="address of the Redis server, redis://host:port or unix:///PATH; without one that in"
        " DEEPRACER_REDIS, which no list of processes and no log of their ends shows",
    )
    add("--store", required=True, help="folder or s3://bucket/prefix of the model versions")
    add("--model-metadata", required=True, type=Path, help="path of model_metadata.json")
    add("--hyperparameters", required=True, type=Path, help="path of hyperparameters.json")
    add("--reward-function", type=Path, help="path of reward_function.py, kept with each version")
    add(
        "--job-duration-in-seconds",
        type=_positive,
        default=3600,
        help="the training ends after so much time by the clock on the wall",
    )
    add("--seed", type=int, default=0, help="of the first weights and of the order of the batches")
    add(
        "--steps-between-training",
        type=_positive,
        default=STEPS_BETWEEN_TRAINING,
        help="an update begins after so many steps, if num_episodes_between_training take longer",
    )
    add(
        "--max-policy-lag",
        type=int,
        default=MAX_POLICY_LAG,
        help="an episode begins with a policy at most so many versions behind, as the simulations"
        f" are told; experience more than {LAG_WITHIN_EPISODE} versions older is dropped",
    )
    add(
        "--keep-versions",
        type=_not_negative,
        default=50,
        help="newest versions that stay in the store, besides the best; 0 keeps all",
    )
    add(
        "--stop-after-laps",
        type=int,
        default=0,
        help="the training ends after so many complete laps in a row; 0: never",
    )
    add("--checkpoints", type=Path, help="folder for copies of the newest versions")
    add("--tensorboard", default="", help="folder for TensorBoard's event files; without one, none")
    add("--threads", type=_positive, default=1, help="of TensorFlow")
    return parser


def _not_negative(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected an integer from 0, got {text}")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected an integer from 1, got {text}")
    return value


if __name__ == "__main__":
    main()
