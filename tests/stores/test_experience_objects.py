"""Experience as objects of a store: what only this transport can go wrong with."""

import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from deepracer_core.errors import ConfigurationError
from deepracer_core.experience_buffer import BufferStats, ExperienceBuffer
from deepracer_core.experience_objects import ExperienceObjects, pack, unpack
from deepracer_core.model_store import (
    Storage,
    StoreConfigurationError,
    StoreUnavailable,
    open_storage,
)
from deepracer_core.redis_server import RedisServer
from http_faults import HttpFaults, delay, lose_answer, refuse, reset, truncate

from deepracer_core import experience_reader

OpenBuffer = Callable[..., ExperienceBuffer]

in_stores = pytest.mark.parametrize("experience_store", ["folder", "s3"], indirect=True)


def batch(first: int, count: int, size: int = 100) -> list[bytes]:
    return [f"{i:08d}".encode() + bytes(size - 8) for i in range(first, first + count)]


def numbers(claimed: list[tuple[int, bytes]]) -> list[int]:
    return [int(data[:8]) for _, data in claimed]


@pytest.fixture
def storage(experience_store: str) -> Storage:
    return open_storage(experience_store)


@pytest.fixture
def behind_faults(bucket: str, s3_faults: HttpFaults) -> str:
    """Address of a store in S3, reached over a proxy that misbehaves."""
    return f"s3://{bucket}/run?endpoint_url={s3_faults.url}"


def opened(client: redis.Redis, store: str, **bounds: int) -> ExperienceBuffer:
    return ExperienceBuffer(client, "run", objects=ExperienceObjects.open(store, "run"), **bounds)


def keys(storage: Storage) -> list[str]:
    return sorted(storage.keys("experience/"))


@pytest.mark.parametrize("segments", [[], [b""], [b"a", b"", bytes(range(256))], batch(0, 40)])
def test_a_batch_comes_back_as_it_was(segments: list[bytes]) -> None:
    assert unpack(pack(segments)) == segments


@pytest.mark.parametrize(
    "data",
    [b"", b"short", bytes([255] * 16), pack(batch(0, 3))[:-1], pack(batch(0, 3)) + b"x"],
)
def test_bytes_that_are_no_batch(data: bytes) -> None:
    with pytest.raises(ValueError, match="expected a batch of"):
        unpack(data)


@in_stores
def test_a_batch_is_one_object_and_redis_has_its_key_alone(
    client: redis.Redis, open_buffer: OpenBuffer, storage: Storage
) -> None:
    buffer = open_buffer(client)
    buffer.append_batch(batch(0, 5, size=50_000))
    (key,) = keys(storage)
    assert key.startswith("experience/run/")
    stored = storage.read(key)
    assert stored is not None
    assert unpack(stored.data) == batch(0, 5, size=50_000)
    held = sum(client.memory_usage(name) or 0 for name in client.keys("deepracer:*"))
    assert held < 10_000
    assert buffer.stats() == BufferStats(5, 250_000, 5, 0, 0, 0)
    assert numbers(buffer.claim(3, 0.0)) == [0, 1, 2]
    assert numbers(buffer.claim(3, 0.0)) == [3, 4]


@in_stores
def test_an_object_goes_with_its_last_segment(
    client: redis.Redis, open_buffer: OpenBuffer, storage: Storage
) -> None:
    buffer = open_buffer(client, max_segments=6)
    buffer.append_batch(batch(0, 3))
    buffer.append_batch(batch(3, 3))
    first, second = keys(storage)
    claimed = [identifier for identifier, _ in buffer.claim(9, 0.0)]
    buffer.acknowledge(claimed[3:5])
    assert keys(storage) == [first, second]
    # One of the first object is learnt from, two are evicted.
    buffer.acknowledge(claimed[:1])
    assert buffer.append_batch(batch(6, 4)) == 1
    assert first in keys(storage)
    assert buffer.append_batch(batch(10, 1)) == 1
    assert first not in keys(storage)
    buffer.acknowledge(claimed)
    assert second not in keys(storage)
    assert buffer.stats() == BufferStats(5, 500, 11, 2, 6, 4)
    buffer.clear()
    assert keys(storage) == []


@in_stores
def test_announcing_again_changes_nothing(
    client: redis.Redis, open_buffer: OpenBuffer, storage: Storage
) -> None:
    buffer = open_buffer(client)
    for sequence in (0, 0, 1, 0, 1):
        buffer.append_batch(batch(10 * sequence, 2), sequence=sequence)
    assert buffer.stats().appended == 4
    claimed = buffer.claim(9, 0.0)
    assert numbers(claimed) == [0, 1, 10, 11]
    buffer.acknowledge(identifier for identifier, _ in claimed)
    # The answer to the announcement was lost, and all of it is learnt from by now.
    buffer.append_batch(batch(10, 2), sequence=1)
    assert buffer.claim(9, 0.0) == []
    assert keys(storage) == []


