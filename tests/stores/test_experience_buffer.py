"""The experience buffer by each transport: bounds, both ways of learning, lost answers."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import redis
from deepracer_core.experience_buffer import BufferStats, ExperienceBuffer
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from tcp_faults import TcpFaults

OpenBuffer = Callable[..., ExperienceBuffer]


def segment(number: int, size: int = 100) -> bytes:
    return f"{number:08d}".encode() + bytes(size - 8)


def number_of(data: bytes) -> int:
    return int(data[:8])


@pytest.fixture
def buffer(client: redis.Redis, open_buffer: OpenBuffer) -> ExperienceBuffer:
    return open_buffer(client, max_segments=10, max_bytes=10_000)


@pytest.fixture
def lossy(
    shared_redis: RedisServer, client: redis.Redis
) -> Iterator[tuple[TcpFaults, redis.Redis]]:
    proxy = TcpFaults(int(shared_redis.url.rpartition(":")[2]))
    lossy = connect(f"redis://127.0.0.1:{proxy.port}")
    yield proxy, lossy
    lossy.close()
    proxy.close()


def test_an_empty_buffer(buffer: ExperienceBuffer) -> None:
    assert buffer.stats() == BufferStats(0, 0, 0, 0, 0, 0)
    assert buffer.claim(10, block_s=0.0) == []
    assert buffer.sample(5, np.random.default_rng(0)) == []
    assert buffer.wait_appended(1, block_s=0.0) == 0
    buffer.acknowledge([1, 2, 3])
    assert buffer.stats() == BufferStats(0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(("segments", "size"), [(0, 1), (1, 0), (-1, 1)])
def test_bounds_that_cannot_be(client: redis.Redis, segments: int, size: int) -> None:
    with pytest.raises(ValueError, match="bounds must be positive"):
        ExperienceBuffer(client, "run", segments, size)


def test_the_oldest_make_room_by_count(buffer: ExperienceBuffer) -> None:
    evicted = [buffer.append(segment(i)) for i in range(13)]
    assert evicted == [0] * 10 + [1] * 3
    assert buffer.stats() == BufferStats(10, 1000, 13, 3, 0, 0)
    assert [number_of(data) for _, data in buffer.claim(99, 0.0)] == list(range(3, 13))


def test_the_oldest_make_room_by_bytes(buffer: ExperienceBuffer) -> None:
    for i in range(3):
        assert buffer.append(segment(i, 3000)) == 0
    assert buffer.append(segment(3, 1000)) == 0
    assert buffer.append(b"x") == 1
    assert buffer.append(segment(5, 10_000)) == 4
    assert buffer.stats() == BufferStats(1, 10_000, 6, 5, 0, 0)


def test_a_segment_larger_than_the_buffer(buffer: ExperienceBuffer) -> None:
    buffer.append(segment(0))
    with pytest.raises(
        ValueError, match=r"segment of 10001 bytes does not fit .* of 10 segments and 10000 bytes"
    ):
        buffer.append(bytes(10_001))
    assert buffer.stats().segments == 1


def test_any_bytes_come_back_as_they_were(buffer: ExperienceBuffer) -> None:
    contents = [b"", bytes(range(256)), b"\r\n$5\r\n", np.random.default_rng(0).bytes(5000)]
    for content in contents:
        buffer.append(content)
    assert [data for _, data in buffer.claim(10, 0.0)] == contents


def test_each_segment_is_claimed_once_and_oldest_first(buffer: ExperienceBuffer) -> None:
    for i in range(5):
        buffer.append(segment(i))
    first, second = buffer.claim(3, 0.0), buffer.claim(3, 0.0)
    assert [number_of(data) for _, data in first + second] == [0, 1, 2, 3, 4]
    assert buffer.claim(3, 0.0) == []
    assert buffer.stats() == BufferStats(5, 500, 5, 0, 5, 0)
    # In any order, twice, and with one that never was.
    buffer.acknowledge([second[0][0], first[1][0], 12345])
    buffer.acknowledge([first[1][0]])
    assert buffer.stats() == BufferStats(3, 300, 5, 0, 5, 2)


def test_what_a_dead_trainer_did_not_acknowledge_comes_first(
    client: redis.Redis, buffer: ExperienceBuffer, open_buffer: OpenBuffer
) -> None:
    for i in range(4):
        buffer.append(segment(i))
    dead = open_buffer(client)
    claimed = dead.claim(3, 0.0)
    dead.acknowledge([claimed[1][0]])
    del dead

    buffer.append(segment(4))
    following = open_buffer(client)
    assert [number_of(data) for _, data in following.claim(2, 0.0)] == [0, 2]
    assert [number_of(data) for _, data in following.claim(9, 0.0)] == [3, 4]
    # Claimed by two, but each counted once.
    assert following.stats().claimed == 5


def test_evicted_while_claimed(buffer: ExperienceBuffer) -> None:
    for i in range(10):
        buffer.append(segment(i))
    claimed = buffer.claim(4, 0.0)
    for i in range(10, 12):
        buffer.append(segment(i))
    buffer.acknowledge(each for each, _ in claimed)
    assert buffer.stats() == BufferStats(8, 800, 12, 2, 4, 2)
    assert [number_of(data) for _, data in buffer.claim(99, 0.0)] == [*range(4, 12)]


def test_a_claim_waits_for_the_first_segment(client: redis.Redis, open_buffer: OpenBuffer) -> None:
    buffer = open_buffer(client)
    writer = open_buffer(client)
    threading.Timer(0.3, lambda: writer.append(segment(7))).start()
    start = time.monotonic()
    claimed = buffer.claim(5, block_s=60.0)
    assert [number_of(data) for _, data in claimed] == [7]
    assert 0.2 < time.monotonic() - start < 30


def test_a_claim_ends_at_its_deadline(buffer: ExperienceBuffer) -> None:
    buffer.append(segment(0))
    buffer.claim(1, 0.0)
    start = time.monotonic()
    assert buffer.claim(1, block_s=0.3) == []
    assert time.monotonic() - start >= 0.29


def test_waiting_for_so_many_segments(client: redis.Redis, open_buffer: OpenBuffer) -> None:
    buffer = open_buffer(client, max_segments=2)
    writer = open_buffer(client, max_segments=2)
    assert buffer.wait_appended(1, block_s=0.1) == 0

    def write() -> None:
        for i in range(5):
            writer.append(segment(i))

    threading.Timer(0.2, write).start()
    assert buffer.wait_appended(4, block_s=60.0) >= 4
    assert buffer.wait_appended(5, block_s=60.0) == 5


def test_drawing_is_uniform_with_replacement_and_repeatable(buffer: ExperienceBuffer) -> None:
    for i in range(5):
        buffer.append(segment(i))
    drawn = [number_of(data) for data in buffer.sample(5000, np.random.default_rng(3))]
    counts = Counter(drawn)
    assert sorted(counts) == [0, 1, 2, 3, 4]
    # Five standard deviations.
    assert all(abs(count - 1000) < 5 * np.sqrt(5000 * 0.2 * 0.8) for count in counts.values())
    again = [number_of(data) for data in buffer.sample(5000, np.random.default_rng(3))]
    other = [number_of(data) for data in buffer.sample(5000, np.random.default_rng(4))]
    assert again == drawn != other
    assert buffer.stats() == BufferStats(5, 500, 5, 0, 0, 0)


def test_drawing_while_segments_are_evicted(client: redis.Redis, open_buffer: OpenBuffer) -> None:
    writer = open_buffer(client, max_segments=3)
    reader = open_buffer(client, max_segments=3)
    for i in range(3):
        writer.append(segment(i, 10_000))
    done = threading.Event()

    def write() -> None:
        for i in range(3, 150):
            writer.append(segment(i, 10_000))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    rng = np.random.default_rng(0)
    while not done.is_set():
        drawn = reader.sample(20, rng)
        assert len(drawn) == 20
        assert all(data == segment(number_of(data), 10_000) for data in drawn)
    thread.join()


def test_many_writers_and_one_reader(
    shared_redis: RedisServer, client: redis.Redis, open_buffer: OpenBuffer
) -> None:
    def write(worker: int) -> None:
        own = connect(shared_redis.url)
        writer = open_buffer(own)
        for i in range(50):
            writer.append(segment(1000 * worker + i))
        own.close()

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for writer in writers:
        writer.start()
    reader = open_buffer(client)
    seen: list[int] = []
    while len(seen) < 200:
        claimed = reader.claim(7, block_s=30.0)
        assert claimed
        seen += [number_of(data) for _, data in claimed]
        reader.acknowledge(each for each, _ in claimed)
    for writer in writers:
        writer.join()
    assert sorted(seen) == sorted(1000 * worker + i for worker in range(4) for i in range(50))
    for worker in range(4):
        own = [number for number in seen if number // 1000 == worker]
        assert own == sorted(own)
    assert reader.stats() == BufferStats(0, 0, 200, 0, 200, 200)


def test_runs_do_not_meet(
    client: redis.Redis, buffer: ExperienceBuffer, open_buffer: OpenBuffer
) -> None:
    buffer.append(segment(1))
    other = open_buffer(client, "run2")
    assert other.claim(1, 0.0) == []
    other.append(segment(2))
    assert [number_of(data) for _, data in buffer.claim(9, 0.0)] == [1]
    other.clear()
    assert other.stats() == BufferStats(0, 0, 0, 0, 0, 0)
    assert buffer.stats().segments == 1


def test_ids_grow_over_the_loss_of_all_data(
    client: redis.Redis, buffer: ExperienceBuffer, open_buffer: OpenBuffer
) -> None:
    buffer.append(segment(0))
    ((before, _),) = buffer.claim(1, 0.0)
    client.flushall()
    client.script_flush()
    open_buffer(client).append(segment(1))
    ((after, data),) = buffer.claim(1, 1.0)
    assert number_of(data) == 1
    assert after > before


def test_the_same_sequence_number_is_added_once(buffer: ExperienceBuffer) -> None:
    for i in (0, 0, 1, 0, 1, 2):
        buffer.append(segment(i), sequence=i)
    assert buffer.stats().appended == 3
    assert [number_of(data) for _, data in buffer.claim(9, 0.0)] == [0, 1, 2]


def test_an_append_whose_answer_is_lost_is_added_once(
    lossy: tuple[TcpFaults, redis.Redis], client: redis.Redis, open_buffer: OpenBuffer
) -> None:
    proxy, over_proxy = lossy
    writer = open_buffer(over_proxy)
    writer.append(segment(0))
    for i in range(1, 6):
        proxy.lose_next_answer()
        writer.append(segment(i))
    assert proxy.answers_lost == 5
    reader = open_buffer(client)
    assert [number_of(data) for _, data in reader.claim(99, 0.0)] == [0, 1, 2, 3, 4, 5]
    assert reader.stats().appended == 6


def test_a_claim_whose_answer_is_lost_loses_nothing(
    lossy: tuple[TcpFaults, redis.Redis], buffer: ExperienceBuffer, open_buffer: OpenBuffer
) -> None:
    proxy, over_proxy = lossy
    for i in range(6):
        buffer.append(segment(i))
    reader = open_buffer(over_proxy)
    seen: list[int] = []
    for _ in range(3):
        proxy.lose_next_answer()
        claimed = reader.claim(2, 5.0)
        seen += [number_of(data) for _, data in claimed]
        proxy.lose_next_answer()
        reader.acknowledge([each for each, _ in claimed])
    assert reader.claim(9, 0.0) == []
    assert seen == [0, 1, 2, 3, 4, 5]
    assert proxy.answers_lost == 6
    assert buffer.stats() == BufferStats(0, 0, 6, 0, 6, 6)


def test_a_fault_that_does_not_pass_is_raised(
    client: redis.Redis, buffer: ExperienceBuffer
) -> None:
    client.set("deepracer:{run}:order", "something else")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        buffer.claim(1, block_s=60.0)


def test_throughput_of_large_segments(
    shared_redis: RedisServer,
    client: redis.Redis,
    capsys: pytest.CaptureFixture[str],
    open_buffer: OpenBuffer,
) -> None:
    data = np.random.default_rng(0).bytes(600_000)
    buffer = open_buffer(client, max_segments=64)
    count = 100
    start = time.perf_counter()
    for _ in range(count):
        buffer.append(data)
    appended = count / (time.perf_counter() - start)
    start = time.perf_counter()
    drawn = buffer.sample(count, np.random.default_rng(0))
    sampled = count / (time.perf_counter() - start)
    start = time.perf_counter()
    claimed = 0
    while got := buffer.claim(16, 0.0):
        claimed += len(got)
        buffer.acknowledge(each for each, _ in got)
    taken = claimed / (time.perf_counter() - start)
    assert all(each == data for each in drawn)
    assert claimed == 64
    with capsys.disabled():
        print(
            f"\nsegments of 600 kB: {appended:.0f} appended, {taken:.0f} claimed and acknowledged, "
            f"{sampled:.0f} drawn a second"
        )
