"""Draws docs/images/learning_curves.png of benchmarks/results/learning.json.

How far the model of each version came in its evaluation, over the steps driven by then; a line for
each seed, thick the mean of the evaluations around a number of steps, of all seeds.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")  # there is no screen

from matplotlib import pyplot

from benchmarks.machine import RESULTS

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "learning_curves.png"
_COLORS = {"ppo": "tab:blue", "sac": "tab:orange"}
_AVERAGED_STEPS = 1000


def draw(trainings: list[dict[str, Any]], path: Path) -> None:
    """Draw all trainings, a panel for each simulator and track.

    Args:
        trainings: of benchmarks/results/learning.json.
        path: of the picture.
    """
    panels = sorted({(row["simulator"], row["track"]) for row in trainings})
    figure, axes = pyplot.subplots(
        1, len(panels), figsize=(3.2 * len(panels), 2.8), sharey=True, squeeze=False
    )
    for panel, (simulator, track) in zip(axes[0], panels, strict=True):
        for row in trainings:
            if (row["simulator"], row["track"]) == (simulator, track):
                _draw_training(panel, row)
        panel.set_title(f"{track}, {simulator}", fontsize=9)
        panel.set_xlabel("thousand steps driven", fontsize=8)
        panel.set_ylim(0, 103)
        panel.tick_params(labelsize=8)
        panel.grid(alpha=0.3)
    axes[0][0].set_ylabel("progress in evaluation, %", fontsize=8)
    axes[0][-1].legend(fontsize=8, loc="lower right")
    figure.tight_layout()
    beside = path.with_suffix(".part.png")
    figure.savefig(beside, dpi=110)
    beside.replace(path)
    pyplot.close(figure)


def _draw_training(panel: pyplot.Axes, row: dict[str, Any]) -> None:
    color = _COLORS[row["algorithm"]]
    together = []
    for curve in row["curves"]:
        found = np.array([(each["steps"], each["progress"]) for each in curve["evaluations"]])
        panel.plot(found[:, 0] / 1e3, found[:, 1], color=color, alpha=0.25, linewidth=0.8)
        together.append(found)
    steps, progress = np.concatenate(together).T
    grid = np.linspace(0.0, steps.max(), 60)
    weights = np.exp(-0.5 * ((grid[:, None] - steps) / _AVERAGED_STEPS) ** 2)
    mean = (weights * progress).sum(axis=1) / weights.sum(axis=1)
    panel.plot(grid / 1e3, mean, color=color, linewidth=2.0, label=row["algorithm"].upper())


def main() -> None:
    """Draw the picture."""
    result = json.loads((RESULTS / "learning.json").read_text(encoding="utf-8"))
    draw(result["trainings"], PICTURE)
    print(f"written to {PICTURE}")


if __name__ == "__main__":
    main()
