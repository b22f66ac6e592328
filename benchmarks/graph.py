"""Steps per second through the whole graph, and where the time of a step goes.

Gazebo, simulator bridge, observation, agent with a model, rollout to Redis, as the launch file
starts them; no trainer. The parts are measured alone, one after the other; what a step on the graph
takes beyond their sum are the hops between processes. An untrained model leaves the road after
twenty steps: what an episode takes beyond its steps, from the last frame of one to the first of the
next, is told apart by a line through the times of all episodes.
"""

import argparse
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.model_store import open_model_store
from deepracer_core.model_watcher import load_acting_model
from deepracer_core.observation import preprocess
from deepracer_core.redis_server import RedisServer
from deepracer_core.sensors import FRONT_FACING_CAMERA
from deepracer_core.track_library import load_track, world_path
from deepracer_gazebo.client import GazeboSimulator

from benchmarks.gazebo_worker import SEED, TRACK, GazeboWorker
from benchmarks.machine import median_ms, save

CONFIG = Path(__file__).resolve().parents[1] / "config"
METADATA = CONFIG / "model_metadata.json"


def publish_first_model(store_url: str) -> None:
    """Put the default network, as it is before any training, into an empty store."""
    from deepracer_trainer.checkpoint import policy_file
    from deepracer_trainer.learner import build_learner

    metadata = load_model_metadata(METADATA)
    learner = build_learner(
        metadata, load_hyperparameters(CONFIG / "hyperparameters.json"), seed=SEED
    )
    open_model_store(store_url).publish(1, policy_file(learner.network), {"counters": {}})


def measure_simulator(folder: Path, steps: int) -> tuple[dict[str, float], np.ndarray]:
    """Milliseconds of a step in the plugin and over its socket; and one image."""
    socket = folder / "sim.sock"
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "deepracer_gazebo.server",
            "--world",
            str(world_path(TRACK)),
            "--socket",
            str(socket),
        ]
    )
    try:
        simulator = GazeboSimulator(socket, deadline=60.0)
        x, y, yaw = load_track(TRACK).pose_at(0.0)
        frame = simulator.reset(x, y, yaw)
        exchange, simulate, render = [], [], []
        for step in range(steps):
            began = time.perf_counter()
            frame = simulator.step(0.4 * np.sin(step / 5.0), 1.0)
            exchange.append(1e3 * (time.perf_counter() - began))
            simulate.append(1e-6 * simulator.simulate_ns)
            render.append(1e-6 * simulator.render_ns)
        simulator.close()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)
    parts = {
        "simulate": statistics.median(simulate),
        "render": statistics.median(render),
    }
    parts["transport"] = statistics.median(exchange) - sum(parts.values())
    return parts, frame.image


def measure_graph(folder: Path, redis_url: str, store_url: str, seconds: float) -> dict[str, float]:
    """Steps per second of a launched worker, from its own episode records."""
    records = []
    end = None
    with GazeboWorker(folder, redis_url, store_url) as worker:
        while end is None or time.monotonic() < end:
            for record in worker.records():
                # The first episodes warm the processes up.
                if record.number == 3:
                    end = time.monotonic() + seconds
                if record.number >= 3:
                    records.append(record)
    wall = records[-1].wall_clock - records[0].wall_clock
    steps = np.array([record.steps for record in records[1:]])
    seconds_each = np.diff([record.wall_clock for record in records])
    step_s, beyond_s = np.polyfit(steps, seconds_each, 1).tolist()
    steps = int(steps.sum())
    return {
        "steps_per_second": steps / wall,
        "step_ms": 1e3 * step_s,
        "between_episodes_ms": 1e3 * beyond_s,
        "episodes": len(records) - 1,
        "steps": steps,
        "wall_s": wall,
        "model_version": records[-1].policy_version,
    }


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=40.0, help="how long to run the graph")
    parser.add_argument("--store", help="a store with a trained model; default: an untrained one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="deepracer-") as name:
        folder = Path(name)
        store_url = given.store or str(folder / "store")
        if not given.store:
            publish_first_model(store_url)
        store = open_model_store(store_url)
        version = store.latest()
        policy = load_acting_model(store, version, load_model_metadata(METADATA)).policy
        parts, image = measure_simulator(folder, 600)
        rng = np.random.default_rng(SEED)
        observation = {FRONT_FACING_CAMERA: preprocess(image)}
        parts["observation"] = median_ms(lambda: preprocess(image))
        parts["inference"] = median_ms(lambda: policy.act(observation, rng, greedy=False))
        with RedisServer(folder / "redis") as server:
            graph = measure_graph(folder, server.url, store_url, given.seconds)
    period = graph["step_ms"]
    parts["ros_hops_and_waiting"] = period - sum(parts.values())
    print(
        f"{graph['steps_per_second']:.0f} steps/s; {graph['between_episodes_ms']:.1f} ms from one"
        f" episode to the next, {period:.2f} ms a step:"
    )
    for part, milliseconds in parts.items():
        print(f"  {part:<22}{milliseconds:6.2f} ms {100 * milliseconds / period:5.1f} %")
    path = save(
        "graph",
        {"seed": SEED, "track": TRACK, "graph": graph, "parts_ms": parts},
    )
    print(f"written to {path}")


if __name__ == "__main__":
    main()
