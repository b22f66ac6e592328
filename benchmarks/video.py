"""How much a training loses while a video of it is being made.

A whole job as a user starts it. While it trains, equally long periods alternate in which videos of
its newest episodes are made, one after the other, and in which none is. Periods that follow each
other are compared, so that what the training learns meanwhile does not count.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.run_status import RunStatus

from benchmarks.machine import save

SEED = 1
TRACK = "meadow_loop"
RUN = "watched"
WARM_UP = 10
"""Episodes before the first period; the videos are of such."""


def start_job(folder: Path, redis_url: str, seconds: float, *options: str) -> subprocess.Popen:
    """Start a training that outlasts the measurement; with further options, if any."""
    with (folder / "job.log").open("wb") as output:
        return subprocess.Popen(
            [
                "deepracer",
                "train",
                f"--track={TRACK}",
                f"--run={RUN}",
                f"--runs-folder={folder}",
                f"--redis={redis_url}",
                f"--seed={SEED}",
                f"--job-duration-in-seconds={round(seconds) + 600}",
                "--evaluation-trials=0",
                *options,
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ,
        )


class Training:
    """Reads from a job's records how fast it is."""

    def __init__(self, folder: Path, job: subprocess.Popen, status: RunStatus) -> None:
        self._folder = folder
        self._job = job
        self._status = status
        self._after = "0"

    def wait_for(self, episodes: int) -> None:
        """Return when so many episodes have ended."""
        seen = 0
        while seen < episodes:
            seen += len(self._read(block_s=1.0))

    def steps_per_second(self, seconds: float) -> float:
        """How fast it is from the first episode that ends to the last one within a period."""
        self._read(block_s=0.0)
        end = time.monotonic() + seconds
        records = []
        while time.monotonic() < end:
            records += self._read(block_s=min(1.0, max(end - time.monotonic(), 0.01)))
        if len(records) < 2:
            sys.exit(f"{len(records)} episodes in {seconds:g} s are too few: take longer periods")
        # The first one says when the counting begins: its steps were made before.
        wall = records[-1].wall_clock - records[0].wall_clock
        return sum(record.steps for record in records[1:]) / wall

    def _read(self, block_s: float) -> list:
        if self._job.poll() is not None:
            sys.exit(f"the job ended early:\n{(self._folder / 'job.log').read_text()[-4000:]}")
        found = self._status.episodes(after=self._after, block_s=block_s)
        if found:
            self._after = found[-1][0]
        return [record for _, record in found]


class Videos:
    """Makes videos one after the other while entered; counts those that were finished."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.finished = 0
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "Videos":
        # A shell that starts the next one at once, and knows when it is told to end.
        command = f"deepracer video {RUN} --runs-folder {self._folder} --last 3"
        script = f"trap 'exit 0' TERM; while {command}; do echo made >> {self._log}; done"
        self._log.write_text("")
        with (self._folder / "video.log").open("ab") as output:
            self._process = subprocess.Popen(
                ["bash", "-c", script],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            sys.exit(f"no video:\n{(self._folder / 'video.log').read_text()[-4000:]}")
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(timeout=600)
        self.finished = len(self._log.read_text().split())

    @property
    def _log(self) -> Path:
        return self._folder / "videos.made"


def measure(training: Training, folder: Path, pairs: int, seconds: float) -> list[dict[str, float]]:
    """Steps per second of periods with and without videos; which comes first takes turns."""
    found = []
    for pair in range(pairs):
        speeds = {}
        videos = Videos(folder)
        for is_filmed in (True, False) if pair % 2 else (False, True):
            if is_filmed:
                with videos:
                    speeds["with"] = training.steps_per_second(seconds)
            else:
                speeds["without"] = training.steps_per_second(seconds)
        found.append({**speeds, "videos_finished": videos.finished})
        lost = 1.0 - speeds["with"] / speeds["without"]
        print(
            f"{speeds['without']:.1f} steps/s, {speeds['with']:.1f} with videos:"
            f" {100 * lost:.1f} % lost, {videos.finished} videos",
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
    with tempfile.TemporaryDirectory(prefix="deepracer-") as name:
        folder = Path(name)
        with RedisServer(folder / "redis") as server:
            job = start_job(folder, server.url, 2 * given.pairs * given.seconds)
            try:
                training = Training(folder, job, RunStatus(connect(server.url), RUN))
                training.wait_for(WARM_UP)
                pairs = measure(training, folder, given.pairs, given.seconds)
            finally:
                job.send_signal(signal.SIGINT)
                job.wait(timeout=60)
    shares = [1.0 - pair["with"] / pair["without"] for pair in pairs]
    lost = statistics.median(shares)
    print(f"{100 * lost:.1f} % of the steps/s are lost (median of {len(pairs)} pairs)")
    if given.dry_run:
        return
    result = {"seed": SEED, "track": TRACK, "period_s": given.seconds}
    path = save("video", {**result, "lost_share": lost, "pairs": pairs})
    print(f"written to {path}")


if __name__ == "__main__":
    main()
