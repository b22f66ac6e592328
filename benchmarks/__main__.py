"""Measure: `python -m benchmarks` runs every benchmark, `python -m benchmarks graph` one.

Each prints its numbers and writes them, with the machine, the versions and the seeds, to
benchmarks/results/; docs/benchmarks.md is made of them. What follows the name goes to that
benchmark.
"""

import argparse
import subprocess
import sys

from benchmarks import table

BENCHMARKS = {
    "graph": "steps/s through the whole graph, and where the time of a step goes",
    "flat": "steps/s of the flat world, and where the time of a step goes",
    "experience": "segments/s from a worker to the trainer, through Redis and as objects",
    "trainer": "samples/s of an update, beside Stable-Baselines3",
    "learning": "time and steps to the first full lap and to ten in a row (hours)",
    "lag": "how far the driving may be ahead of the training",
    "parity": "how like Gazebo the flat world is",
    "swap": "how soon a published model acts",
    "transfer": "whether a policy trained in one simulator drives in the other",
    "workers": "steps/s that 1, 2 and 4 workers bring to one trainer",
    "video": "how much a training loses while a video of it is made",
    "live_video": "how much a training loses while somebody watches it live",
}


def main() -> int:
    """Run what was asked for; each benchmark in a process of its own."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Runs benchmarks; without a name, all of them.",
        epilog="; ".join(f"{name}: {what}" for name, what in BENCHMARKS.items()),
    )
    parser.add_argument("name", nargs="?", choices=BENCHMARKS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="for that benchmark")
    given = parser.parse_args()
    for name in [given.name] if given.name else BENCHMARKS:
        command = [sys.executable, "-m", f"benchmarks.{name}", *given.arguments]
        code = subprocess.run(command, check=False).returncode
        if code:
            return code
    table.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
