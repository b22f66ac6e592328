"""Redis goes away and comes back: nothing is lost that fits, and nobody is stopped."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.free_port import free_port
from deepracer_core.pace import IterationShare
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.rollout_publisher import RolloutPublisher
from deepracer_core.run_status import RunStatus


def segment(number: int, size: int = 20_000) -> bytes:
    return f"{number:08d}".encode() + bytes(size - 8)


def number_of(data: bytes) -> int:
    return int(data[:8])


def record(number: int) -> EpisodeRecord:
    return EpisodeRecord(
        worker=0,
        number=number,
        mode="training",
        policy_version=3,
        status=EpisodeStatus.OFF_TRACK,
        steps=10,
        progress=12.5,
        reward=3.0,
        duration_s=0.66,
        start_distance=0.0,
        wall_clock=1.7e9,
    )


def kill(server: RedisServer) -> None:
    os.kill(server.pid, signal.SIGKILL)
    server.wait()


OpenBuffer = Callable[..., ExperienceBuffer]
Publisher = Callable[..., RolloutPublisher]


@pytest.fixture
def publisher(open_buffer: OpenBuffer) -> Publisher:
    """Opens a publisher by each transport; segments go one by one unless there is a share."""

    def publisher(client: redis.Redis, **options: Any) -> RolloutPublisher:
        return RolloutPublisher(open_buffer(client), RunStatus(client, "run"), **options)

    return publisher


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_whole_stream_survives_killed_servers(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    open_buffer: OpenBuffer,
    publisher: Publisher,
    batch_size: int,
) -> None:
    """Writer and reader go on through two kills; each segment arrives once, in order."""
    port = free_port()
    total = 150
    server = RedisServer(tmp_path, port).start()
    reader_client = connect(server.url)
    reader = open_buffer(reader_client)
    seen: list[int] = []

    def read() -> None:
        deadline = time.monotonic() + 60
        while len(seen) < total and time.monotonic() < deadline:
            claimed = reader.claim(4, block_s=1.0)
            seen.extend(number_of(data) for _, data in claimed)
            reader.acknowledge([each for each, _ in claimed])

    thread = threading.Thread(target=read)
    thread.start()
    writer_client = connect(server.url)
    share = IterationShare(episodes=total, steps=batch_size)
    with publisher(writer_client, share=share) as writer:
        waiting_in_outages: list[int] = []
        for i in range(total):
            writer.segment(segment(i), 1, ends_episode=False)
            time.sleep(0.005)
            if i in (40, 90):
                kill(server)
            if i in (70, 120):
                waiting_in_outages.append(writer.stats.backlog)
                server = RedisServer(tmp_path, port).start()
        thread.join(60)
        assert writer.close(30.0) == 0
        assert (writer.stats.delivered, writer.stats.dropped) == (total, 0)
    assert seen == list(range(total))
    assert reader.claim(9, 0.0) == []
    assert reader.stats().acknowledged == total
    # Handing over went on while the server was away.
    assert all(waiting >= 25 for waiting in waiting_in_outages)
    told = [each.message for each in caplog.records if each.levelno >= logging.WARNING]
    # Writer and reader each tell of both outages once, unless one did not notice.
    assert 2 <= len([line for line in told if "Redis is away" in line]) <= 4
    assert len([line for line in told if "Redis is back" in line]) == len(told) // 2
    server.stop()


def test_what_was_claimed_and_not_acknowledged_survives_a_killed_server(
    tmp_path: Path, open_buffer: OpenBuffer
) -> None:
    with RedisServer(tmp_path) as server:
        buffer = open_buffer(connect(server.url))
        for i in range(4):
            buffer.append(segment(i))
        claimed = buffer.claim(3, 0.0)
        buffer.acknowledge([claimed[0][0]])
        kill(server)
    with RedisServer(tmp_path) as server:
        following = open_buffer(connect(server.url))
        assert [number_of(data) for _, data in following.claim(9, 0.0)] == [1, 2, 3]
        stats = following.stats()
        assert (stats.appended, stats.claimed, stats.acknowledged) == (4, 4, 1)


def test_a_reader_waits_through_an_outage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, open_buffer: OpenBuffer
) -> None:
    port = free_port()
    server = RedisServer(tmp_path, port).start()
    buffer = open_buffer(connect(server.url))
    buffer.append(segment(0))
    buffer.append(segment(1))
    ((first, _),) = buffer.claim(1, 0.0)
    kill(server)

    # At its deadline it returns with nothing; what was learnt from is remembered.
    assert buffer.claim(1, block_s=0.2) == []
    assert buffer.wait_appended(5, block_s=0.2) == 0
    buffer.acknowledge([first])
    with pytest.raises(redis.ConnectionError):
        buffer.sample(1, np.random.default_rng(0), patience_s=0.2)

    claimed: list[tuple[int, bytes]] = []
    waiting = threading.Thread(target=lambda: claimed.extend(buffer.claim(9, block_s=60.0)))
    waiting.start()
    time.sleep(0.3)
    with RedisServer(tmp_path, port):
        waiting.join(60)
        assert [number_of(data) for _, data in claimed] == [1]
        assert buffer.stats().acknowledged == 1
        assert number_of(buffer.sample(1, np.random.default_rng(0))[0]) == 1
    told = [each.message for each in caplog.records if "Redis is" in each.message]
    assert [line.split(" (")[0].split(" after")[0] for line in told] == [
        "Redis is away",
        "Redis is back",
    ]
    assert "the trainer waits" in told[0]


def test_a_full_backlog_drops_the_oldest_and_never_waits(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    open_buffer: OpenBuffer,
    publisher: Publisher,
) -> None:
    port = free_port()
    server = RedisServer(tmp_path, port).start()
    client = connect(server.url)
    writer = publisher(client, max_items=5, max_bytes=1_000_000)
    writer.segment(segment(0), 1, ends_episode=False)
    wait_until(lambda: writer.stats.delivered == 1)
    assert writer.stats.available
    kill(server)
    writer.segment(segment(1), 1, ends_episode=False)
    wait_until(lambda: not writer.stats.available)
    for i in range(2, 22):
        writer.segment(segment(i), 1, ends_episode=False)
    stats = writer.stats
    # One is in the hands of the thread, five wait.
    assert (stats.delivered, stats.dropped, stats.backlog) == (1, 15, 6)
    with RedisServer(tmp_path, port):
        wait_until(lambda: writer.stats.delivered == 7)
        reader = open_buffer(client)
        numbers = [number_of(data) for _, data in reader.claim(99, 0.0)]
        assert numbers == [0, 1, *range(17, 22)]
        assert writer.stats.available
        assert writer.close() == 0
    told = [each.message for each in caplog.records]
    assert len([line for line in told if "Redis is away" in line]) == 1
    assert len([line for line in told if "backlog is full" in line]) == 1
    assert len([line for line in told if "Redis is back" in line]) == 1


def test_the_backlog_is_bounded_in_bytes(publisher: Publisher) -> None:
    client = redis.Redis(port=free_port())
    writer = publisher(client, max_bytes=100_000)
    for i in range(20):
        writer.segment(segment(i, 30_000), 1, ends_episode=False)
    assert writer.stats.backlog <= 4
    left = writer.close(deadline_s=0.1)
    assert left == writer.stats.backlog > 0
    assert left + writer.stats.dropped == 20


@pytest.mark.parametrize("batch_size", [1, 30])
def test_closing_delivers_what_is_left(
    client: redis.Redis,
    open_buffer: OpenBuffer,
    publisher: Publisher,
    batch_size: int,
) -> None:
    share = IterationShare(episodes=50, steps=batch_size)
    with publisher(client, share=share) as writer:
        for i in range(50):
            writer.segment(segment(i), 1, ends_episode=False)
        writer.episode(record(0))
    assert writer.stats.delivered == 51
    assert writer.close() == 0
    numbers = [number_of(data) for _, data in open_buffer(client).claim(99, 0.0)]
    assert numbers == list(range(50))
    assert [each.number for _, each in RunStatus(client, "run").episodes()] == [0]


def test_a_segment_that_can_never_be_stored_is_dropped_and_told(
    client: redis.Redis, caplog: pytest.LogCaptureFixture, open_buffer: OpenBuffer
) -> None:
    buffer = open_buffer(client, max_bytes=1000)
    with RolloutPublisher(buffer, RunStatus(client, "run")) as writer:
        writer.segment(bytes(2000), 1, ends_episode=False)
        writer.segment(bytes(10), 1, ends_episode=False)
    assert (writer.stats.delivered, writer.stats.dropped) == (1, 1)
    assert "segment of 2000 bytes does not fit" in caplog.text


def test_a_server_without_memory_is_an_outage_that_ends(tmp_path: Path) -> None:
    with RedisServer(tmp_path, max_memory_bytes=4 << 20) as server:
        client = connect(server.url)
        reader = ExperienceBuffer(client, "run")
        with RolloutPublisher(reader, RunStatus(client, "run")) as writer:
            for i in range(40):
                writer.segment(segment(i, 200_000), 1, ends_episode=False)
            wait_until(lambda: not writer.stats.available)
            seen: list[int] = []
            while len(seen) < 40:
                claimed = reader.claim(4, block_s=10.0)
                assert claimed
                seen += [number_of(data) for _, data in claimed]
                reader.acknowledge([each for each, _ in claimed])
        assert seen == list(range(40))
        assert reader.stats().bytes == 0


def wait_until(condition: Callable[[], bool], deadline_s: float = 30.0) -> None:
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
