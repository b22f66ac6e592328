"""The table of metrics: names that hold everywhere, and documentation that says the same."""

import re
from pathlib import Path

import pytest
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.telemetry.episodes import episode_values
from deepracer_core.telemetry.metric_table import BY_NAME, METRICS

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"\"((?:charts|buffer|losses|worker|telemetry)/[a-z_]+)\"")


def test_names_are_there_once_and_prometheus_takes_them():
    assert len(BY_NAME) == len(METRICS)
    names = [metric.prometheus_name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert re.fullmatch(r"[a-z]+/[a-z_]+", metric.name)
        assert re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", metric.prometheus_name)
        assert metric.kind in ("gauge", "counter")


def test_every_name_in_the_code_is_in_the_table_and_the_other_way_round():
    sources = [path for path in (ROOT / "src").rglob("*.py") if path.name != "metric_table.py"]
    used = {name for path in sources for name in NAME.findall(path.read_text(encoding="utf-8"))}
    used |= {f"charts/{reason}_segments" for reason in ("stale", "broken")}
    of_episodes = {name for name in BY_NAME if name.startswith(("episodes/", "evaluations/"))}
    assert used == set(BY_NAME) - of_episodes


@pytest.mark.parametrize(
    ("mode", "group"), [("training", "episodes"), ("evaluation", "evaluations")]
)
def test_what_is_said_of_an_episode_is_in_the_table(mode, group):
    lap = EpisodeRecord(
        worker=0,
        number=3,
        mode=mode,
        policy_version=None,
        status=EpisodeStatus.LAP_COMPLETE,
        steps=100,
        progress=100.0,
        reward=7.5,
        duration_s=6.7,
        start_distance=0.0,
        wall_clock=0.0,
    )
    values = episode_values(lap)
    assert set(values) == {name for name in BY_NAME if name.startswith(f"{group}/")}
    assert values[f"{group}/lap_seconds"] == 6.7
    assert values[f"{group}/version"] == 0


def test_the_documentation_has_the_same_table():
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| `[a-z]+/", line)]
    assert rows == [
        f"| `{metric.name}` | {metric.kind} | {metric.unit} | {metric.source} | {metric.meaning} |"
        for metric in METRICS
    ]
