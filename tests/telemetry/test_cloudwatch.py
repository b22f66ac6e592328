"""Log and metrics in CloudWatch over real HTTP: what arrives, and what if nothing does."""

import dataclasses
import json
import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import pytest
from deepracer_core.telemetry import cloudwatch_log, cloudwatch_metrics
from deepracer_core.telemetry.cloudwatch_log import CloudWatchLog, Event
from deepracer_core.telemetry.cloudwatch_metrics import CloudWatchMetrics
from deepracer_core.telemetry.identity import identify
from http_faults import Answer, HttpFaults, reset

DEADLINE_S = 30.0
GROUP = "/aws/robomaker/SimulationJobs"


def refusal(code: str):
    """An error in the language in which the service was asked: JSON, or else CBOR."""
    said = {"__type": code, "message": "Rate exceeded"}
    texts = (text for pair in said.items() for text in pair)
    cbor = b"\xa2" + b"".join(b"\x78" + bytes([len(text)]) + text.encode() for text in texts)

    def fault(exchange, forward) -> None:
        if "X-Amz-Target" in exchange.headers:
            kind, body = [("Content-Type", "application/x-amz-json-1.0")], json.dumps(said).encode()
        else:
            kind = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
            body = cbor
        exchange.answer(Answer(400, kind, body))

    return fault


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def log() -> Iterator[Callable[..., CloudWatchLog]]:
    """Handlers of a logger of their own, which send soon."""
    logger = logging.getLogger("telemetry.test")
    made = []

    def make(**bounds: float) -> CloudWatchLog:
        given = {"period_s": 0.01, "close_s": DEADLINE_S, **bounds}
        handler = CloudWatchLog(dataclasses.replace(cloudwatch_log.BOUNDS, **given))
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        made.append(handler)
        return handler

    yield make
    for handler in made:
        logger.removeHandler(handler)
        handler.close()


def metrics(**bounds: float) -> CloudWatchMetrics:
    given = {"period_s": 0.01, "close_s": DEADLINE_S, **bounds}
    return CloudWatchMetrics(dataclasses.replace(cloudwatch_metrics.BOUNDS, **given))


def messages(client, run: str, group: str = GROUP) -> list[str]:
    """What is in the only stream of a run."""
    logs = client("logs")
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{run}/")
    (stream,) = streams["logStreams"]
    events = logs.get_log_events(
        logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
    )
    return [event["message"] for event in events["events"]]


def say(text: str) -> None:
    logging.getLogger("telemetry.test").info(text)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "CloudWatch" in r.getMessage()]


def test_the_log_of_a_worker_is_where_the_original_has_it(road, client, run, log):
    handler = log()
    say("an event of\ntwo lines")
    handler.lines("SIM_TRACE_LOG:0,1\nSIM_TRACE_LOG:0,2\n")
    handler.close()
    assert messages(client, run) == [
        "an event of\ntwo lines",
        "SIM_TRACE_LOG:0,1",
        "SIM_TRACE_LOG:0,2",
    ]
    streams = client("logs").describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=run)
    names = [stream["logStreamName"] for stream in streams["logStreams"]]
    assert names == [f"{run}/worker-1/SimulationApplicationLogs"]


def test_the_processes_of_a_worker_share_a_stream(road, client, run, log):
    """And an evaluation has another; so has a trainer, in the group of training jobs."""
    first, second = log(), log()
    first.lines("one")
    first.close()
    second.lines("two")
    second.close()
    assert messages(client, run) == ["one", "two"]
    identify(mode="evaluation", run=f"{run}-race")
    race = log()
    race.lines("three")
    race.close()
    assert messages(client, f"{run}-race") == ["three"]
    identify(process="trainer", worker=None, run=f"{run}:x")
    trainer = log()
    trainer.lines("four")
    trainer.close()
    assert messages(client, f"{run}-x", "/aws/sagemaker/TrainingJobs") == ["four"]


