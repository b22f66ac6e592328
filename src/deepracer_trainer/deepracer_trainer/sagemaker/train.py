"""A training job in a SageMaker container: from what the service gives to what it takes.

    sagemaker_train train

Redis, the trainer and what runs beside it are started, watched and stopped in order; what outlives
an interruption is kept; the model is packed. Exit code 0 after the job's duration and after
SIGTERM (there INTERRUPTED_EXIT_CODE, if it is set), 1 otherwise, with the reason in output/failure.
"""

import argparse
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from deepracer_core.errors import ConfigurationError
from deepracer_core.heartbeat import Heartbeat
from deepracer_core.model_store import (
    ModelStore,
    StoreError,
    StoreUnavailable,
    open_model_store,
    open_storage,
)
from deepracer_core.model_store.first_version import copy_as_first_version
from deepracer_core.model_watcher import choose_version
from deepracer_core.records import keep_inputs
from deepracer_core.redis_connection import RedisUnavailable
from deepracer_core.redis_discovery import run_name
from deepracer_core.redis_server import RedisServerError
from deepracer_core.telemetry.identity import identify
from deepracer_core.telemetry.log import start_log

from deepracer_trainer.sagemaker.checkpoints import Checkpoints
from deepracer_trainer.sagemaker.container import Container
from deepracer_trainer.sagemaker.inputs import gather_inputs
from deepracer_trainer.sagemaker.learning import Beside, Place, TrainingFailed, learn
from deepracer_trainer.sagemaker.model_folder import fill_model_folder
from deepracer_trainer.sagemaker.output import say
from deepracer_trainer.sagemaker.redis_place import open_redis
from deepracer_trainer.sagemaker.request import Request, sort_hyperparameters

PACKAGE_PATIENCE_S = 60.0
"""Seconds that the car's package may take: after SIGTERM the service waits for two minutes."""

_PREPARATION_S = 300.0

_FAILURES = (ConfigurationError, RedisServerError, RedisUnavailable, StoreError, TrainingFailed)

_LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None, beside: Beside | None = None) -> None:
    """Run a training job.

    Args:
        arguments: of the command line; SageMaker gives the word train.
        beside: what runs beside the trainer in the same container, if anything does.
    """
    parser = argparse.ArgumentParser(prog="sagemaker_train", description=__doc__.splitlines()[0])
    parser.add_argument("command", nargs="?", default="train", choices=["train"])
    parser.parse_args(arguments)
    container = Container.of(os.environ)
    try:
        start_log("sagemaker_train", "%(asctime)s %(levelname)s %(message)s", say)
        interrupted_exit_code = container.interrupted_exit_code
    except ConfigurationError as error:
        _LOG.error("the job failed: %s", container.fail(str(error)))
        sys.exit(1)
    _report_surprises(container)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        train(container, stop, beside)
    except _FAILURES as error:
        _LOG.error("the job failed: %s", container.fail(str(error)))
        sys.exit(1)
    if stop.is_set():
        _LOG.info("stopped before the end of the job")
        sys.exit(interrupted_exit_code)
    _LOG.info("the job is done")


def train(container: Container, stop: threading.Event, beside: Beside | None = None) -> None:
    """Run a training job to its end, or until it is told to stop.

    Args:
        container: what the service gave.
        stop: when set, what there is is saved and the job ends soon.
        beside: what runs beside the trainer.

    Raises:
        ConfigurationError: something given cannot be used.
        RedisServerError, RedisUnavailable, StoreError: Redis or the store cannot be used.
        TrainingFailed: a part of the job died, or nothing was learnt.
    """
    heartbeat = Heartbeat.of(os.environ)
    heartbeat.beat("reading what it was given", _PREPARATION_S)
    asked = sort_hyperparameters(
        container.hyperparameters(), () if beside is None else beside.names
    )
    request = asked.request
    run = run_name(request.s3_prefix)
    identify(run=run)
    _check_hosts(container)
    _set_variables(container, request)
    checkpoints = Checkpoints(container.checkpoints, container.job_name)
    store = open_model_store(request.store)
    store.check(writing=True)
    checkpoints.restore_versions(store)
    _start_from_pretrained(request, store)
    with tempfile.TemporaryDirectory(prefix="deepracer-") as work:
        folder = Path(work)
        (folder / "inputs").mkdir()
        defaults = None if beside is None else beside.defaults
        inputs = gather_inputs(asked, container.channels(), folder / "inputs", defaults)
        storage = open_storage(request.store)
        # Before a simulation is told where Redis is: it may find those of an earlier job there.
        keep_inputs(storage, inputs.contents())
        checkpoints.copy_redis_data(folder / "redis")
        with open_redis(os.environ, folder / "redis", for_others=beside is None) as redis:
            if beside is None:
                redis.publish(storage)
            place = Place(asked, inputs, run, redis, folder, container.tensorboard)
            learn(place, checkpoints, stop, beside, heartbeat)
        if redis.server is not None:
            checkpoints.keep_redis_data(folder / "redis")
    heartbeat.beat("packing the model", PACKAGE_PATIENCE_S)
    _pack(store, request.store, container.model, stop)


def _pack(store: ModelStore, url: str, folder: Path, stop: threading.Event) -> None:
    """Fill the model's folder; of a job that was stopped, as far as that can be done."""
    try:
        version = fill_model_folder(store, url, folder, PACKAGE_PATIENCE_S)
    except StoreUnavailable as error:
        if not stop.is_set():
            raise
        # What the next container needs is in the checkpoint folder.
        _LOG.warning("no model is packed: %s", error)
        return
    if version is None and not stop.is_set():
        raise TrainingFailed(
            "the job ended before its first model: too little experience came from the "
            "simulations; see in their logs whether they reach Redis, or give the job more time"
        )


def _check_hosts(container: Container) -> None:
    hosts = container.hosts().all
    if len(hosts) > 1:
        raise ConfigurationError(
            f"the job has {len(hosts)} instances, {', '.join(hosts)}, and one trainer: set its "
            "InstanceCount to 1"
        )


def _set_variables(container: Container, request: Request) -> None:
    """For boto3 here, and for everything that is started from here."""
    os.environ.update(container.sm_variables())
    if request.aws_region is not None:
        os.environ["AWS_REGION"] = request.aws_region
    if request.s3_endpoint_url is not None:
        os.environ["S3_ENDPOINT_URL"] = request.s3_endpoint_url


def _start_from_pretrained(request: Request, store: ModelStore) -> None:
    """Make the model that was asked for the first version of a job that has none."""
    if request.pretrained is None or store.latest() is not None:
        return
    source = open_model_store(request.pretrained)
    version = choose_version(source, request.pretrained_checkpoint)
    copy_as_first_version(source, version, store, {"run": source.url, "version": version})
    _LOG.info("the training starts from version %d in %s", version, source.url)


def _report_surprises(container: Container) -> None:
    """Have an error that nobody foresaw told in the service's way, too."""

    def report(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        container.fail(f"{kind.__name__}: {error}")
        sys.__excepthook__(kind, error, traceback)

    sys.excepthook = report


if __name__ == "__main__":
    main()
