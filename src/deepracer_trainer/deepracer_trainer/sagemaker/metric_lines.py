"""What the log of a training job says in numbers, and how CloudWatch finds them there.

`METRIC_DEFINITIONS` is what CreateTrainingJob takes as AlgorithmSpecification.MetricDefinitions;
`python -m deepracer_trainer.sagemaker.metric_lines` prints it as JSON. Its first ones find lines
like those of the original's trainer, so that definitions which people have for it go on working:

    Training> Name=main_level/agent, Worker=0, Episode=12, Total reward=34.5000, Steps=101, ...
    Policy training> Surrogate loss=-0.0123, KL divergence=0.0045, Entropy=1.48, ...

The others find the trainer's own line for each iteration, `iteration version=3 ... name=value`.
"""

import json
import re
from collections.abc import Mapping

from deepracer_core.episode import EpisodeRecord

_NUMBER = r"([-+]?(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan))"
_ITERATION = re.compile(r"\biteration (version=\d+ .*)")
_FIELD = re.compile(r"(\w+)=(\S+)")

ITERATION_METRICS = (
    "version",
    "episodes",
    "steps",
    "episodic_return",
    "policy_lag",
    "samples_per_second",
    "policy",
    "value",
    "critic",
    "entropy",
    "temperature",
    "approx_kl",
    "clip_fraction",
    "explained_variance",
    "gradient_norm",
    "publish_s",
    "stale",
    "broken",
)
"""Fields of the trainer's line; those of the other algorithm are not in it."""

METRIC_DEFINITIONS: tuple[Mapping[str, str], ...] = (
    {"Name": "reward-training", "Regex": "^Training>.*Total reward=(.*?),"},
    {"Name": "ppo-surrogate-loss", "Regex": "^Policy training>.*Surrogate loss=(.*?),"},
    {"Name": "ppo-entropy", "Regex": "^Policy training>.*Entropy=(.*?),"},
    {"Name": "reward-testing", "Regex": "^Testing>.*Total reward=(.*?),"},
    {"Name": "completion-training", "Regex": "^Training>.*Completion=(.*?),"},
    {"Name": "completion-testing", "Regex": "^Testing>.*Completion=(.*?),"},
    *(
        {"Name": f"trainer:{name}", "Regex": rf"iteration version=.*\b{name}={_NUMBER}"}
        if name != "version"
        else {"Name": "trainer:version", "Regex": f"iteration version={_NUMBER}"}
        for name in ITERATION_METRICS
    ),
)
"""Names and regular expressions; 40 at most, says the service."""


def episode_line(record: EpisodeRecord) -> str:
    """The original's line for an episode; its word for an evaluation is Testing."""
    phase = "Training" if record.mode == "training" else "Testing"
    return (
        f"{phase}> Name=main_level/agent, Worker={record.worker}, Episode={record.number}, "
        f"Total reward={record.reward:.4f}, Steps={record.steps}, "
        f"Completion={record.progress:.2f}, Training iteration={record.policy_version or 0}"
    )


def read_iteration(line: str) -> dict[str, str]:
    """The fields of a trainer's line for an iteration by their names; empty for any other line."""
    found = _ITERATION.search(line)
    return {} if found is None else dict(_FIELD.findall(found[1]))


def policy_training_line(fields: Mapping[str, str], *, epochs: int, learning_rate: float) -> str:
    """The original's line for an update.

    Args:
        fields: of the trainer's own line.
        epochs: of the update.
        learning_rate: of the update.
    """
    return (
        f"Policy training> Surrogate loss={fields.get('policy', 'nan')}, "
        f"KL divergence={fields.get('approx_kl', 'nan')}, "
        f"Entropy={fields.get('entropy', 'nan')}, training epoch={epochs}, "
        f"learning_rate={learning_rate:g}"
    )


if __name__ == "__main__":
    print(json.dumps(METRIC_DEFINITIONS, indent=2))
