"""Where a simulation's files are: the S3 server, the bucket, the keys in it."""

import logging
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from deepracer_core.errors import ConfigurationError

from deepracer.robomaker.told import Answers, Told
from deepracer.robomaker.variables import EVALUATION, TRAINING

_PLACE_OF = {
    TRAINING: ("SAGEMAKER_SHARED_S3_BUCKET", "SAGEMAKER_SHARED_S3_PREFIX"),
    EVALUATION: ("MODEL_S3_BUCKET", "MODEL_S3_PREFIX"),
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """An S3 server.

    Attributes:
        endpoint_url: of one that is not AWS; None for what boto3 finds by itself.
        region: likewise.
    """

    endpoint_url: str | None
    region: str | None

    def address(self, bucket: str, key: str = "") -> str:
        """The address of a place in a bucket, as `open_storage` takes it."""
        options = {"endpoint_url": self.endpoint_url, "region": self.region}
        query = urlencode({name: value for name, value in options.items() if value}, safe=":/")
        return f"s3://{bucket}/{quote(key.strip('/'))}{'?' if query else ''}{query}"


@dataclass(frozen=True, slots=True)
class RunPlace:
    """A run's place in its bucket.

    Attributes:
        service: that has the bucket.
        bucket: its name.
        prefix: of the run's keys, without slashes at its ends.
    """

    service: Service
    bucket: str
    prefix: str

    @property
    def address(self) -> str:
        """The address of the place, as `open_storage` takes it."""
        return self.service.address(self.bucket, self.prefix)

    def below(self, key: str) -> str:
        """The key of something below the prefix."""
        return f"{self.prefix}/{key.strip('/')}"


@dataclass(frozen=True, slots=True)
class InputKey:
    """Where one of the user's files is.

    Attributes:
        key: in the run's bucket.
        source: what says so, for messages.
        is_given: whether a variable says so.
    """

    key: str
    source: str
    is_given: bool


def job_type(answers: Answers) -> str:
    """TRAINING or EVALUATION.

    Raises:
        ConfigurationError: it is neither, or there is no bucket to tell it from.
    """
    told = answers.get("JOB_TYPE")
    if told is not None:
        word = told.text.upper()
        if word not in _PLACE_OF:
            raise ConfigurationError(
                f"{told.source}: expected {TRAINING} or {EVALUATION}, got {told.text!r}"
            )
        return word
    for kind, (bucket, _) in _PLACE_OF.items():
        if bucket in answers:
            return kind
    raise ConfigurationError(
        "expected SAGEMAKER_SHARED_S3_BUCKET and SAGEMAKER_SHARED_S3_PREFIX for a training, or"
        " MODEL_S3_BUCKET and MODEL_S3_PREFIX for an evaluation, in the environment: set them"
    )


def run_place(answers: Answers) -> RunPlace:
    """Where the run is.

    Raises:
        ConfigurationError: the bucket, the prefix or the server's address is missing, or is none.
    """
    kind = job_type(answers)
    for name in _PLACE_OF[kind]:
        if name not in answers:
            raise ConfigurationError(
                f"{name}: expected it for JOB_TYPE {kind}, it is not set: set it"
            )
    bucket, prefix = (answers[name] for name in _PLACE_OF[kind])
    return RunPlace(_service(answers), _bucket(bucket), prefix.text.strip("/"))


def input_key(answers: Answers, place: RunPlace, name: str, default: str) -> InputKey:
    """Where one of the user's files is.

    Args:
        answers: what was said.
        place: of the run.
        name: of the variable with the file's key.
        default: the key below the prefix that it has without.

    Raises:
        ConfigurationError: it is said to be in another bucket.
    """
    told = answers.get(name)
    if told is None:
        return InputKey(place.below(default), f"{name} is not set", is_given=False)
    key = told.text
    if key.startswith("s3://"):
        bucket, _, key = key.removeprefix("s3://").partition("/")
        if bucket != place.bucket:
            raise ConfigurationError(
                f"{told.source}: expected a key in the bucket {place.bucket}, got one in {bucket}"
            )
    return InputKey(key.lstrip("/"), told.source, is_given=True)


def records_address(answers: Answers, place: RunPlace, bucket_name: str, key_name: str) -> str:
    """The address of what records are written to; empty for their usual place.

    Args:
        answers: what was said.
        place: of the run.
        bucket_name: of the variable with the bucket.
        key_name: of the variable with the key in it.

    Raises:
        ConfigurationError: there is another bucket, and no key.
    """
    bucket = _bucket(answers[bucket_name]) if bucket_name in answers else place.bucket
    if key_name in answers:
        return place.service.address(bucket, answers[key_name].text)
    if bucket != place.bucket:
        raise ConfigurationError(
            f"{answers[bucket_name].source}: expected {key_name} beside it, which says where in"
            f" the bucket {bucket}"
        )
    return ""


def _service(answers: Answers) -> Service:
    endpoint = answers.get("S3_ENDPOINT_URL")
    if endpoint is not None:
        parts = urlsplit(endpoint.text)
        if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
            raise ConfigurationError(
                f"{endpoint.source}: expected http://HOST:PORT or https://HOST:PORT, without a"
                " login: that belongs into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
    regions = [answers[name] for name in ("APP_REGION", "AWS_REGION") if name in answers]
    return Service(
        endpoint.text.rstrip("/") if endpoint is not None else None,
        regions[0].text if regions else None,
    )


def _bucket(told: Told) -> str:
    name = told.text
    if any(letter in name for letter in "/:@? "):
        raise ConfigurationError(
            f"{told.source}: expected the name of a bucket, without s3:// and key, got {name!r}"
        )
    return name