def test_an_object_is_whole_before_its_key_is_announced(
    client: redis.Redis, behind_faults: str, s3_faults: HttpFaults
) -> None:
    s3_faults.plan(delay(0.2), times=3, method="PUT")
    writer, reader = (opened(client, behind_faults) for _ in range(2))
    thread = threading.Thread(
        target=lambda: [writer.append_batch(batch(8 * i, 8, size=200_000)) for i in range(3)]
    )
    thread.start()
    seen: list[int] = []
    while len(seen) < 24:
        claimed = reader.claim(5, 10.0)
        assert claimed
        seen += numbers(claimed)
    thread.join()
    assert seen == list(range(24))
    assert (reader.stats().late, reader.stats().lost) == (0, 0)


@pytest.mark.parametrize(
    "fault",
    [refuse(500, "InternalError"), refuse(503, "SlowDown"), reset, lose_answer],
    ids=["500", "503", "reset", "answer lost"],
)
def test_a_writer_is_told_of_a_fault_and_writes_again(
    client: redis.Redis, behind_faults: str, s3_faults: HttpFaults, fault: Callable[..., None]
) -> None:
    buffer = opened(client, behind_faults)
    s3_faults.plan(fault, times=3, method="PUT")
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            buffer.append_batch(batch(0, 2), sequence=0)
        assert buffer.claim(9, 0.0) == []
    buffer.append_batch(batch(0, 2), sequence=0)
    assert numbers(buffer.claim(9, 0.0)) == [0, 1]


@pytest.mark.parametrize(
    "fault",
    [refuse(500, "InternalError"), reset, truncate(100_000), truncate(0)],
    ids=["500", "reset", "truncated", "empty"],
)
def test_a_reader_waits_through_faults_and_loses_nothing(
    client: redis.Redis,
    behind_faults: str,
    s3_faults: HttpFaults,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[..., None],
) -> None:
    buffer = opened(client, behind_faults)
    buffer.append_batch(batch(0, 4, size=100_000))
    s3_faults.plan(fault, times=1000, method="GET", path_end=".segments")
    assert buffer.claim(9, 0.3) == []
    assert buffer.claim(9, 0.3) == []
    s3_faults.heal()
    assert numbers(buffer.claim(9, 10.0)) == [0, 1, 2, 3]
    assert (buffer.stats().late, buffer.stats().lost) == (0, 0)
    told = [each.message for each in caplog.records if each.levelno >= logging.WARNING]
    assert [line.split(" (")[0].split(" after")[0] for line in told] == [
        "the store of the experience is away",
        "the store of the experience is back",
    ]


def test_a_late_object_is_waited_for_and_counted(
    client: redis.Redis, behind_faults: str, s3_faults: HttpFaults
) -> None:
    buffer = opened(client, behind_faults)
    buffer.append_batch(batch(0, 4))
    s3_faults.plan(refuse(404, "NoSuchKey"), times=3, method="GET", path_end=".segments")
    assert numbers(buffer.claim(9, 30.0)) == [0, 1, 2, 3]
    assert (buffer.stats().late, buffer.stats().lost) == (1, 0)


@in_stores
@pytest.mark.parametrize("damage", ["deleted", "cut short"])
def test_a_lost_object_is_given_up_after_a_while_and_counted(
    client: redis.Redis,
    open_buffer: OpenBuffer,
    storage: Storage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    damage: str,
) -> None:
    monkeypatch.setattr(experience_reader, "LATE_S", 0.5)
    buffer = open_buffer(client)
    buffer.append_batch(batch(0, 2))
    buffer.append_batch(batch(2, 20))
    buffer.append_batch(batch(22, 2))
    lost = keys(storage)[1]
    if damage == "deleted":
        storage.delete(lost)
    else:
        storage.write(lost, pack(batch(2, 20))[:-5])
    started = time.monotonic()
    # What comes before it does not wait.
    assert numbers(buffer.claim(9, 10.0)) == [0, 1]
    assert numbers(buffer.claim(99, 10.0)) == [22, 23]
    assert 0.3 < time.monotonic() - started < 5.0
    assert buffer.stats() == BufferStats(4, 400, 24, 0, 24, 0, lost=20, late=1)
    errors = [each.message for each in caplog.records if "segments are lost" in each.message]
    assert len(errors) == 1
    assert lost in errors[0]
    assert buffer.claim(9, 0.0) == []


