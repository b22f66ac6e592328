"""Whether a policy trained in one simulator drives in the other: `python -m benchmarks transfer`.

A training in each simulator, for each seed, until its models have completed ten laps in a row in
evaluation; then its best model drives laps in both, from the start line, without exploration.
"""

import argparse
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from deepracer_core.episode import EpisodeStatus
from deepracer_core.evaluation_results import read_results
from deepracer_core.redis_server import RedisServer

from benchmarks.learning import run_name, train, write_metadata
from benchmarks.machine import save

SIMULATORS = ("flat", "gazebo")
TRACK = "meadow_loop"
LAPS = 5


def evaluate(store: Path, simulator: str, folder: Path) -> dict[str, Any]:
    """How the best model of a store drives."""
    subprocess.run(
        [
            "deepracer",
            "evaluate",
            f"--model={store}",
            f"--simulator={simulator}",
            f"--track={TRACK}",
            f"--evaluation-trials={LAPS}",
            f"--runs-folder={folder}",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (results,) = folder.glob("evaluations/*/results.json")
    trials = read_results(results)
    times = [each.duration_s for each in trials if each.status is EpisodeStatus.LAP_COMPLETE]
    return {
        "laps": len(times),
        "progress": round(statistics.mean(each.progress for each in trials), 1),
        "lap_s": round(statistics.mean(times), 3) if times else None,
    }


def main() -> None:
    """Train, race, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    given = parser.parse_args()
    found = []
    for trained_in in SIMULATORS:
        with tempfile.TemporaryDirectory(prefix="deepracer-") as name:
            folder = Path(name)
            options = {
                "simulator": trained_in,
                "track": TRACK,
                "model_metadata": write_metadata(folder, "ppo"),
                "job_duration_in_seconds": 1200,
            }
            with RedisServer(folder / "redis") as server:
                for seed in given.seeds:
                    train(folder, server.url, options, seed)
                    store = folder / run_name(TRACK, seed) / "store"
                    for driven_in in SIMULATORS:
                        how = evaluate(store, driven_in, folder / f"{seed}-{driven_in}")
                        row = {"trained_in": trained_in, "driven_in": driven_in, "seed": seed}
                        found.append({**row, **how})
                        print(found[-1], flush=True)
    print(f"written to {save('transfer', {'track': TRACK, 'trials': LAPS, 'models': found})}")


if __name__ == "__main__":
    main()
