"""Throughput of experience from a worker to the trainer, through Redis and as objects of a store.

A writer and a reader at once, each a process of its own as worker and trainer are; segments of the
default shape, 32 steps of 160x120 pictures; objects of an iteration each, 32 segments. The store is
a folder, and a server that speaks S3's protocol over HTTP on this machine (moto's, written in
Python to test with: a real one is faster). Beside it, what the machine can do at most: copy memory,
and send bytes from one process to another.
"""

import argparse
import contextlib
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import numpy as np
from botocore.config import Config
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.experience_objects import ExperienceObjects, pack, unpack
from deepracer_core.pace import STEPS_BETWEEN_TRAINING, IterationShare
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer, free_port
from deepracer_core.rollout_publisher import RolloutPublisher
from deepracer_core.run_status import RunStatus
from deepracer_core.segment import Segment, SegmentMeta, encode

from benchmarks.machine import median_ms, save

SEED = 0
STEPS = 32
BATCH = STEPS_BETWEEN_TRAINING // STEPS
CLAIM = 16
"""Segments that the trainer claims at once."""

BUCKET = "experience"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Place:
    """Where a run's experience goes.

    Attributes:
        redis: address of the server.
        store: address of the store; None: all of it goes through Redis.
        run: name of the run.
    """

    redis: str
    store: str | None
    run: str

    def buffer(self) -> ExperienceBuffer:
        """One that evicts nothing."""
        objects = None if self.store is None else ExperienceObjects.open(self.store, self.run)
        return ExperienceBuffer(connect(self.redis), self.run, 10**6, 10**12, objects)


def make_segments(count: int) -> list[bytes]:
    """Encoded segments of the default shape, all different."""
    rng = np.random.default_rng(SEED)
    return [
        encode(
            Segment(
                observations={
                    "FRONT_FACING_CAMERA": rng.integers(0, 256, (STEPS + 1, 120, 160), np.uint8)
                },
                actions=rng.integers(0, 5, STEPS).astype(np.int32),
                rewards=rng.random(STEPS).astype(np.float32),
                terminated=False,
                truncated=False,
                meta=SegmentMeta("benchmark", 0, 0, i, 0, SEED, "meadow_loop", 1 + STEPS * i),
            )
        )
        for i in range(count)
    ]


def write(place: Place, batches: int, ready: Any, go: Any) -> None:
    """The writer's process."""
    segments, buffer = make_segments(BATCH), place.buffer()
    ready.set()
    go.wait()
    for _ in range(batches):
        if place.store is None:
            for segment in segments:
                buffer.append(segment)
        else:
            buffer.append_batch(segments)


def segments_per_second(place: Place, batches: int) -> float:
    """From the beginning of the writing to the last acknowledgement."""
    context = multiprocessing.get_context("spawn")
    ready, go = context.Event(), context.Event()
    writer = context.Process(target=write, args=(place, batches, ready, go))
    writer.start()
    reader = place.buffer()
    ready.wait()
    go.set()
    began = time.perf_counter()
    left = BATCH * batches
    while left:
        claimed = reader.claim(CLAIM, block_s=60.0)
        if not claimed:
            sys.exit(f"{place}: no experience came for a minute")
        reader.acknowledge(identifier for identifier, _ in claimed)
        left -= len(claimed)
    took = time.perf_counter() - began
    writer.join()
    return BATCH * batches / took


def last_segment_ms(place: Place) -> float:
    """Median time from handing over an iteration's last segment to the trainer's having it all."""
    segments, reader = make_segments(BATCH), place.buffer()
    share = IterationShare(episodes=BATCH, steps=STEPS_BETWEEN_TRAINING)
    whole = None if place.store is None else share
    status = RunStatus(connect(place.redis), place.run)
    times = []
    with RolloutPublisher(place.buffer(), status, whole) as publisher:
        for _ in range(15):
            claimed: list[tuple[int, bytes]] = []
            for segment in segments[:-1]:
                publisher.segment(segment, STEPS, ends_episode=False)
            while place.store is None and len(claimed) < BATCH - 1:
                claimed += reader.claim(CLAIM, block_s=60.0)
            began = time.perf_counter()
            publisher.segment(segments[-1], STEPS, ends_episode=False)
            while len(claimed) < BATCH:
                claimed += reader.claim(CLAIM, block_s=60.0)
            times.append(time.perf_counter() - began)
            reader.acknowledge(identifier for identifier, _ in claimed)
    return 1e3 * statistics.median(times)


def copying_bytes_per_second() -> float:
    """Of memory, in pieces of a batch."""
    source = np.frombuffer(pack(make_segments(BATCH)), np.uint8)
    target = np.empty_like(source)
    return source.nbytes / (1e-3 * median_ms(lambda: np.copyto(target, source), 50))