@in_stores
def test_many_lost_objects_cost_one_wait(
    client: redis.Redis,
    open_buffer: OpenBuffer,
    storage: Storage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(experience_reader, "LATE_S", 1.0)
    buffer = open_buffer(client)
    for i in range(10):
        buffer.append_batch(batch(2 * i, 2))
    for key in keys(storage):
        storage.delete(key)
    buffer.append_batch(batch(100, 2))
    started = time.monotonic()
    assert numbers(buffer.claim(99, 20.0)) == [100, 101]
    assert time.monotonic() - started < 4.0
    assert buffer.stats().lost == 20


@in_stores
def test_what_is_evicted_and_deleted_while_it_is_read_is_not_lost(
    client: redis.Redis, open_buffer: OpenBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, reader = (open_buffer(client, max_segments=4) for _ in range(2))
    writer.append_batch(batch(0, 4))
    read = ExperienceObjects.read

    def read_too_late(objects: ExperienceObjects, key: str) -> list[bytes] | None:
        monkeypatch.undo()
        writer.append_batch(batch(4, 4))
        return read(objects, key)

    monkeypatch.setattr(ExperienceObjects, "read", read_too_late)
    assert numbers(reader.claim(9, 10.0)) == [4, 5, 6, 7]
    assert reader.stats() == BufferStats(4, 400, 8, 4, 8, 0)


def test_objects_stay_while_the_store_refuses_to_delete_and_go_later(
    client: redis.Redis,
    behind_faults: str,
    s3_faults: HttpFaults,
    caplog: pytest.LogCaptureFixture,
) -> None:
    buffer = opened(client, behind_faults)
    storage = open_storage(behind_faults)
    s3_faults.plan(refuse(403, "AccessDenied"), times=2, method="DELETE")
    for i in range(2):
        buffer.append_batch(batch(i, 1))
        buffer.acknowledge(identifier for identifier, _ in buffer.claim(1, 1.0))
    assert buffer.stats().acknowledged == 2
    assert len(keys(storage)) == 2
    told = [each.message for each in caplog.records if "stay for now" in each.message]
    assert len(told) == 1
    assert "s3:DeleteObject" in told[0]
    buffer.append_batch(batch(2, 1))
    buffer.acknowledge(identifier for identifier, _ in buffer.claim(1, 1.0))
    assert keys(storage) == []


def test_a_reader_that_may_not_read_is_told_in_one_line(
    client: redis.Redis, behind_faults: str, s3_faults: HttpFaults
) -> None:
    buffer = opened(client, behind_faults)
    buffer.append_batch(batch(0, 1))
    s3_faults.plan(refuse(403, "AccessDenied"), times=1000, method="GET", path_end=".segments")
    with pytest.raises(StoreConfigurationError, match="allow s3:GetObject") as told:
        buffer.claim(1, 60.0)
    assert "\n" not in str(told.value)
    assert buffer.stats().lost == 0


@pytest.mark.parametrize("experience_store", ["folder"], indirect=True)
def test_a_reader_takes_both_transports_and_says_when_it_was_given_no_store(
    client: redis.Redis, open_buffer: OpenBuffer
) -> None:
    through_redis, through_store = ExperienceBuffer(client, "run"), open_buffer(client)
    through_redis.append_batch(batch(0, 2))
    through_store.append_batch(batch(2, 2))
    through_redis.append_batch(batch(4, 1))
    reader = open_buffer(client)
    claimed = reader.claim(9, 0.0)
    assert numbers(claimed) == [0, 1, 2, 3, 4]
    with pytest.raises(ConfigurationError, match=r"object .*experience/run/.* given no store"):
        through_redis.claim(9, 0.0)
    reader.acknowledge(identifier for identifier, _ in claimed)
    assert reader.stats() == BufferStats(0, 0, 5, 0, 5, 5)


@pytest.fixture
def start(shared_redis: RedisServer, experience_store: str) -> Iterator[Callable[[str], str]]:
    """Start a program that writes or reads; gives what it said before it stood still, killed."""

    def start(what: str) -> str:
        program = Path(__file__).with_name("use_experience_until_killed.py")
        process = subprocess.Popen(
            [sys.executable, str(program), shared_redis.url, experience_store, "run", what],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))},
        )
        assert process.stdout is not None
        said = process.stdout.readline()
        process.kill()
        process.wait()
        return said.strip()

    return start


