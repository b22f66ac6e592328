"""A Kinesis video stream is kept supplied, over real HTTP, whatever the service and network do."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import boto3
import pytest
import signatures
from deepracer.live_video import put_media
from deepracer.live_video.kinesis_outlet import KEPT, KinesisOutlet
from deepracer.live_video.target import KinesisTarget
from kinesis_endpoint import Endpoint, Wrong
from moto.server import ThreadedMotoServer
from shots import Camera

STREAM, REGION = "racing-car_1.main", "eu-west-1"
FASTER = 8.0
SECRETS = (signatures.SECRET_KEY, signatures.TOKEN, signatures.ACCESS_KEY)


@pytest.fixture(scope="module")
def streams() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def endpoint(streams: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    endpoint = Endpoint(streams)
    for name, value in {
        "AWS_ACCESS_KEY_ID": signatures.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": signatures.SECRET_KEY,
        "AWS_SESSION_TOKEN": signatures.TOKEN,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_KINESIS_VIDEO": endpoint.url,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    client = boto3.client("kinesisvideo", region_name=REGION, endpoint_url=streams)
    if not any(each["StreamName"] == STREAM for each in client.list_streams()["StreamInfoList"]):
        client.create_stream(StreamName=STREAM, DataRetentionInHours=1)
    yield endpoint
    endpoint.close()
    assert endpoint.problems == []


@pytest.fixture
def start(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Camera]]:
    """Starts sending; at the end no thread and no secret is left behind."""
    caplog.set_level(logging.INFO)
    outlets: list[KinesisOutlet] = []

    def start(stream: str = STREAM, **options) -> Camera:
        outlet = KinesisOutlet(KinesisTarget(stream), first_pause_s=0.2, **options)
        outlets.append(outlet)
        outlet.start()
        return Camera(outlet, FASTER)

    yield start
    for outlet in outlets:
        outlet.close()
    assert "live-video" not in {thread.name for thread in threading.enumerate()}
    text = "\n".join(warnings(caplog, logging.INFO))
    assert not [secret for secret in SECRETS if secret in text]


def warnings(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


def test_fragments_come_signed_whole_and_in_order(endpoint, start, caplog):
    start().shoot_until(lambda: len(endpoint.received) >= 4)
    assert endpoint.connections == 1
    (head,) = endpoint.heads
    assert head["x-amzn-stream-name"] == STREAM
    assert head["x-amzn-fragment-timecode-type"] == "ABSOLUTE"
    assert head["Transfer-Encoding"] == "chunked"
    assert float(head["x-amzn-producer-start-timestamp"]) == pytest.approx(time.time(), abs=60)
    for fragment in endpoint.received:
        assert fragment.codec == "h264 320x180"
        assert fragment.pictures == 30
        assert fragment.span_ms < 2000
    times = [fragment.time_ms for fragment in endpoint.received]
    assert [after - before for before, after in pairwise(times)] == [2000] * 3
    assert warnings(caplog) == []
    assert f"live video: Kinesis video stream {STREAM} receives it" in warnings(caplog, 20)


def test_what_was_not_received_is_sent_again_after_a_break(endpoint, start, caplog):
    endpoint.wrong += [Wrong(drop_after=2), Wrong(drop_after=1)]
    start().shoot_until(lambda: endpoint.connections == 3 and len(endpoint.received) >= 5)
    assert {fragment.connection for fragment in endpoint.received} == {1, 3}
    times = [fragment.time_ms for fragment in endpoint.received]
    # The second fragment was lost with its connection, twice: none is missing in the end.
    assert [after - before for before, after in pairwise(times)] == [2000] * (len(times) - 1)
    (line,) = warnings(caplog)
    assert "the connection broke" in line
    assert "see to the network; the simulation goes on, and it is tried again" in line


def test_a_connection_is_replaced_in_time(endpoint, start, caplog):
    start(connection_s=1.0).shoot_until(lambda: endpoint.connections >= 3)
    assert warnings(caplog) == []
    times = [fragment.time_ms for fragment in endpoint.received]
    assert set(range(times[0], times[-1] + 1, 2000)) == set(times)


CLOCK = "is refused (InvalidSignatureException): the clock of this machine is 10 minutes"
ALLOW = "allow kinesisvideo:GetDataEndpoint and kinesisvideo:PutMedia on the stream"
BUSY = "has too many requests or senders"


@pytest.mark.parametrize(
    ("refusal", "at_control", "said"),
    [
        ((403, "AccessDeniedException", "no"), False, ["PutMedia is refused", ALLOW]),
        ((403, "AccessDeniedException", "no"), True, ["GetDataEndpoint is refused", ALLOW]),
        ((401, "NotAuthorizedException", "no"), False, ["(NotAuthorizedException)", ALLOW]),
        ((400, "ClientLimitExceededException", "slow"), False, ["PutMedia is refused", BUSY]),
        ((400, "ConnectionLimitExceededException", "two"), False, ["PutMedia is refused", BUSY]),
        ((400, "ThrottlingException", "slow"), True, ["GetDataEndpoint is refused", BUSY]),
        ((400, "InvalidEndpointException", "other"), False, ["the address of the stream"]),
        ((403, "ExpiredTokenException", "late"), False, ["get new temporary credentials"]),
        ((500, "InternalFailure", "oh"), False, ["a fault of its own: wait"]),
        ((503, "", "<html>"), False, ["HTTP status 503", "a fault of its own: wait"]),
    ],
)
def test_a_refusal_is_named_once_and_sending_goes_on(
    endpoint, start, caplog, refusal, at_control, said
):
    endpoint.wrong += [Wrong(refuse=refusal, at_control=at_control)] * 2
    start().shoot_until(lambda: len(endpoint.received) >= 2)
    (line,) = warnings(caplog)
    for words in said:
        assert words in line
    assert line.startswith(f"live video: Kinesis video stream {STREAM}: ")
    assert line.endswith("; the simulation goes on, and it is tried again")


@pytest.mark.parametrize(("ahead_s", "word"), [(600.0, "behind"), (-600.0, "ahead of")])
def test_a_clock_that_is_wrong_is_named_with_how_much(endpoint, start, caplog, ahead_s, word):
    endpoint.ahead_s = ahead_s
    camera = start()
    camera.shoot_until(lambda: endpoint.asked >= 4)
    endpoint.ahead_s = 0.0
    camera.shoot_until(lambda: len(endpoint.received) >= 2)
    (line,) = warnings(caplog)
    assert f"GetDataEndpoint {CLOCK} {word} the service's: set the clock" in line


def test_a_clock_that_goes_wrong_between_the_two_requests(endpoint, start, caplog):
    message = "Signature expired: 20261121T060000Z is now earlier than 20261121T060500Z"
    endpoint.wrong.append(Wrong(refuse=(403, "InvalidSignatureException", message)))
    start().shoot_until(lambda: len(endpoint.received) >= 2)
    (line,) = warnings(caplog)
    assert "PutMedia is refused (InvalidSignatureException): the clock of this machine" in line


def test_a_stream_that_is_missing_is_sent_to_when_it_is_there(endpoint, streams, start, caplog):
    camera = start("missing")
    camera.shoot_until(lambda: endpoint.asked >= 2)
    client = boto3.client("kinesisvideo", region_name=REGION, endpoint_url=streams)
    client.create_stream(StreamName="missing")
    camera.shoot_until(lambda: endpoint.received)
    assert endpoint.heads[-1]["x-amzn-stream-name"] == "missing"
    (line,) = warnings(caplog)
    assert "(ResourceNotFoundException): create the stream, or correct its name" in line


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AWS_SECRET_ACCESS_KEY", "another", "(InvalidSignatureException): set AWS_ACCESS_KEY_ID"),
        ("AWS_ACCESS_KEY_ID", "AKIDOTHER", "(UnrecognizedClientException): set AWS_ACCESS_KEY_ID"),
        ("AWS_ENDPOINT_URL_KINESIS_VIDEO", "http://127.0.0.1:9", "the service cannot be reached"),
        ("AWS_ENDPOINT_URL_KINESIS_VIDEO", "nonsense", "correct its endpoint"),
    ],
)
def test_what_is_configured_wrongly_is_named_once(
    endpoint, start, caplog, monkeypatch, variable, value, said
):
    monkeypatch.setenv(variable, value)
    camera = start()
    camera.shoot_until(lambda: warnings(caplog))
    end = time.monotonic() + 1.5
    camera.shoot_until(lambda: time.monotonic() > end)
    (line,) = warnings(caplog)
    assert said in line
    assert value not in line
    assert endpoint.received == []


def test_without_credentials_or_region_it_says_what_to_set(endpoint, start, caplog, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    start().shoot_until(lambda: warnings(caplog))
    assert "there are no credentials (NoCredentialsError): set AWS_ACC" in warnings(caplog)[0]
    caplog.clear()
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    start().shoot_until(lambda: warnings(caplog))
    assert "there is no region: set AWS_REGION" in warnings(caplog)[0]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (4006, "a fragment is refused (4006 X): it is sent again from the next picture on"),
        (4500, "let these credentials use the stream's KMS key"),
        (5001, "a fault of its own: wait"),
        (4008, "the stream was deleted: create it again"),
        # The end of a long connection is nothing to talk about.
        (4003, None),
    ],
)
def test_an_error_that_is_acknowledged_costs_its_fragment(endpoint, start, caplog, number, said):
    endpoint.wrong.append(Wrong(error_after=(1, number)))
    start().shoot_until(lambda: endpoint.connections == 2 and len(endpoint.received) >= 3)
    times = [fragment.time_ms for fragment in endpoint.received]
    assert times[1] - times[0] == 4000
    assert {after - before for before, after in pairwise(times[1:])} == {2000}
    lines = warnings(caplog)
    assert len(lines) == (said is not None)
    assert said is None or said in lines[0]


def test_a_service_that_ends_early_is_not_asked_without_end(endpoint, start, caplog):
    endpoint.wrong += [Wrong(end_after=1)] * 3
    start().shoot_until(lambda: endpoint.connections == 4 and len(endpoint.received) >= 5)
    assert len([line for line in warnings(caplog) if "ended the connection" in line]) <= 3
    times = [fragment.time_ms for fragment in endpoint.received]
    assert set(range(times[0], times[-1] + 1, 2000)) == set(times)


def test_a_service_that_falls_silent_counts_as_gone(endpoint, start, caplog, monkeypatch):
    monkeypatch.setattr(put_media, "SILENCE_S", 1.0)
    endpoint.is_silent = True
    camera = start()
    camera.shoot_until(lambda: endpoint.connections >= 2)
    endpoint.is_silent = False
    camera.shoot_until(lambda: "receives it" in "".join(warnings(caplog, logging.INFO)))
    assert "the connection broke (TimeoutError)" in warnings(caplog)[0]


def test_what_waits_is_bounded_and_comes_slowly_enough(endpoint, start, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS_VIDEO", "http://127.0.0.1:9")
    camera = start()
    camera.shoot(30 * (KEPT + 10))
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS_VIDEO", endpoint.url)
    endpoint.wait_for(lambda it: len(it.received) >= KEPT, deadline_s=60.0)
    times = [fragment.time_ms for fragment in endpoint.received]
    assert len(times) == KEPT
    assert {after - before for before, after in pairwise(times)} == {2000}
    # At most five in a second.
    arrived = [fragment.at_s for fragment in endpoint.received]
    assert arrived[5] - arrived[0] > 1.0
