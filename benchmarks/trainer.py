"""Samples/s that the trainer learns from, beside Stable-Baselines3's PPO on the same work.

The default network and hyperparameters, an update of as many steps as a full iteration has, from
random observations; both take turns, so that a noisy machine is noisy for both. A sample is a step
in an epoch. Ours counts all of an update: what the policy that acted thought of the actions and
the advantages are part of it, which Stable-Baselines3 has done before, while it acted.

Stable-Baselines3 is installed into an environment of its own (3 GB), which goes afterwards;
`--python` names the Python of one that has it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np
from deepracer_core.hyperparameters import Hyperparameters, load_hyperparameters
from deepracer_core.model_metadata import ModelMetadata, load_model_metadata
from deepracer_core.segment import Segment, SegmentMeta
from deepracer_core.sensors import FRONT_FACING_CAMERA

from benchmarks.machine import save

CONFIG = Path(__file__).resolve().parents[1] / "config"
STEPS = 1024
SEED = 0
ROUNDS = 9


class Other:
    """Stable-Baselines3, in its process."""

    def __init__(self, python: str, hyperparameters: Hyperparameters, actions: int) -> None:
        self._process = subprocess.Popen(
            [
                python,
                str(Path(__file__).with_name("stable_baselines.py")),
                f"--steps={STEPS}",
                f"--batch={hyperparameters.batch_size}",
                f"--epochs={hyperparameters.num_epochs}",
                f"--actions={actions}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.about = json.loads(self._answer())

    def update(self) -> float:
        """Seconds of an update."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._answer())

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def _answer(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"Stable-Baselines3 ended with code {self._process.wait()}")
        return line


class Ours:
    """The trainer's learner."""

    def __init__(self, metadata: ModelMetadata, hyperparameters: Hyperparameters) -> None:
        from deepracer_trainer.experience import Trajectory
        from deepracer_trainer.learner import build_learner

        self._learner = build_learner(metadata, hyperparameters, SEED)
        self._learner.remember(1, keep=1)
        self.parameters = self._learner.network.count_params()
        rng = np.random.default_rng(SEED)
        shape = (STEPS + 1, 120, 160)
        segment = Segment(
            observations={FRONT_FACING_CAMERA: rng.integers(0, 256, shape, np.uint8)},
            actions=rng.integers(0, metadata.action_space.size, STEPS).astype(np.int32),
            rewards=rng.random(STEPS, np.float32),
            terminated=True,
            truncated=False,
            meta=SegmentMeta(
                run="benchmark",
                worker=0,
                episode=1,
                segment=0,
                policy_version=1,
                seed=SEED,
                track="none",
                first_step=1,
            ),
        )
        self._trajectories = [Trajectory((segment,))]

    def update(self) -> float:
        """Seconds of an update."""
        began = time.perf_counter()
        self._learner.update(self._trajectories)
        spent = time.perf_counter() - began
        self._learner.remember(1, keep=1)
        return spent


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", help="of an environment with stable-baselines3")
    given = parser.parse_args()
    metadata = load_model_metadata(CONFIG / "model_metadata.json")
    hyperparameters = load_hyperparameters(CONFIG / "hyperparameters.json")
    with tempfile.TemporaryDirectory(prefix="deepracer-") as folder:
        python = given.python or install(Path(folder))
        other = Other(python, hyperparameters, metadata.action_space.size)
        ours = Ours(metadata, hyperparameters)
        began = time.perf_counter()
        ours.update()
        first_s = time.perf_counter() - began
        other.update()
        seconds = [(ours.update(), other.update()) for _ in range(ROUNDS)]
        other.close()
    samples = STEPS * hyperparameters.num_epochs
    mine, theirs = ([round(samples / s) for s in side] for side in zip(*seconds, strict=True))
    result = {
        "seed": SEED,
        "steps": STEPS,
        "batch_size": hyperparameters.batch_size,
        "num_epochs": hyperparameters.num_epochs,
        "network": metadata.neural_network,
        "parameters": ours.parameters,
        "samples_per_second": statistics.median(mine),
        "rounds": mine,
        "first_update_s": first_s,
        "stable_baselines3": {
            "samples_per_second": statistics.median(theirs),
            "rounds": theirs,
            **other.about,
        },
        "ratio": statistics.median(one / two for one, two in zip(mine, theirs, strict=True)),
    }
    print(
        f"{result['samples_per_second']} samples/s; Stable-Baselines3"
        f" {result['stable_baselines3']['samples_per_second']}: {result['ratio']:.2f} times as many"
    )
    print(f"first update, with compiling: {first_s:.1f} s")
    print(f"written to {save('trainer', result)}")


def install(folder: Path) -> str:
    """An environment with Stable-Baselines3; its Python."""
    print("installing Stable-Baselines3 (3 GB, some minutes)", flush=True)
    venv.create(folder / "stable-baselines3", with_pip=True)
    python = str(folder / "stable-baselines3" / "bin" / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "stable-baselines3>=2.6,<3"], check=True
    )
    return python


if __name__ == "__main__":
    main()
