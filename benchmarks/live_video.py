"""How much a training loses while somebody watches it live.

A whole job as a user starts it, with a page for its live video. While it trains, equally long
periods alternate in which one viewer watches, and in which nobody does. Periods that follow each
other are compared, so that what the training learns meanwhile does not count. The viewer takes the
pictures and does not decode them: a browser needs a processor of its own for that.
"""

import argparse
import http.client
import io
import signal
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path

import av
from deepracer.live_video.page_outlet import VIDEO_PATH
from deepracer.live_video.target import LOOPBACK
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer, free_port
from deepracer_core.run_status import RunStatus

from benchmarks.machine import save
from benchmarks.video import RUN, SEED, TRACK, WARM_UP, Training, start_job


class Viewer:
    """Watches while entered.

    Attributes:
        pictures: that came.
        first_s: seconds until the first one did.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.pictures = 0
        self.first_s = float("nan")

    def __enter__(self) -> "Viewer":
        self._data = io.BytesIO()
        self._connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=60.0)
        self._connection.connect()
        self._socket = self._connection.sock
        self._left = False
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left = True
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._connection.close()
        self._data.seek(0)
        with av.open(self._data) as container:
            self.pictures = sum(1 for packet in container.demux(video=0) if packet.size)

    def _watch(self) -> None:
        began = time.monotonic()
        self._connection.request("GET", VIDEO_PATH)
        response = self._connection.getresponse()
        head = response.read1(1 << 16)
        self._data.write(head)
        try:
            while data := response.read1(1 << 16):
                if self.first_s != self.first_s:
                    self.first_s = time.monotonic() - began
                self._data.write(data)
        except (http.client.HTTPException, OSError):
            if not self._left:
                raise


def measure(training: Training, port: int, pairs: int, seconds: float) -> list[dict[str, float]]:
    """Steps per second of periods with and without a viewer; which comes first takes turns."""
    found = []
    for pair in range(pairs):
        speeds = {}
        viewer = Viewer(port)
        for is_watched in (True, False) if pair % 2 else (False, True):
            if is_watched:
                with viewer:
                    began = time.monotonic()
                    speeds["with"] = training.steps_per_second(seconds)
                    watched_s = time.monotonic() - began
            else:
                speeds["without"] = training.steps_per_second(seconds)
        rate = viewer.pictures / watched_s
        found.append({**speeds, "pictures_per_second": rate, "first_picture_s": viewer.first_s})
        lost = 1.0 - speeds["with"] / speeds["without"]
        print(
            f"{speeds['without']:.1f} steps/s, {speeds['with']:.1f} with a viewer:"
            f" {100 * lost:.1f} % lost, {rate:.1f} pictures/s, the first one after"
            f" {viewer.first_s:.2f} s",
            flush=True,
        )
    return found


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long a period is")
    parser.add_argument("--pairs", type=int, default=4, help="how many pairs of periods")
    parser.add_argument("--dry-run", action="store_true", help="write no result")
    given = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="deepracer-") as name:
        folder = Path(name)
        with RedisServer(folder / "redis") as server:
            seconds = 2 * given.pairs * given.seconds
            job = start_job(folder, server.url, seconds, f"--live-video={port}")
            try:
                training = Training(folder, job, RunStatus(connect(server.url), RUN))
                training.wait_for(WARM_UP)
                pairs = measure(training, port, given.pairs, given.seconds)
            finally:
                job.send_signal(signal.SIGINT)
                job.wait(timeout=60)
    shares = [1.0 - pair["with"] / pair["without"] for pair in pairs]
    lost = statistics.median(shares)
    print(f"{100 * lost:.1f} % of the steps/s are lost (median of {len(pairs)} pairs)")
    if given.dry_run:
        return
    result = {"seed": SEED, "track": TRACK, "period_s": given.seconds}
    path = save("live_video", {**result, "lost_share": lost, "pairs": pairs})
    print(f"written to {path}")


if __name__ == "__main__":
    main()
