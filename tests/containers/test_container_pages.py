"""docs/containers.md says what the code says."""

import re
from dataclasses import fields

from deepracer_trainer.sagemaker.metric_lines import METRIC_DEFINITIONS
from deepracer_trainer.sagemaker.request import Request
from opt_ml import REPOSITORY

TEXT = (REPOSITORY / "docs" / "containers.md").read_text(encoding="utf-8")


def table(heading: str) -> dict[str, str]:
    """The first table below a heading: its first column to its second, without backticks."""
    below = TEXT.split(f"\n### {heading}\n", 1)[1].split("\n### ", 1)[0]
    rows = re.findall(r"^\| `([^|]+)` \| ([^|]*) \|", below, re.MULTILINE)
    return {name: value.strip("`") for name, value in rows}


def test_every_hyperparameter_of_the_container_is_there_with_its_default():
    told = table("Hyperparameters")
    assert set(told) == {entry.name for entry in fields(Request)}
    for entry in fields(Request):
        if isinstance(entry.default, int) or entry.name == "pretrained_checkpoint":
            assert told[entry.name] == str(entry.default), entry.name


def test_every_metric_is_there():
    told = table("Metrics")
    for definition in METRIC_DEFINITIONS:
        name = re.sub(r"^trainer:.*", "trainer:NAME", definition["Name"])
        assert name in told, name
    assert all(definition["Regex"] in TEXT for definition in METRIC_DEFINITIONS[:6])
