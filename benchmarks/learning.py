"""How soon it drives: time and steps to the first full lap and to ten clean ones in a row.

Whole trainings as a user starts them, one after the other, each until its models have completed ten
laps in a row in evaluation or its time is over. Evaluations are those of the training itself: each
version once, from the start line, without exploration. Wall time counts from the command, so that
starting up is part of it. What was measured before of other combinations stays in the result.
"""

import argparse
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.run_status import RunStatus

from benchmarks.curves import PICTURE, draw
from benchmarks.machine import RESULTS, describe, save

CONFIG = Path(__file__).resolve().parents[1] / "config"
ALGORITHMS = {"ppo": "clipped_ppo", "sac": "sac"}
CLEAN_LAPS = 10


@dataclass
class Curve:
    """What the evaluations of one training said."""

    seed: int
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    first_lap: dict[str, float] | None = None
    clean_laps: dict[str, float] | None = None
    training_steps: int = 0
    wall_s: float = 0.0
    _in_a_row: int = 0

    def add(self, record: EpisodeRecord, wall_s: float) -> None:
        """Take the record of an episode that ended so long after the beginning."""
        self.wall_s = wall_s
        if record.mode == "training":
            self.training_steps += record.steps
            return
        reached = {"wall_s": round(wall_s, 1), "steps": self.training_steps}
        is_lap = record.status is EpisodeStatus.LAP_COMPLETE
        self.evaluations.append(
            {
                **reached,
                "version": record.policy_version,
                "progress": round(record.progress, 1),
                "lap_s": round(record.duration_s, 3) if is_lap else None,
            }
        )
        self._in_a_row = self._in_a_row + 1 if is_lap else 0
        if is_lap and self.first_lap is None:
            self.first_lap = reached
        if self._in_a_row == CLEAN_LAPS and self.clean_laps is None:
            self.clean_laps = reached

    @property
    def best_lap_s(self) -> float | None:
        """Fastest lap of an evaluation."""
        return min((each["lap_s"] for each in self.evaluations if each["lap_s"]), default=None)

    def result(self) -> dict[str, Any]:
        """For the file."""
        return {
            "seed": self.seed,
            "first_lap": self.first_lap,
            "clean_laps": self.clean_laps,
            "best_lap_s": self.best_lap_s,
            "training_steps": self.training_steps,
            "wall_s": round(self.wall_s, 1),
            "evaluations": self.evaluations,
        }


def run_name(track: object, seed: int) -> str:
    """Of a training in its folder."""
    return f"learning-{track}-{seed}"


def train(folder: Path, redis_url: str, options: dict[str, object], seed: int) -> Curve:
    """One training, followed to its end."""
    run = run_name(options["track"], seed)
    command = [
        "deepracer",
        "train",
        f"--run={run}",
        f"--runs-folder={folder}",
        f"--redis={redis_url}",
        f"--seed={seed}",
        f"--stop-after-laps={CLEAN_LAPS}",
        "--evaluation-trials=0",
        *(f"--{name.replace('_', '-')}={value}" for name, value in options.items()),
    ]
    curve = Curve(seed)
    status = RunStatus(connect(redis_url), run)
    began = time.time()
    log = folder / f"{run}.log"
    with log.open("wb") as output:
        job = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=os.environ)
    after = "0"
    try:
        is_over = False
        while not is_over:
            is_over = job.poll() is not None
            for name, record in status.episodes(after=after, block_s=1.0):
                after = name
                curve.add(record, record.wall_clock - began)
    finally:
        if job.poll() is None:
            job.send_signal(signal.SIGINT)
        job.wait(timeout=60)
    if job.returncode or not curve.evaluations:
        sys.exit(f"the training ended with code {job.returncode}:\n{log.read_text()[-4000:]}")
    return curve


def write_metadata(folder: Path, algorithm: str) -> Path:
    """The default model_metadata.json with another algorithm."""
    metadata = json.loads((CONFIG / "model_metadata.json").read_text(encoding="utf-8"))
    path = folder / f"{algorithm}.json"
    path.write_text(json.dumps({**metadata, "training_algorithm": ALGORITHMS[algorithm]}), "utf-8")
    return path


def medians(curves: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the seeds; None where most of them did not get there."""

    def middle(values: list[float | None]) -> float | None:
        found = statistics.median(float("inf") if each is None else each for each in values)
        return found if found < float("inf") else None

    return {
        "best_lap_s": middle([curve["best_lap_s"] for curve in curves]),
        **{
            f"{goal}_{unit}": middle([curve[goal] and curve[goal][unit] for curve in curves])
            for goal, unit in itertools.product(("first_lap", "clean_laps"), ("wall_s", "steps"))
        },
    }


def main() -> None:
    """Train, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--simulator", default="flat", choices=["flat", "gazebo"])
    add("--algorithms", nargs="+", default=list(ALGORITHMS), choices=ALGORITHMS)
    add("--tracks", nargs="+", default=["meadow_loop", "pond_oval", "brook_chicanes"])
    add("--seeds", nargs="+", type=int, default=[1, 2, 3])
    add("--minutes", type=float, default=15.0, help="longest time of a training")
    given = parser.parse_args()
    path = RESULTS / "learning.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["trainings"] if path.exists() else []
    for algorithm, track in itertools.product(given.algorithms, given.tracks):
        what = {"simulator": given.simulator, "algorithm": algorithm, "track": track}
        curves = []
        with tempfile.TemporaryDirectory(prefix="deepracer-") as name:
            folder = Path(name)
            options = {
                "simulator": given.simulator,
                "track": track,
                "model_metadata": write_metadata(folder, algorithm),
                "job_duration_in_seconds": round(60 * given.minutes),
            }
            with RedisServer(folder / "redis") as server:
                for seed in given.seeds:
                    curve = train(folder, server.url, options, seed)
                    curves.append(curve.result())
                    print(
                        f"{' '.join(what.values())} seed {seed}: first lap {curve.first_lap},"
                        f" {CLEAN_LAPS} laps {curve.clean_laps}, best {curve.best_lap_s} s,"
                        f" {curve.training_steps} steps in {curve.wall_s:.0f} s",
                        flush=True,
                    )
        rows = [row for row in rows if any(row[key] != value for key, value in what.items())]
        row = {**what, "minutes": given.minutes, "medians": medians(curves), "curves": curves}
        rows.append({**row, "machine": describe()})
        save("learning", {"trainings": rows})
        draw(rows, PICTURE)
    print(f"written to {path}")


if __name__ == "__main__":
    main()