@in_stores
def test_what_a_killed_worker_uploaded_and_did_not_announce_expires(
    client: redis.Redis,
    open_buffer: OpenBuffer,
    storage: Storage,
    start: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    writer = open_buffer(client)
    writer.append_batch(batch(0, 2))
    (needed,) = keys(storage)
    left = start("upload")
    assert keys(storage) == sorted([needed, left])
    assert writer.stats().appended == 2

    young = ExperienceBuffer(client, "run", objects=ExperienceObjects(storage, "run"))
    assert numbers(young.claim(9, 0.0)) == [0, 1]
    assert keys(storage) == sorted([needed, left])
    # S3's stamps are whole seconds.
    wait_until(lambda: all(age > 0.1 for _, age in storage.ages("experience/")))
    objects = ExperienceObjects(storage, "run", expire_after_s=0.05)
    with caplog.at_level(logging.INFO):
        trainer = ExperienceBuffer(client, "run", objects=objects)
        assert numbers(trainer.claim(9, 0.0)) == [0, 1]
    assert "1 old objects of experience that nobody needs are deleted" in caplog.text
    assert keys(storage) == [needed]


@in_stores
def test_what_a_killed_trainer_claimed_comes_again(
    client: redis.Redis, open_buffer: OpenBuffer, start: Callable[[str], str]
) -> None:
    writer = open_buffer(client)
    writer.append_batch(batch(0, 3))
    claimed = json.loads(start("claim"))
    assert len(claimed) == 3
    writer.append_batch(batch(3, 1))
    following = open_buffer(client)
    assert numbers(following.claim(9, 0.0)) == [0, 1, 2, 3]
    assert following.stats() == BufferStats(4, 400, 4, 0, 4, 0)


@in_stores
def test_an_object_that_waits_long_for_its_announcement_does_not_expire(
    client: redis.Redis, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis is away meanwhile; back, the trainer looks for old objects before the writer tells."""
    objects = ExperienceObjects(storage, "run", expire_after_s=4.0)
    writer = ExperienceBuffer(client, "run", objects=objects)

    def away(*_: object) -> int:
        raise redis.ConnectionError("away")

    with monkeypatch.context() as outage:
        outage.setattr(writer._ledger, "append_object", away)
        end = time.monotonic() + 6.0
        while time.monotonic() < end:
            with pytest.raises(redis.ConnectionError):
                writer.append_batch(batch(0, 2), sequence=0)
            time.sleep(0.2)
    reader = ExperienceBuffer(client, "run", objects=objects)
    assert reader.claim(9, 0.0) == []
    writer.append_batch(batch(0, 2), sequence=0)
    assert numbers(reader.claim(9, 1.0)) == [0, 1]


@in_stores
def test_experience_outlives_the_loss_of_redis_only_until_it_expires(
    client: redis.Redis, open_buffer: OpenBuffer, storage: Storage
) -> None:
    open_buffer(client).append_batch(batch(0, 2))
    client.flushall()
    wait_until(lambda: all(age > 0.1 for _, age in storage.ages("experience/")))
    objects = ExperienceObjects(storage, "run", expire_after_s=0.05)
    assert ExperienceBuffer(client, "run", objects=objects).claim(9, 0.0) == []
    assert keys(storage) == []


@in_stores
def test_the_age_of_what_is_stored(storage: Storage) -> None:
    storage.write("experience/a", b"a")
    storage.write("other/b", b"b")
    wait_until(lambda: dict(storage.ages("experience/"))["experience/a"] > 0.5)
    assert 0.5 < dict(storage.ages("experience/"))["experience/a"] < 30.0
    storage.write("experience/a", b"c")
    assert dict(storage.ages("experience/"))["experience/a"] < 1.5


def test_a_folder_that_is_emptied_meanwhile_is_made_again(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    done = threading.Event()

    def empty() -> None:
        while not done.wait(0.0001):
            storage.delete("experience/run/other")

    thread = threading.Thread(target=empty)
    thread.start()
    try:
        for i in range(100):
            storage.write("experience/run/mine", str(i).encode())
            storage.delete("experience/run/mine")
    finally:
        done.set()
        thread.join()


def wait_until(condition: Callable[[], bool], deadline_s: float = 30.0) -> None:
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_documented_rule_is_one_that_a_bucket_takes(bucket: str, administrator: Any) -> None:
    text = (Path(__file__).parents[2] / "docs" / "using.md").read_text()
    rule = json.loads(re.search(r'^ +(\{"Rules": .*\})\'$', text, re.MULTILINE)[1])
    administrator.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rule)
    (kept,) = administrator.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    prefix = kept["Filter"]["Prefix"].removeprefix("prefix/")
    assert ExperienceObjects(open_storage("/nowhere"), "run").key("writer", 0).startswith(prefix)
