"""From a worker's segments to batches: when one ends, and what an outage of the store does."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.errors import ConfigurationError
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.experience_transport import create_buffer, create_publisher
from deepracer_core.model_store import open_storage
from deepracer_core.pace import IterationShare
from deepracer_core.rollout_parameters import RolloutParameters
from deepracer_core.rollout_publisher import RolloutPublisher
from deepracer_core.run_status import RunStatus
from http_faults import HttpFaults, refuse, reset

from deepracer_core import rollout_publisher

STEPS = 10


def segment(number: int, size: int = 100) -> bytes:
    return f"{number:08d}".encode() + bytes(size - 8)


def numbers(claimed: list[tuple[int, bytes]]) -> list[int]:
    return [int(data[:8]) for _, data in claimed]


def record(number: int) -> EpisodeRecord:
    return EpisodeRecord(
        worker=0,
        number=number,
        mode="training",
        policy_version=0,
        status=EpisodeStatus.OFF_TRACK,
        steps=10,
        progress=1.0,
        reward=3.0,
        duration_s=0.66,
        start_distance=0.0,
        wall_clock=1.7e9,
    )


class Batches:
    """A run by s3 in a folder, whose batches can be counted.

    Attributes:
        sizes: segments of each batch that was appended.
    """

    def __init__(self, client: redis.Redis, folder: Path, **bounds: int) -> None:
        given = RolloutParameters(experience_transport="s3", store=str(folder), **bounds)
        self.buffer = create_buffer(given, client)
        self.status = RunStatus(client, given.run)
        self.sizes: list[int] = []
        append = self.buffer.append_batch

        def append_batch(segments: list[bytes], sequence: int) -> int:
            self.sizes.append(len(segments))
            return append(segments, sequence)

        self.buffer.append_batch = append_batch  # type: ignore[method-assign, assignment]

    def publisher(self, episodes: int, steps: int, **bounds: int) -> RolloutPublisher:
        share = IterationShare(episodes=episodes, steps=steps)
        return RolloutPublisher(self.buffer, self.status, share, **bounds)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No batch ends because of its age."""
    monkeypatch.setattr(rollout_publisher, "GATHERING_S", 1000.0)


def test_a_batch_ends_with_the_steps_of_an_iteration(
    client: redis.Redis, tmp_path: Path, patient: None
) -> None:
    batches = Batches(client, tmp_path)
    with batches.publisher(episodes=99, steps=35) as writer:
        for i in range(10):
            writer.segment(segment(i), STEPS, ends_episode=False)
        wait_until(lambda: writer.stats.delivered == 8)
        assert writer.stats.backlog == 2
        assert batches.sizes == [4, 4]
    assert batches.sizes == [4, 4, 2]
    assert numbers(batches.buffer.claim(99, 0.0)) == list(range(10))


def test_a_batch_ends_with_the_episodes_of_an_iteration(
    client: redis.Redis, tmp_path: Path, patient: None
) -> None:
    batches = Batches(client, tmp_path)
    with batches.publisher(episodes=2, steps=10_000) as writer:
        for i in range(9):
            writer.segment(segment(i), STEPS, ends_episode=i % 3 == 2)
    assert batches.sizes == [6, 3]


def test_a_batch_ends_after_a_while_so_that_nobody_waits_for_the_rest(
    client: redis.Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_publisher, "GATHERING_S", 0.5)
    batches = Batches(client, tmp_path)
    with batches.publisher(episodes=99, steps=10_000) as writer:
        began = time.monotonic()
        for i in range(3):
            writer.segment(segment(i), STEPS, ends_episode=False)
        assert numbers(batches.buffer.claim(99, 30.0)) == [0, 1, 2]
        assert 0.4 < time.monotonic() - began < 10.0
        writer.segment(segment(3), STEPS, ends_episode=False)
        assert numbers(batches.buffer.claim(99, 30.0)) == [3]
    assert batches.sizes == [3, 1]


def test_a_batch_is_a_small_part_of_the_buffer(
    client: redis.Redis, tmp_path: Path, patient: None
) -> None:
    few = Batches(client, tmp_path, buffer_segments=12)
    with few.publisher(episodes=99, steps=10_000) as writer:
        for i in range(7):
            writer.segment(segment(i), STEPS, ends_episode=False)
    assert few.sizes == [3, 3, 1]
    small = Batches(client, tmp_path, buffer_megabytes=1)
    with small.publisher(episodes=99, steps=10_000) as writer:
        for i in range(7):
            writer.segment(segment(i, 100_000), STEPS, ends_episode=False)
        writer.segment(segment(7, 500_000), STEPS, ends_episode=False)
    assert small.sizes == [2, 2, 2, 1, 1]
    assert small.buffer.stats().appended == 15


