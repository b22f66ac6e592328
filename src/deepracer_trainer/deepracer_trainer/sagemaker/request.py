"""What a training job's hyperparameters ask for: the names of the public DeepRacer projects."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any
from urllib.parse import quote

from deepracer_core.errors import ConfigurationError
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.json_fields import read_choice, read_number, refuse
from deepracer_core.pace import MAX_POLICY_LAG

_LOG = logging.getLogger(__name__)

_SOURCE = "hyperparameters.json"
LEARNING = tuple(entry.name for entry in fields(Hyperparameters))
"""Those that are about learning; the trainer reads them."""

NOT_NEEDED = frozenset(
    {
        "checkpoint_dir",
        "environment_s3_key",
        "framework",
        "heartbeat_s3_location",
        "kinesis_stream_name",
        "max_sample_count",
        "preset_s3_key",
        "pretrained_checkpoint_dir",
        "s3_kms_cmk_arn",
        "s3_ros_log_bucket",
        "sampling_frequency",
        "simulation_launch_file",
        "_tuning_objective_metric",
    }
)
"""Of the original's containers and their successors; nothing here has that part."""

OF_SIMULATION = frozenset({"s3_yaml_name", "track_direction_clockwise", "world_name"})
"""Of the original's, for a container that simulates as well."""

_RESERVED_PREFIX = "sagemaker_"
"""Of what SageMaker's Python package adds for its own containers."""


def _text(default: str | None = None) -> Any:
    return field(default=default, metadata={"read": lambda name, text: text.strip() or default})


def _integer(default: int | None, low: int, high: int) -> Any:
    expected = f"an integer from {low} to {high}"

    def read(name: str, text: str) -> int:
        number = read_number(_SOURCE, name, text, expected)
        if number != int(number) or not low <= number <= high:
            refuse(_SOURCE, name, expected, repr(text)[:80])
        return int(number)

    return field(default=default, metadata={"read": read})


def _choice(default: str, *choices: str) -> Any:
    return field(
        default=default,
        metadata={"read": lambda name, text: read_choice(_SOURCE, name, text, choices)},
    )


@dataclass(frozen=True, slots=True)
class Request:
    """What a job is asked for, besides how to learn.

    Attributes:
        s3_bucket: where models, records and the address of Redis are kept.
        s3_prefix: what their keys begin with; it names the run.
        aws_region: of the bucket; None: as boto3 finds it.
        s3_endpoint_url: of a server that is not AWS.
        model_metadata_s3_key: a key in the bucket, or s3://bucket/key.
        reward_function_s3_source: as that.
        pretrained_s3_bucket: of the store whose model the training starts from; None: a new one.
        pretrained_s3_prefix: of that store.
        pretrained_checkpoint: which of its models.
        job_duration_in_seconds: wall-clock seconds that rollouts and training alternate for, over
            all restarts; None: until SageMaker ends the job.
        stop_after_laps: complete laps in a row, driven in evaluations, after which the training
            ends; 0: never.
        max_policy_lag: an episode begins with a model at most so many versions behind.
        keep_versions: newest model versions that stay in the store, besides the best; 0: all.
        seed: of every random choice.
        threads: of TensorFlow; with one, the same experience gives the same bits.
    """

    s3_bucket: str = _text("")
    s3_prefix: str = _text("")
    aws_region: str | None = _text()
    s3_endpoint_url: str | None = _text()
    model_metadata_s3_key: str | None = _text()
    reward_function_s3_source: str | None = _text()
    pretrained_s3_bucket: str | None = _text()
    pretrained_s3_prefix: str | None = _text()
    pretrained_checkpoint: str = _choice("best", "best", "last")
    job_duration_in_seconds: int | None = _integer(None, 1, 864_000)
    stop_after_laps: int = _integer(0, 0, 100_000)
    max_policy_lag: int = _integer(MAX_POLICY_LAG, 0, 100)
    keep_versions: int = _integer(50, 0, 1_000_000)
    seed: int = _integer(0, 0, 2**31 - 1)
    threads: int = _integer(1, 1, 1024)

    @property
    def store(self) -> str:
        """The address of the run's place in the bucket, as `open_model_store` takes it."""
        return _address(self.s3_bucket, self.s3_prefix)

    @property
    def pretrained(self) -> str | None:
        """The address of the store with the model to start from."""
        if self.pretrained_s3_bucket is None:
            return None
        return _address(self.pretrained_s3_bucket, self.pretrained_s3_prefix)


@dataclass(frozen=True, slots=True)
class Asked:
    """A job's hyperparameters, sorted by whom they are for.

    Attributes:
        request: for the container.
        learning: for the trainer, as they came.
        simulation: for the simulations of the same container, as they came.
    """

    request: Request
    learning: Mapping[str, str]
    simulation: Mapping[str, str]


def sort_hyperparameters(texts: Mapping[str, str], simulation: Collection[str] = ()) -> Asked:
    """Sort a job's hyperparameters; those that nobody knows are warned of by their names.

    Args:
        texts: names and values, as SageMaker hands them over.
        simulation: names that are for simulations in this container; none where there are none.

    Raises:
        ConfigurationError: a value cannot be used, or two of them contradict each other.
    """
    readers: dict[str, Callable[[str, str], Any]] = {
        entry.name: entry.metadata["read"] for entry in fields(Request)
    }
    request = Request(
        **{name: readers[name](name, text) for name, text in texts.items() if name in readers}
    )
    _check(request)
    for_simulation = {name: text for name, text in texts.items() if name in simulation}
    _warn(set(texts) - set(readers) - set(LEARNING) - set(for_simulation), simulation)
    return Asked(
        request, {name: text for name, text in texts.items() if name in LEARNING}, for_simulation
    )


def _check(request: Request) -> None:
    for name in ("s3_bucket", "s3_prefix"):
        if not getattr(request, name):
            raise ConfigurationError(
                f"{_SOURCE}: {name} is missing: it says where simulations find the models"
            )
    if (request.pretrained_s3_bucket is None) != (request.pretrained_s3_prefix is None):
        raise ConfigurationError(
            f"{_SOURCE}: one of pretrained_s3_bucket and pretrained_s3_prefix has a value: give "
            "both, or neither"
        )


def _warn(left: set[str], simulation: Collection[str]) -> None:
    known = {entry.name for entry in fields(Request)} | {*LEARNING, *simulation}
    for name in sorted(left):
        if name.startswith(_RESERVED_PREFIX):
            continue
        if name in NOT_NEEDED:
            _LOG.info("hyperparameter %s: nothing here needs it", name)
        elif name in OF_SIMULATION:
            _LOG.info("hyperparameter %s: it is for the simulations, this is the trainer", name)
        else:
            near = get_close_matches(name, sorted(known), n=1, cutoff=0.8)
            hint = f"did you mean {near[0]}?" if near else "nobody reads it"
            _LOG.warning("hyperparameter %s is unknown: %s", name, hint)


def _address(bucket: str, prefix: str | None) -> str:
    return f"s3://{bucket}/{quote((prefix or '').strip('/'))}"
