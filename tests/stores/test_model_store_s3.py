"""The S3 back end over real HTTP, with a proxy in between that misbehaves."""

import time
from collections.abc import Callable

import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_store import (
    ModelNotFound,
    ModelStore,
    StoreConfigurationError,
    StoreUnavailable,
    open_model_store,
)
from deepracer_core.model_store.s3 import S3Patience, S3Storage
from http_faults import (
    HttpFaults,
    delay,
    lose_answer,
    refuse,
    reset,
    truncate,
    without_conditions,
)

FILES = {"policy.tflite": b"policy" * 50_000, "weights.safetensors": b"weights"}
PATIENCE = S3Patience(connect_timeout_s=0.5, read_timeout_s=1.0, attempts=3)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore waits up to 1, 2, 4 ... seconds between attempts: too long for a test."""
    monkeypatch.setattr(
        "botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01
    )


@pytest.fixture
def store(bucket: str, s3_faults: HttpFaults) -> ModelStore:
    return ModelStore(S3Storage(bucket, "a/prefix", s3_faults.url, patience=PATIENCE))


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        (refuse(500, "InternalError"), "policy.tflite"),
        (refuse(503, "SlowDown"), "manifest.json"),
        (reset, "policy.tflite"),
        (reset, "latest.json"),
        (lose_answer, "policy.tflite"),
        (lose_answer, "manifest.json"),
        (lose_answer, "latest.json"),
        (delay(1.5), "manifest.json"),
    ],
)
def test_publishing_survives_two_faults_at_any_step(
    store: ModelStore, s3_faults: HttpFaults, fault: Callable[..., None], step: str
) -> None:
    s3_faults.plan(fault, times=2, method="PUT", path_end=step)
    store.publish(1, FILES, {"a": 1})
    assert store.latest() == 1
    assert store.load(1).files == FILES
    tried = [path for method, path, _ in s3_faults.requests if method == "PUT"]
    assert len([path for path in tried if path.endswith(step)]) >= 3


@pytest.mark.parametrize(
    "fault",
    [refuse(500, "InternalError"), reset, delay(1.5), truncate(100_000), truncate(0)],
    ids=["500", "reset", "slow", "truncated", "empty"],
)
def test_loading_survives_two_faults(
    store: ModelStore, s3_faults: HttpFaults, fault: Callable[..., None]
) -> None:
    store.publish(1, FILES, {"a": 1})
    s3_faults.plan(fault, times=2, method="GET", path_end="policy.tflite")
    assert store.load(1).files == FILES


@pytest.mark.parametrize(
    "fault",
    [refuse(500, "InternalError"), reset, truncate(100)],
    ids=["500", "reset", "truncated"],
)
def test_an_outage_is_told_after_the_retries_and_is_over_when_it_is_over(
    store: ModelStore, s3_faults: HttpFaults, fault: Callable[..., None]
) -> None:
    store.publish(1, FILES, {})
    s3_faults.plan(fault, times=1000)
    with pytest.raises(
        StoreUnavailable, match=r"did not answer as it should for \d+\.\d s"
    ) as told:
        store.load(1)
    assert "a/prefix" in str(told.value)
    assert s3_faults.url in str(told.value)
    assert "\n" not in str(told.value)
    with pytest.raises(StoreUnavailable):
        store.publish(2, FILES, {})
    s3_faults.heal()
    assert store.latest() == 1
    store.publish(2, FILES, {})
    assert store.load(2).files == FILES


def test_an_outage_in_the_middle_of_publishing_leaves_the_old_version(
    store: ModelStore, s3_faults: HttpFaults
) -> None:
    store.publish(1, FILES, {})
    for step in ("weights.safetensors", "manifest.json"):
        s3_faults.plan(refuse(503, "ServiceUnavailable"), 1000, method="PUT", path_end=step)
        with pytest.raises(StoreUnavailable):
            store.publish(2, FILES, {})
        s3_faults.heal()
        assert store.latest() == 1
        assert store.versions() == [1]
        assert store.load(1).files == FILES
        with pytest.raises(ModelNotFound):
            store.load(2)
    store.publish(2, FILES, {})
    assert store.latest() == 2


def test_nobody_listens(bucket: str, s3_faults: HttpFaults) -> None:
    s3_faults.close()
    store = ModelStore(S3Storage(bucket, "", s3_faults.url, patience=PATIENCE))
    with pytest.raises(StoreUnavailable, match="Could not connect"):
        store.latest()


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (404, "NoSuchBucket", "create the bucket"),
        (403, "AccessDenied", "allow s3:GetObject"),
        (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (400, "ExpiredToken", "temporary credentials"),
        (403, "RequestTimeTooSkewed", "clock"),
        (400, "AuthorizationHeaderMalformed", "region"),
        (405, "MethodNotAllowed", "no S3 server"),
        (400, "SomethingNew", "check its address"),
    ],
)
def test_what_no_retry_mends_is_told_at_once_in_one_line(
    store: ModelStore, s3_faults: HttpFaults, status: int, code: str, advice: str
) -> None:
    s3_faults.plan(refuse(status, code), times=1000)
    for attempt in (
        store.latest,
        store.check,
        store.versions,
        lambda: store.load(1),
        lambda: store.publish(1, FILES, {}),
    ):
        s3_faults.requests.clear()
        with pytest.raises(StoreConfigurationError, match=advice) as told:
            attempt()
        assert isinstance(told.value, ConfigurationError)
        assert code in str(told.value)
        assert "\n" not in str(told.value)
        assert "planted-secret" not in str(told.value)
        assert len(s3_faults.requests) == 1


def test_a_bucket_that_is_not_there(aws: None, moto_port: int) -> None:
    store = open_model_store(f"s3://nowhere/x?endpoint_url=http://127.0.0.1:{moto_port}")
    for attempt in (store.check, store.latest, lambda: store.publish(1, FILES, {})):
        with pytest.raises(StoreConfigurationError, match=r"NoSuchBucket.*create the bucket"):
            attempt()


def test_no_s3_server_at_the_endpoint(store: ModelStore, s3_faults: HttpFaults) -> None:
    s3_faults.plan(lambda exchange, _: exchange.send_error(404, "Not Found"), times=1000)
    with pytest.raises(StoreConfigurationError, match="no S3 server"):
        store.latest()


def test_no_credentials(bucket: str, moto_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = open_model_store(f"s3://{bucket}?endpoint_url=http://127.0.0.1:{moto_port}")
    with pytest.raises(StoreConfigurationError, match=r"no credentials .* AWS_ACCESS_KEY_ID"):
        store.latest()


def test_the_check_writes_when_asked(store: ModelStore, s3_faults: HttpFaults) -> None:
    store.check()
    assert {method for method, _, _ in s3_faults.requests} == {"GET"}
    s3_faults.plan(refuse(403, "AccessDenied"), times=1, method="PUT")
    with pytest.raises(StoreConfigurationError, match="s3:PutObject"):
        store.check(writing=True)
    store.check(writing=True)
    assert store.versions() == []


def test_a_server_without_conditional_writes(store: ModelStore, s3_faults: HttpFaults) -> None:
    s3_faults.plan(without_conditions, times=1000, method="PUT")
    store.publish(1, FILES, {})
    store.publish(1, FILES, {})
    store.publish(2, FILES, {})
    assert store.latest() == 2
    assert store.load(1).files == FILES


def test_every_upload_carries_a_checksum(store: ModelStore, s3_faults: HttpFaults) -> None:
    store.publish(1, FILES, {})
    uploads = [headers for method, _, headers in s3_faults.requests if method == "PUT"]
    assert len(uploads) == 5
    assert all("Content-MD5" in headers for headers in uploads)


def test_the_endpoint_and_region_come_from_the_environment(
    bucket: str, s3_faults: HttpFaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name in ("S3_ENDPOINT_URL", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, s3_faults.url)
        s3_faults.requests.clear()
        assert open_model_store(f"s3://{bucket}/p").latest() is None
        ((method, path, headers),) = s3_faults.requests
        assert (method, path) == ("GET", f"/{bucket}/p/latest.json")
        assert "/eu-west-1/s3/" in headers["Authorization"]
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        # The one in the address counts more.
        with_address = open_model_store(f"s3://{bucket}?endpoint_url={s3_faults.url}&region=r-2")
        assert with_address.latest() is None
        assert "/r-2/s3/" in s3_faults.requests[-1][2]["Authorization"]
        monkeypatch.delenv(name)


def test_a_slow_server_is_given_up_within_its_patience(
    store: ModelStore, s3_faults: HttpFaults
) -> None:
    s3_faults.plan(delay(60), times=1000)
    start = time.monotonic()
    with pytest.raises(StoreUnavailable, match="Read timeout"):
        store.latest()
    # Three attempts of a second each; without timeouts it would be a minute.
    assert time.monotonic() - start < 30
