"""How soon a published model acts: `python -m benchmarks swap`.

A worker in Gazebo drives; versions are published one after the other. A model acts from the
beginning of an episode on, never within one. Told are the time from the publication to the first
frame that the new model acts on, and how much of it remains after the first beginning of an episode
that came after the publication. Where one episode ends the next begins, some milliseconds later.
"""

import argparse
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_server import RedisServer

from benchmarks.gazebo_worker import SEED, TRACK, GazeboWorker
from benchmarks.machine import save

CONFIG = Path(__file__).resolve().parents[1] / "config"
PERIOD_S = 3.0


def policy() -> dict[str, bytes]:
    """The file of the default network as it is before any training."""
    from deepracer_trainer.checkpoint import policy_file
    from deepracer_trainer.learner import build_learner

    metadata = load_model_metadata(CONFIG / "model_metadata.json")
    hyperparameters = load_hyperparameters(CONFIG / "hyperparameters.json")
    return policy_file(build_learner(metadata, hyperparameters, SEED).network)


def measure(folder: Path, redis_url: str, versions: int) -> list[dict[str, float]]:
    """Of each version from the second on, the seconds until it acts."""
    url = str(folder / "store")
    store, files = open_model_store(url), policy()
    records, published = [], {}
    with GazeboWorker(folder, redis_url, url) as worker:
        while len(records) < 10:
            records += worker.records()
        for version in range(1, versions + 1):
            store.publish(version, files, {"counters": {}})
            published[version] = time.time()
            end = time.monotonic() + PERIOD_S
            while time.monotonic() < end or records[-1].policy_version != version:
                records += worker.records()
    found = []
    for version, at in published.items():
        begins = [
            (before.wall_clock, record.policy_version)
            for before, record in pairwise(records)
            if before.wall_clock >= at
        ]
        acts = next(begin for begin, acting in begins if acting == version)
        found.append({"to_first_action_s": acts - at, "after_next_begin_s": acts - begins[0][0]})
    # Loading the first model also loads what runs it.
    return found[1:]


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--versions", type=int, default=20, help="how many are published")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="deepracer-") as name,
        RedisServer(Path(name) / "redis") as server,
    ):
        swaps = measure(Path(name), server.url, given.versions)
    result = {"seed": SEED, "track": TRACK, "versions": len(swaps)}
    for part in swaps[0]:
        values = [swap[part] for swap in swaps]
        result[part] = {"median": statistics.median(values), "most": max(values)}
        print(f"{part}: median {result[part]['median']:.3f}, most {result[part]['most']:.3f}")
    print(f"written to {save('swap', result)}")


if __name__ == "__main__":
    main()