def test_a_group_that_somebody_deletes_is_made_anew(road, client, run, log):
    handler = log()
    say("before")
    wait_until(lambda: handler.delivery.delivered == 1)
    client("logs").delete_log_group(logGroupName=GROUP)
    say("after")
    wait_until(lambda: handler.delivery.delivered == 2)
    assert messages(client, run) == ["after"]


def test_requests_keep_to_the_limits_of_the_service(road, client, run, log):
    """Events out of order, too many, too long and of several days."""
    handler = log(period_s=10.0, batch_items=3)
    day_ms = 24 * 3600 * 1000
    now_ms = int(time.time() * 1000)
    for number, age in enumerate([0, 3 * day_ms, day_ms + 1000, 0]):
        handler.delivery.put(Event(now_ms - age, f"{number}".encode()))
    handler.lines("ä" * 200_000)
    handler.close()
    assert handler.delivery.delivered == 5
    found = messages(client, run)
    assert sorted(found[:4]) == ["0", "1", "2", "3"]
    assert found.index("1") < found.index("2") < found.index("0")
    assert len(found[4].encode()) <= 256 * 1024 - 26
    assert set(found[4]) == {"ä"}


def test_a_throttled_log_arrives_whole_and_that_is_told_once(road, client, run, log, caplog):
    road.plan(refusal("ThrottlingException"), times=3, method="POST")
    handler = log()
    say("one")
    wait_until(lambda: handler.delivery.delivered == 1)
    say("two")
    wait_until(lambda: handler.delivery.delivered == 2)
    assert messages(client, run) == ["one", "two"]
    first, last = told(caplog)
    assert "does not take the log of this process (ThrottlingException: it is asked less" in first
    assert last.endswith("lost meanwhile: 0")


def test_throttled_metrics_arrive_and_that_is_told_once(road, client, run, caplog):
    road.plan(refusal("ThrottlingException"), times=3, method="POST")
    sink = metrics()
    sink.record({"episodes/reward": 7.0})
    wait_until(lambda: sink.delivery.delivered == 2)
    sink.close()
    first, last = told(caplog)
    assert "does not take metrics (ThrottlingException: it is asked less" in first
    assert last.endswith("lost meanwhile: 0")


def test_what_cannot_be_sent_waits_within_bounds_and_the_newest_arrive(
    road, client, run, log, caplog
):
    """Connections are cut for as long as a thousand events are logged; nobody waits for them."""
    road.plan(reset, times=1_000_000)
    handler = log(waiting_items=50, batch_items=50)
    for number in range(1000):
        say(f"event {number}")
    wait_until(lambda: len(told(caplog)) == 1)
    assert handler.delivery.waiting <= 100
    assert handler.delivery.delivered == 0
    road.heal()
    wait_until(lambda: handler.delivery.waiting == 0)
    found = messages(client, run)
    assert found[-50:] == [f"event {number}" for number in range(950, 1000)]
    assert len(found) == handler.delivery.delivered
    assert len(found) + handler.delivery.dropped == 1000
    assert told(caplog)[1].endswith(f"lost meanwhile: {1000 - len(found)}")


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        (refusal("AccessDeniedException"), "allow logs:CreateLogGroup, logs:CreateLogStream"),
        (refusal("UnrecognizedClientException"), "set AWS_ACCESS_KEY_ID and AWS_SECRET_"),
        (refusal("InvalidSignatureException"), "set the clock of this machine"),
        (refusal("ExpiredTokenException"), "get new temporary credentials"),
        (reset, "Connection"),
    ],
)
def test_a_refusal_says_what_to_do_in_one_line_without_credentials(
    road, run, log, caplog, fault, advice
):
    road.plan(fault, times=1_000_000)
    handler = log(close_s=0.1)
    say("an event")
    wait_until(lambda: bool(told(caplog)))
    handler.close()
    line = told(caplog)[0]
    assert advice in line
    assert "\n" not in line
    assert "planted-secret" not in caplog.text
    assert told(caplog)[-1] == "CloudWatch did not get 1 events of the log"