def test_a_record_does_not_wait_for_the_batch(
    client: redis.Redis, tmp_path: Path, patient: None
) -> None:
    batches = Batches(client, tmp_path)
    with batches.publisher(episodes=99, steps=10_000) as writer:
        writer.segment(segment(0), STEPS, ends_episode=True)
        writer.episode(record(0))
        wait_until(lambda: len(batches.status.episodes()) == 1)
        assert batches.sizes == []


def test_an_outage_of_the_store_is_waited_through(
    client: redis.Redis,
    bucket: str,
    s3_faults: HttpFaults,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = f"s3://{bucket}/run?endpoint_url={s3_faults.url}"
    given = RolloutParameters(experience_transport="s3", store=store)
    buffer = create_buffer(given, client)
    s3_faults.plan(reset, times=1_000_000)
    share = IterationShare(episodes=99, steps=2 * STEPS)
    with RolloutPublisher(buffer, RunStatus(client, "default"), share, max_items=40) as writer:
        for i in range(100):
            writer.segment(segment(i), STEPS, ends_episode=False)
        wait_until(lambda: not writer.stats.available)
        stats = writer.stats
        # Two are in the hands of the thread, the newest wait.
        assert stats.delivered == 0
        assert stats.dropped + stats.backlog == 100
        assert 40 <= stats.backlog <= 42
        s3_faults.heal()
        wait_until(lambda: writer.stats.backlog == 0)
        assert writer.stats.available
    claimed = numbers(buffer.claim(99, 1.0))
    assert claimed[-40:] == list(range(60, 100))
    told = [
        each.message for each in caplog.records if "the store of the experience" in each.message
    ]
    assert len(told) == 2
    assert "the simulation goes on, its experience waits in a backlog" in told[0]
    assert "is back after" in told[1]


def test_what_the_parameters_ask_for(client: redis.Redis, tmp_path: Path) -> None:
    hyperparameters = tmp_path / "hyperparameters.json"
    hyperparameters.write_text('{"num_episodes_between_training": 6}')
    given = RolloutParameters(
        experience_transport="s3",
        store=str(tmp_path / "store"),
        run="mine",
        workers=3,
        hyperparameters=str(hyperparameters),
    )
    with create_publisher(given, create_buffer(given, client), RunStatus(client, "mine")) as writer:
        for i in range(4):
            writer.segment(segment(i), STEPS, ends_episode=True)
    storage = open_storage(str(tmp_path / "store"))
    assert len(list(storage.keys("experience/mine/"))) == 2

    given = RolloutParameters(store=str(tmp_path / "store"), run="other")
    with create_publisher(
        given, create_buffer(given, client), RunStatus(client, "other")
    ) as writer:
        writer.segment(segment(0), STEPS, ends_episode=True)
    assert list(storage.keys("experience/other/")) == []
    assert numbers(ExperienceBuffer(client, "other").claim(9, 0.0)) == [0]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"experience_transport": "S3"},
            "experience_transport: expected one of redis, s3, got 'S3'",
        ),
        ({"experience_transport": "s3", "store": ""}, "store names none"),
        ({"experience_transport": "s3", "store": "/dev/null/x"}, "no file in the place of a dir"),
        ({"experience_transport": "s3", "store": "ftp://x"}, "s3://bucket/prefix"),
    ],
)
def test_what_cannot_be_used_is_named_at_once(
    client: redis.Redis, changed: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        create_buffer(RolloutParameters(**changed), client)


def test_a_store_that_is_away_at_the_start_is_waited_for_but_not_one_that_refuses(
    client: redis.Redis, bucket: str, s3_faults: HttpFaults, caplog: pytest.LogCaptureFixture
) -> None:
    store = f"s3://{bucket}/run?endpoint_url={s3_faults.url}"
    given = RolloutParameters(experience_transport="s3", store=store)
    s3_faults.plan(refuse(503, "SlowDown"), times=1000)
    with caplog.at_level(logging.WARNING):
        buffer = create_buffer(given, client)
    assert "experience waits for its store" in caplog.text
    s3_faults.heal()
    buffer.append(segment(0))
    s3_faults.plan(refuse(403, "AccessDenied"), times=1000)
    with pytest.raises(ConfigurationError, match="allow s3:GetObject"):
        create_buffer(given, client)


def wait_until(condition: Callable[[], bool], deadline_s: float = 30.0) -> None:
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
