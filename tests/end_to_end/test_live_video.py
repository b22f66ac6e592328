"""Live video of real simulations, and what becomes of them when it goes wrong."""

import contextlib
import http.client
import io
import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import boto3
import numpy as np
import pytest
from deepracer.process_tree import descendants
from deepracer_core.free_port import free_port
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus
from end_to_end import simulation

sys.path.insert(0, str(Path(__file__).parents[1] / "live_video"))

import signatures
from kinesis_endpoint import Endpoint, Wrong

TRAIN = [
    sys.executable,
    "-c",
    "from deepracer.command_line import main; main()",
    "train",
    "--simulator=flat",
    "--run=shown",
    "--evaluation-trials=0",
]
CHASE = (slice(300, 390), slice(340, 520))
CAMERA = (slice(305, 455), slice(628, 828))


def watch(port: int, deadline_s: float = 240.0) -> list[np.ndarray]:
    """What a viewer sees until the car has moved, uint8[480, 854, 3] each.

    It may stand for a while, when a worker waits for its next model.
    """
    end = time.monotonic() + deadline_s
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=deadline_s)
            connection.request("GET", "/live.mp4")
            break
        assert time.monotonic() < end, "nobody listens"
        time.sleep(0.1)
    response, data, seen = connection.getresponse(), b"", 8
    pictures: list[np.ndarray] = []
    while not has_moved(pictures):
        # Each picture is a fragment, and the last one may not be whole.
        while data.count(b"moof") <= seen:
            assert time.monotonic() < end, f"{data.count(b'moof')} pictures came, all alike"
            data += response.read1(1 << 16)
        seen = data.count(b"moof") + 8
        with av.open(io.BytesIO(data[: data.rindex(b"moof") - 4])) as container:
            pictures = [each.to_ndarray(format="rgb24") for each in container.decode(video=0)]
    connection.close()
    return pictures


def has_moved(pictures: list[np.ndarray]) -> bool:
    return any(
        np.abs(after[CAMERA].astype(int) - before[CAMERA]).mean() > 2.0
        for before, after in pairwise(pictures)
    )


def check(pictures: list[np.ndarray]) -> None:
    """The car is seen from behind, and it sees its road."""
    last = pictures[-1].astype(int)
    behind = last[CHASE]
    blue = (behind[..., 2] > behind[..., 0] + 40) & (behind[..., 2] > behind[..., 1] + 30)
    assert blue.sum() > 800, "the chase camera sees the car"
    assert last[CAMERA].std(axis=(0, 1)).min() > 10, "the car's own camera sees the road"


@pytest.mark.slow
def test_a_gazebo_simulation_is_shown_and_goes_on_without(start, workplace, redis, tmp_path):
    port = free_port()
    worker = start(
        *simulation(
            workplace, run="shown", redis=redis.url, store=tmp_path / "store", live_video=port
        )
    )
    status = RunStatus(connect(redis.url), "shown")
    worker.wait_until(lambda: len(status.episodes()) >= 2)
    check(watch(port))
    before = len(status.episodes())
    worker.wait_until(lambda: len(status.episodes()) >= before + 2)
    # Its end is nobody else's.
    (shown,) = [
        pid
        for pid in descendants(worker.process.pid)
        if b"deepracer/live_video" in Path(f"/proc/{pid}/cmdline").read_bytes()
        and Path(f"/proc/{pid}/comm").read_text().strip() != "setpriv"
    ]
    assert os.sched_getscheduler(shown) == os.SCHED_IDLE
    os.kill(shown, signal.SIGKILL)
    before = len(status.episodes())
    worker.wait_until(lambda: len(status.episodes()) >= before + 3)
    assert worker.stop() == 0, worker.tail()


@pytest.mark.slow
def test_a_flat_training_is_shown_at_the_address_on_its_display(start, tmp_path, hyperparameters):
    port = free_port()
    job = start(
        *TRAIN,
        f"--runs-folder={tmp_path / 'runs'}",
        f"--hyperparameters={hyperparameters}",
        f"--live-video={port}",
    )
    # On a busy machine it may take a while: all others come first.
    check(watch(port))
    assert job.stop() == 130, job.tail()
    assert f"live video: http://127.0.0.1:{port}/" in job.tail(100_000)
    log = (tmp_path / "runs" / "shown" / "logs" / "worker-0.log").read_text()
    assert "process has died" not in log


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """A Kinesis video stream on this machine, and credentials for it."""
    from moto.server import ThreadedMotoServer

    streams = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    streams.start()
    url = "http://{}:{}".format(*streams.get_host_and_port())
    endpoint = Endpoint(url)
    for name, value in {
        "AWS_ACCESS_KEY_ID": signatures.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": signatures.SECRET_KEY,
        "AWS_SESSION_TOKEN": signatures.TOKEN,
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL_KINESIS_VIDEO": endpoint.url,
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("kinesisvideo", region_name="eu-west-1", endpoint_url=url)
    client.create_stream(StreamName="cars")
    yield endpoint
    endpoint.close()
    streams.stop()


@pytest.mark.slow
def test_a_training_goes_on_whatever_its_stream_says(start, stream, tmp_path, hyperparameters):
    denied = Wrong(refuse=(403, "AccessDeniedException", f"not {signatures.TOKEN}"))
    stream.wrong += [denied] * 2
    runs = tmp_path / "runs"
    job = start(
        *TRAIN,
        f"--runs-folder={runs}",
        f"--hyperparameters={hyperparameters}",
        "--live-video=kinesis:cars",
    )
    job.wait_until(lambda: len(stream.received) >= 3)
    assert job.stop() == 130, job.tail()
    assert stream.problems == []
    assert {fragment.codec for fragment in stream.received} == {"h264 854x480"}
    log = (runs / "shown" / "logs" / "worker-0.log").read_text()
    told = [line for line in log.splitlines() if "WARNING live video" in line]
    (line,) = told
    assert "PutMedia is refused (AccessDeniedException): allow kinesisvideo:Get" in line
    assert "live video: Kinesis video stream cars receives it" in log
    written = b"".join(path.read_bytes() for path in runs.rglob("*") if path.is_file())
    written += job.log.read_bytes()
    for secret in (signatures.SECRET_KEY, signatures.TOKEN):
        assert secret.encode() not in written