def test_without_credentials_or_region_the_run_goes_on(road, run, log, caplog, monkeypatch, client):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    handler = log(close_s=0.1)
    say("an event")
    wait_until(lambda: bool(told(caplog)))
    assert "Unable to locate credentials: set AWS_ACCESS_KEY_ID" in told(caplog)[0]
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.delenv("AWS_REGION")
    sink = metrics(close_s=0.1)
    sink.record({"episodes/reward": 7.0})
    wait_until(lambda: len(told(caplog)) == 2)
    assert "You must specify a region. set AWS_REGION" in told(caplog)[1]
    sink.close()
    handler.close()


def test_a_request_that_is_refused_for_good_does_not_stop_the_rest(road, client, run, log, caplog):
    handler = log()
    say("first")
    wait_until(lambda: handler.delivery.delivered == 1)
    road.plan(refusal("InvalidParameterException"), times=1, method="POST")
    say("unfit")
    wait_until(lambda: handler.delivery.dropped == 1)
    say("last")
    wait_until(lambda: handler.delivery.delivered == 2)
    assert messages(client, run) == ["first", "last"]
    assert "refuses 1 events for good" in told(caplog)[0]


def average(client, name: str, **dimensions: str) -> float:
    now = datetime.now(timezone.utc)
    found = client("cloudwatch").get_metric_statistics(
        Namespace="AWSDeepRacer",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Average"],
    )
    (point,) = found["Datapoints"]
    return point["Average"]


def test_metrics_are_named_and_the_reward_score_is_the_originals(road, client, run):
    sink = metrics(period_s=10.0)
    sink.record({"episodes/reward": 2.0, "worker/steps": 100.0})
    sink.record({"episodes/reward": 4.0, "worker/steps": 200.0})
    sink.close()
    assert sink.delivery.delivered == 6
    assert average(client, "episodes/reward", Run=run, Worker="1") == 3.0
    assert average(client, "worker/steps", Run=run, Worker="1") == 150.0
    assert average(client, "TrainingRewardScore", TRAINING_JOB_ARN=run) == 3.0


def test_what_the_original_is_told_of_its_metric_holds(road, client, run, monkeypatch):
    monkeypatch.setenv("METRIC_NAME", "Score")
    monkeypatch.setenv("TRAINING_JOB_ARN", f"arn:aws:deepracer:::training_job/{run}")
    sink = metrics(period_s=10.0)
    sink.record({"episodes/reward": 5.0})
    sink.close()
    job = f"arn:aws:deepracer:::training_job/{run}"
    assert average(client, "Score", TRAINING_JOB_ARN=job) == 5.0


def test_metrics_that_cannot_be_sent_wait_within_bounds(road, client, run, caplog):
    road.plan(reset, times=1_000_000)
    sink = metrics(waiting_items=10, batch_items=10)
    for step in range(500):
        sink.record({"worker/steps": float(step)})
    wait_until(lambda: len(told(caplog)) == 1)
    assert sink.delivery.waiting <= 20
    road.heal()
    wait_until(lambda: sink.delivery.waiting == 0)
    sink.close()
    assert sink.delivery.delivered + sink.delivery.dropped == 500
    assert told(caplog)[-1] == f"CloudWatch did not get {sink.delivery.dropped} values of metrics"


def test_a_road_on_which_nothing_comes_back_holds_nobody_up(road: HttpFaults, run, log):
    """The server takes the connection and never answers: what is logged meanwhile just waits."""
    road.plan(lambda exchange, _: road.closing.wait(DEADLINE_S), times=1_000_000)
    handler = log(waiting_items=100, close_s=0.1)
    say("first")
    wait_until(lambda: len(road.requests) == 1)
    for number in range(5000):
        say(f"event {number}")
    assert len(road.requests) == 1, "the first request is still under way"
    assert handler.delivery.waiting == 101
    assert handler.delivery.dropped == 4900
