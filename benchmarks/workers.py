"""Steps per second that 1, 2 and 4 workers bring to one trainer.

Whole jobs as a user starts them: Gazebo, the nodes, Redis and the trainer, one job after the other.
The steps are those of the episodes that ended, as their records in Redis have them.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deepracer_core.episode import EpisodeRecord
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.run_status import RunStatus

from benchmarks.machine import save

SEED = 1
TRACK = "meadow_loop"
WARM_UP = 3
"""Episodes of each worker that are not counted."""


def measure(folder: Path, redis_url: str, workers: int, seconds: float) -> dict[str, float]:
    """Steps per second of a job, over all workers and for each."""
    run = f"workers-{workers}"
    log = folder / f"{run}.log"
    with log.open("wb") as output:
        job = subprocess.Popen(
            [
                "deepracer",
                "train",
                f"--track={TRACK}",
                f"--run={run}",
                f"--runs-folder={folder}",
                f"--redis={redis_url}",
                f"--seed={SEED}",
                f"--workers={workers}",
                f"--job-duration-in-seconds={round(seconds) + 600}",
                "--evaluation-trials=0",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ,
        )
    try:
        records = follow(job, RunStatus(connect(redis_url), run), workers, seconds)
    finally:
        job.send_signal(signal.SIGINT)
        job.wait(timeout=30)
    if records is None:
        sys.exit(f"the job ended early:\n{log.read_text()[-4000:]}")
    # The first one says when the counting begins: its steps were made before.
    wall = records[-1].wall_clock - records[0].wall_clock
    steps = sum(record.steps for record in records[1:])
    return {
        "workers": workers,
        "steps_per_second": steps / wall,
        "steps_per_second_and_worker": steps / wall / workers,
        "episodes": len(records) - 1,
        "steps": steps,
        "wall_s": wall,
    }


def follow(
    job: subprocess.Popen, status: RunStatus, workers: int, seconds: float
) -> list[EpisodeRecord] | None:
    """Episodes of the job for a while, once all workers are warm; None if it ended early."""
    counts = dict.fromkeys(range(workers), 0)
    records: list[EpisodeRecord] = []
    after = "0"
    end = None
    while end is None or time.monotonic() < end:
        if job.poll() is not None:
            return None
        for name, record in status.episodes(after=after, block_s=1.0):
            after = name
            counts[record.worker] += 1
            if end is not None:
                records.append(record)
        if end is None and min(counts.values()) >= WARM_UP:
            end = time.monotonic() + seconds
    return records


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure each job")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    given = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="deepracer-") as name:
        folder = Path(name)
        with RedisServer(folder / "redis") as server:
            for workers in given.workers:
                found = measure(folder, server.url, workers, given.seconds)
                results.append(found)
                print(
                    f"{workers} workers: {found['steps_per_second']:.0f} steps/s,"
                    f" {found['steps_per_second_and_worker']:.0f} each"
                )
    path = save("workers", {"seed": SEED, "track": TRACK, "jobs": results})
    print(f"written to {path}")


if __name__ == "__main__":
    main()
