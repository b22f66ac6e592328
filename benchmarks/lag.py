"""How far the driving may be ahead of the training: `python -m benchmarks lag`.

Trainings in the flat world, which drives much faster than the trainer learns, as in
benchmarks/learning.py, with different `max_policy_lag`: what its default is chosen by. The seeds
take turns, so that a machine that is slow for a while is so for all.
"""

import argparse
import itertools
import statistics
import tempfile
from pathlib import Path
from typing import Any

from deepracer_core.redis_server import RedisServer

from benchmarks.learning import Curve, medians, train, write_metadata
from benchmarks.machine import save

TRACK = "meadow_loop"
LAGS = (0, 1, 2, 4)


def summary(lag: int, curves: list[Curve]) -> dict[str, Any]:
    """What is kept of the trainings with one bound."""
    results = [curve.result() for curve in curves]
    return {
        "max_policy_lag": lag,
        "medians": medians(results),
        "steps_per_second": statistics.median(
            curve.training_steps / curve.wall_s for curve in curves
        ),
        "seeds": [
            {key: value for key, value in result.items() if key != "evaluations"}
            for result in results
        ],
    }


def main() -> None:
    """Train, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    given = parser.parse_args()
    curves: dict[int, list[Curve]] = {lag: [] for lag in LAGS}
    for seed, lag in itertools.product(given.seeds, LAGS):
        with tempfile.TemporaryDirectory(prefix="deepracer-") as name:
            folder = Path(name)
            options = {
                "simulator": "flat",
                "track": TRACK,
                "model_metadata": write_metadata(folder, "ppo"),
                "job_duration_in_seconds": 600,
                "max_policy_lag": lag,
            }
            with RedisServer(folder / "redis") as server:
                curve = train(folder, server.url, options, seed)
        curves[lag].append(curve)
        print(
            f"max_policy_lag {lag}, seed {seed}: first lap {curve.first_lap}, ten"
            f" {curve.clean_laps}",
            flush=True,
        )
    found = [summary(lag, of_lag) for lag, of_lag in curves.items()]
    print(f"written to {save('lag', {'track': TRACK, 'bounds': found})}")


if __name__ == "__main__":
    main()
