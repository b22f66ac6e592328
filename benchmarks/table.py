"""docs/benchmarks.md, made of benchmarks/results/: `python -m benchmarks.table`."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import RESULTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"

Result = dict[str, Any]

_HEAD = """# Benchmarks

Made by `python -m benchmarks.table` from [benchmarks/results/](../benchmarks/results), not edited
by hand. `make bench` measures anew and writes both; `make bench ARGS=NAME` measures one. Machines
of other people and of other days are other machines: compare within a table, not between them.
"""


def page() -> str:
    """The page, from the results that are there."""
    parts = [_HEAD]
    for name, section in _SECTIONS.items():
        path = RESULTS / f"{name}.json"
        if path.exists():
            result = json.loads(path.read_text(encoding="utf-8"))
            parts.append(f"{section(result)}\n{_machine(result)}")
    return "\n".join(parts)


def _learning(result: Result) -> str:
    rows = []
    for training in result["trainings"]:
        found = training["medians"]
        curves = training["curves"]
        there = sum(curve["clean_laps"] is not None for curve in curves)
        rows.append(
            [
                training["algorithm"],
                training["simulator"],
                f"`{training['track']}`",
                _both(found, "first_lap"),
                _both(found, "clean_laps"),
                f"{there} of {len(curves)}",
                _number(found["best_lap_s"], 2),
            ]
        )
    return _section(
        "Learning",
        "Median over the seeds, from the command to a lap, or to ten in a row, that models"
        " completed in the evaluations of their training; and the steps driven by then. How far"
        " each evaluation came, thin, and their mean around a number of steps:\n\n"
        "![Progress in evaluation over steps driven](images/learning_curves.png)",
        [
            "algorithm",
            "simulator",
            "track",
            "first lap",
            "ten laps in a row",
            "seeds that got there",
            "best lap, s",
        ],
        rows,
    )


def _lag(result: Result) -> str:
    rows = [
        [
            bound["max_policy_lag"],
            _both(bound["medians"], "first_lap"),
            _both(bound["medians"], "clean_laps"),
            f"{bound['steps_per_second']:.0f}",
        ]
        for bound in result["bounds"]
    ]
    return _section(
        "How far ahead of the training",
        f"PPO in the flat world on `{result['track']}`, with different"
        " [`max_policy_lag`](learning.md#one-turn-of-the-cycle); medians, number of seeds:"
        f" {len(result['bounds'][0]['seeds'])}.",
        ["`max_policy_lag`", "first lap", "ten laps in a row", "training steps/s"],
        rows,
    )


def _trainer(result: Result) -> str:
    other = result["stable_baselines3"]
    rows = [
        ["this project", result["samples_per_second"], result["parameters"]],
        [
            f"Stable-Baselines3 {other['stable-baselines3']}, PyTorch {other['torch']}",
            other["samples_per_second"],
            other["parameters"],
        ],
    ]
    return _section(
        "Trainer",
        f"An update of PPO from {result['steps']} steps in {result['num_epochs']} epochs of"
        f" minibatches of {result['batch_size']}, the small network, both in turns:"
        f" {result['ratio']:.2f} times as many samples/s. The first update takes"
        f" {result['first_update_s']:.1f} s, for XLA compiles.",
        ["", "samples/s", "weights"],
        rows,
    )


def _flat(result: Result) -> str:
    rows = [[name, f"{1e3 * value:.1f}"] for name, value in result["parts_ms"].items()]
    return _section(
        "Flat world",
        f"{result['steps_per_second']} steps/s on one core, pictures of 160x120, track geometry and"
        " reward in it.",
        ["part", "microseconds"],
        rows,
    )


def _graph(result: Result) -> str:
    graph = result["graph"]
    rows = [[name.replace("_", " "), f"{value:.2f}"] for name, value in result["parts_ms"].items()]
    return _section(
        "Gazebo and the nodes",
        f"{graph['steps_per_second']:.0f} steps/s without a trainer, {graph['steps']} steps in"
        f" {graph['episodes']} episodes: {graph['step_ms']:.2f} ms a step, and"
        f" {graph['between_episodes_ms']:.0f} ms from an episode to the next.",
        ["part of a step", "ms"],
        rows,
    )


def _workers(result: Result) -> str:
    rows = [[job["workers"], f"{job['steps_per_second']:.0f}"] for job in result["jobs"]]
    return _section(
        "Workers in Gazebo, with a trainer beside them",
        "All that a training is, from its first minute on, when episodes are short.",
        ["workers", "steps/s together"],
        rows,
    )


def _swap(result: Result) -> str:
    named = {
        "from the publication to the first action": "to_first_action_s",
        "of it after the next beginning of an episode": "after_next_begin_s",
    }
    rows = [
        [name, f"{result[part]['median']:.2f}", f"{result[part]['most']:.2f}"]
        for name, part in named.items()
    ]
    return _section(
        "A new model",
        f"{result['versions']} versions, published into a folder while a worker drives in Gazebo. A"
        " model acts from the beginning of an episode on.",
        ["seconds", "median", "most"],
        rows,
    )


def _parity(result: Result) -> str:
    rows = [
        [
            drive["speed_m_s"],
            drive["steering_up_to_deg"],
            f"{drive['within_5_cm_and_5_deg']} of {drive['drives']}",
            f"{100 * drive['median_m']:.1f}, {100 * drive['most_m']:.1f}",
            f"{drive['median_deg']:.1f}, {drive['most_deg']:.1f}",
        ]
        for drive in result["drives"]
    ]
    pictures = result["pictures"]
    return _section(
        "Flat world beside Gazebo",
        "After 3 s of the same commands. In pictures from the same places the road is alike to"
        f" {pictures['road_mean_ssim']:.2f} (structural similarity, mean of {pictures['places']};"
        f" least {pictures['road_least_ssim']:.2f}), and all ground to"
        f" {pictures['ground_mean_ssim']:.2f} (least {pictures['ground_least_ssim']:.2f}).",
        [
            "speed, m/s",
            "steering up to, degrees",
            "within 5 cm and 5 degrees",
            "cm apart (median, most)",
            "degrees apart (median, most)",
        ],
        rows,
    )


def _transfer(result: Result) -> str:
    rows = []
    for trained_in in ("flat", "gazebo"):
        for driven_in in ("flat", "gazebo"):
            models = [
                model
                for model in result["models"]
                if (model["trained_in"], model["driven_in"]) == (trained_in, driven_in)
            ]
            laps = sum(model["laps"] for model in models)
            times = [_number(model["lap_s"], 2) for model in models]
            rows.append(
                [
                    trained_in,
                    driven_in,
                    f"{laps} of {result['trials'] * len(models)}",
                    ", ".join(times),
                ]
            )
    return _section(
        "A policy of one simulator in the other",
        f"The best models of trainings on `{result['track']}`, without exploration, from the start"
        " line.",
        ["trained in", "driven in", "laps complete", "mean lap of each model, s"],
        rows,
    )


def _lost(title: str, what: str) -> Callable[[Result], str]:
    def section(result: Result) -> str:
        rows = [[f"{pair['without']:.1f}", f"{pair['with']:.1f}"] for pair in result["pairs"]]
        return _section(
            title,
            f"{100 * result['lost_share']:.1f} % of the steps/s of a training in Gazebo are lost"
            f" while {what} (median of the pairs).",
            ["steps/s without", "with"],
            rows,
        )

    return section


def _experience(result: Result) -> str:
    rows = [
        [
            name,
            *(
                f"{value:,.0f}" if isinstance(value, int | float) else str(value)
                for value in values.values()
            ),
        ]
        for name, values in result["transports"].items()
    ]
    columns = next(iter(result["transports"].values()))
    return _section(
        "Experience, from a worker to the trainer",
        f"Segments of {result['segment']['steps']} steps,"
        f" {result['segment']['bytes'] / 1e6:.2f} MB each.",
        ["transport", *(name.replace("_", " ") for name in columns)],
        rows,
    )


_SECTIONS: dict[str, Callable[[Result], str]] = {
    "learning": _learning,
    "lag": _lag,
    "trainer": _trainer,
    "flat": _flat,
    "graph": _graph,
    "workers": _workers,
    "swap": _swap,
    "experience": _experience,
    "parity": _parity,
    "transfer": _transfer,
    "video": _lost("Videos", "videos of it are made"),
    "live_video": _lost("Live video", "somebody watches it live"),
}


def _section(
    title: str, text: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    table = "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
    return f"## {title}\n\n{text}\n\n{table}\n"


def _both(found: Result, goal: str) -> str:
    wall_s, steps = found[f"{goal}_wall_s"], found[f"{goal}_steps"]
    return "not in time" if wall_s is None else f"{wall_s:.0f} s, {steps:,.0f} steps"


def _number(value: float | None, digits: int) -> str:
    return "none" if value is None else f"{value:.{digits}f}"


def _machine(result: Result) -> str:
    machine, versions = result["machine"], result["machine"]["packages"]
    seed = f", seed {result['seed']}" if "seed" in result else ""
    return (
        f"*{machine['processor']}, {machine['cores']} cores, no GPU, Python {machine['python']},"
        f" TensorFlow {versions['tensorflow']}, {machine['date']}{seed}.*\n"
    )


def main() -> None:
    """Write the page."""
    beside = PAGE.with_suffix(".part")
    beside.write_text(page(), encoding="utf-8")
    beside.replace(PAGE)
    print(f"written to {PAGE}")


if __name__ == "__main__":
    main()