def send(port: int, total: int) -> None:
    """The sender's process."""
    data = bytes(CHUNK)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(total // CHUNK):
            connection.sendall(data)


def socket_bytes_per_second(total: int = 1 << 30) -> float:
    """Over TCP, from one process to another on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        arguments = (listener.getsockname()[1], total)
        sender = multiprocessing.get_context("spawn").Process(target=send, args=arguments)
        sender.start()
        connection, _ = listener.accept()
        target = bytearray(CHUNK)
        with connection:
            began = time.perf_counter()
            received = 0
            while received < total:
                received += connection.recv_into(target)
            took = time.perf_counter() - began
        sender.join()
    return total / took


def parts_ms(places: dict[str, Place]) -> dict[str, float]:
    """Milliseconds of each part of the way, one after the other."""
    segments = make_segments(BATCH)
    data = pack(segments)
    buffer = places["redis"].buffer()

    def take() -> None:
        buffer.acknowledge(each for each, _ in buffer.claim(CLAIM, 1.0))

    parts = {
        "redis: append a segment": median_ms(lambda: buffer.append(segments[0]), 200),
        f"redis: claim and acknowledge {CLAIM}": median_ms(take, 10),
        f"s3: pack {BATCH} segments": median_ms(lambda: pack(segments), 50),
        f"s3: unpack {BATCH} segments": median_ms(lambda: unpack(data), 50),
    }
    buffer.clear()
    for name, place in places.items():
        if place.store is None:
            continue
        objects = ExperienceObjects.open(place.store, "parts")
        numbers = iter(range(10_000))
        written: list[str] = []

        def put(objects=objects, numbers=numbers, written=written) -> None:
            written.append(objects.key("benchmark", next(numbers)))
            objects.write(written[-1], segments)

        parts[f"{name}: put a batch"] = median_ms(put, 20)
        keys = iter(written)
        parts[f"{name}: get a batch"] = median_ms(
            lambda objects=objects, keys=keys: objects.read(next(keys)), 20
        )
        keys = iter(written)
        parts[f"{name}: delete a batch"] = median_ms(
            lambda objects=objects, keys=keys: objects.delete(next(keys)), 20
        )
    return {name: round(value, 3) for name, value in parts.items()}


@contextlib.contextmanager
def s3_server(log: Path) -> Iterator[str]:
    """A server in a process of its own, with a bucket; gives its address."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    patient = Config(retries={"mode": "standard", "total_max_attempts": 10})
    try:
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", config=patient)
        client.create_bucket(Bucket=BUCKET)
        yield url
    finally:
        server.terminate()
        server.wait()


def measure(place: Place, batches: int, rounds: int, size: int) -> dict[str, Any]:
    """A transport's numbers."""
    speeds = [segments_per_second(place, batches) for _ in range(rounds)]
    speed = statistics.median(speeds)
    return {
        "segments_per_second": round(speed, 1),
        "megabytes_per_second": round(speed * size / 1e6, 1),
        "steps_per_second": round(speed * STEPS),
        "last_segment_ms": round(last_segment_ms(place), 1),
        "rounds": [round(each, 1) for each in speeds],
    }


def main() -> None:
    """Measure and write benchmarks/results/experience.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks experience", description=__doc__)
    parser.add_argument("--batches", type=int, default=30, help="of 32 segments, in each round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the median counts")
    given = parser.parse_args()
    size = len(make_segments(1)[0])
    with (
        tempfile.TemporaryDirectory() as name,
        RedisServer(Path(name, "redis")) as redis,
        s3_server(Path(name, "s3.log")) as endpoint,
    ):
        stores = {
            "redis": None,
            "s3, a folder": str(Path(name, "store")),
            "s3, over HTTP": f"s3://{BUCKET}/run?endpoint_url={endpoint}",
        }
        places = {
            name: Place(redis.url, store, f"run-{i}")
            for i, (name, store) in enumerate(stores.items())
        }
        result = {
            "seed": SEED,
            "segment": {"steps": STEPS, "bytes": size},
            "batch": {"segments": BATCH, "bytes": BATCH * size},
            "transports": {
                name: measure(place, given.batches, given.rounds, size)
                for name, place in places.items()
            },
            "parts_ms": parts_ms(places),
            "floor_megabytes_per_second": {
                "copy memory": round(copying_bytes_per_second() / 1e6),
                "TCP on this machine": round(socket_bytes_per_second() / 1e6),
            },
        }
    for name, values in result["transports"].items():
        print(
            f"{name:14s} {values['segments_per_second']:7.1f} segments/s "
            f"{values['megabytes_per_second']:7.1f} MB/s {values['steps_per_second']:7d} steps/s, "
            f"last segment of an iteration there after {values['last_segment_ms']:.1f} ms"
        )
    for name, value in result["floor_megabytes_per_second"].items():
        print(f"  {name:36s} {value:8d} MB/s")
    for name, value in result["parts_ms"].items():
        print(f"  {name:36s} {value:8.3f} ms")
    print(f"written to {save('experience', result)}")


if __name__ == "__main__":
    main()
