"""A model store in an S3 bucket, of AWS or of any server that speaks its protocol."""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from deepracer_core.model_store import s3_errors
from deepracer_core.model_store.storage import StoredObject

_ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "S3_ENDPOINT_URL")
_PROBE = ".writable"

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class S3Patience:
    """How long a request may take before the store counts as away.

    Attributes:
        connect_timeout_s: for a connection, seconds.
        read_timeout_s: between two parts of an answer, seconds.
        attempts: of each request, with growing pauses of up to 1, 2, 4 ... seconds in between.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 15.0
    attempts: int = 4


IMPATIENT = S3Patience(connect_timeout_s=3.0, read_timeout_s=10.0, attempts=1)
"""For one who tries again by itself, and has other things to do in between."""


class S3Storage:
    """Objects in a bucket, below a prefix.

    Credentials are found as boto3 finds them: environment, files, role. The endpoint is the
    argument, or AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, S3_ENDPOINT_URL, or AWS itself; the region
    is the argument, or AWS_REGION, AWS_DEFAULT_REGION, or what the AWS configuration file says.

    Args:
        bucket: its name.
        prefix: before every key, without a slash at its end; may be empty.
        endpoint_url: of a server that is not AWS.
        region: of the bucket.
        patience: how long a request may take.

    Raises:
        StoreConfigurationError: the endpoint, region or profile cannot be used.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        endpoint_url: str | None = None,
        region: str | None = None,
        patience: S3Patience | None = None,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._place = self._url
        with self._explained():
            self._client = _client(endpoint_url, region, patience or S3Patience())
        self._place = f"{self._url} at {self._client.meta.endpoint_url}"

    @property
    def url(self) -> str:
        """The bucket and prefix as an address."""
        return self._url

    def check(self, writing: bool) -> None:
        """List one object, and write an empty one if asked."""
        self._ask(
            lambda: self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1
            )
        )
        if writing:
            self.write(_PROBE, b"")

    def publishing(self) -> AbstractContextManager[None]:
        """S3 has no locks: `write_if` sees to it that publishers do not undo each other."""
        return nullcontext()

    def read(self, key: str) -> StoredObject | None:
        """See `Storage`."""
        return self._ask(lambda: self._get(key))

    def write(self, key: str, data: bytes) -> None:
        """See `Storage`."""
        self._ask(lambda: self._put(key, data))

    def write_if(self, key: str, data: bytes, revision: str | None) -> bool:
        """See `Storage`. Servers that know no conditional requests write and say yes."""
        return self._ask(lambda: self._put_if(key, data, revision))

    def delete(self, key: str) -> None:
        """See `Storage`."""
        self._ask(lambda: self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key))

    def keys(self, prefix: str) -> Iterator[str]:
        """See `Storage`."""
        for key, _ in self.ages(prefix):
            yield key

    def ages(self, prefix: str) -> Iterator[tuple[str, float]]:
        """See `Storage`. The clock is the server's, as long as its answers say the time."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        for page in self._ask(lambda: list(pages)):
            now = _time_of(page)
            for entry in page.get("Contents", ()):
                age = now - entry["LastModified"]
                yield entry["Key"].removeprefix(self._prefix), age.total_seconds()

    def _get(self, key: str) -> StoredObject | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
        except ClientError as error:
            if s3_errors.code(error) == "NoSuchKey":
                return None
            raise
        # Not the body's own `with`: that hands out the raw stream, which checks no length.
        with closing(answer["Body"]) as body:
            return StoredObject(body.read(), answer.get("ETag", ""))

    def _put(self, key: str, data: bytes, **condition: str) -> None:
        # The one checksum that every server verifies; newer ones are refused by older servers.
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._prefix + key,
            Body=data,
            ContentMD5=base64.b64encode(md5).decode(),
            **condition,
        )

    def _put_if(self, key: str, data: bytes, revision: str | None) -> bool:
        condition = {"IfNoneMatch": "*"} if revision is None else {"IfMatch": revision}
        try:
            self._put(key, data, **condition)
        except ClientError as error:
            if s3_errors.status(error) == 412:
                return False
            # An IfMatch on an object that was deleted meanwhile.
            if revision is not None and s3_errors.code(error) == "NoSuchKey":
                return False
            if not s3_errors.is_unknown_feature(error):
                raise
            self._put(key, data)
        return True

    def _ask(self, request: Callable[[], _Answer]) -> _Answer:
        """Make a request; again if its answer broke off, the one fault that botocore passes on."""
        attempts = Retrying(
            stop=stop_after_attempt(3),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            retry=retry_if_exception_type(s3_errors.BROKEN_OFF),
            reraise=True,
        )
        with self._explained():
            return attempts(request)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        except s3_errors.RAISED as error:
            waited_s = time.monotonic() - start
            raise s3_errors.explain(error, self._place, waited_s) from error


def _time_of(answer: Mapping[str, Any]) -> datetime:
    """When the server gave an answer."""
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(said) if said else datetime.now(timezone.utc)


def _client(endpoint_url: str | None, region: str | None, patience: S3Patience) -> Any:
    set_here = (os.environ.get(name) for name in _ENDPOINT_VARIABLES)
    custom = endpoint_url or next(filter(None, set_here), None)
    session = boto3.session.Session()
    region = region or os.environ.get("AWS_REGION") or session.region_name
    if region is None and custom:
        region = "us-east-1"
    config = Config(
        connect_timeout=patience.connect_timeout_s,
        read_timeout=patience.read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        # A bucket's name in front of the host needs a name server that only AWS has.
        s3={"addressing_style": "path" if custom else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return session.client("s3", endpoint_url=custom, region_name=region, config=config)
