"""Lines in the original's words, and regular expressions that find numbers in lines."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_trainer.sagemaker.metric_lines import (
    METRIC_DEFINITIONS,
    episode_line,
    policy_training_line,
    read_iteration,
)

PPO = (
    "2026-11-24 17:50:20,422 INFO iteration version=24 iteration=24 episodes=96 steps=2100 "
    "samples=6300 publish_s=0.87 iteration_episodes=4 policy_lag=1 policy=-0.00202 value=7e-05 "
    "entropy=1.589 approx_kl=0.0008 stale=0 broken=0"
)
SAC = (
    "2026-11-24 17:50:20,422 INFO iteration version=3 iteration=3 episodes=9 steps=512 "
    "critic=0.5 policy=1.2e+03 q_value=9.5 entropy=0.4 temperature=0.01 policy_gradient_norm=3"
)


def found(name: str, text: str) -> list[str]:
    (definition,) = [each for each in METRIC_DEFINITIONS if each["Name"] == name]
    return re.findall(definition["Regex"], text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "line", "number"),
    [
        ("trainer:version", PPO, "24"),
        ("trainer:episodes", PPO, "96"),
        ("trainer:policy", PPO, "-0.00202"),
        ("trainer:value", PPO, "7e-05"),
        ("trainer:publish_s", PPO, "0.87"),
        ("trainer:critic", SAC, "0.5"),
        ("trainer:policy", SAC, "1.2e+03"),
        ("trainer:temperature", SAC, "0.01"),
    ],
)
def test_the_trainers_own_line(name, line, number):
    assert found(name, line) == [number]


def test_no_metric_is_found_in_another_ones_name():
    assert found("trainer:value", SAC) == []
    assert found("trainer:gradient_norm", SAC) == []


def test_an_update_in_the_originals_words():
    line = policy_training_line(read_iteration(PPO), epochs=4, learning_rate=3e-4)
    assert line == (
        "Policy training> Surrogate loss=-0.00202, KL divergence=0.0008, Entropy=1.589, "
        "training epoch=4, learning_rate=0.0003"
    )
    assert found("ppo-surrogate-loss", line) == ["-0.00202"]
    assert found("ppo-entropy", line) == ["1.589"]


def test_an_episode_in_the_originals_words():
    record = EpisodeRecord(
        worker=1,
        number=12,
        mode="training",
        policy_version=3,
        status=EpisodeStatus.OFF_TRACK,
        steps=101,
        progress=45.678,
        reward=34.5,
        duration_s=6.7,
        start_distance=0.0,
        wall_clock=0.0,
    )
    line = episode_line(record)
    assert found("reward-training", line) == ["34.5000"]
    assert found("completion-training", line) == ["45.68"]
    assert "Worker=1, Episode=12," in line
    assert line.endswith("Training iteration=3")
    assert found("reward-testing", line) == []
    evaluation = episode_line(replace(record, mode="evaluation"))
    assert found("reward-testing", evaluation) == ["34.5000"]
    assert found("completion-testing", evaluation) == ["45.68"]
    assert found("reward-training", evaluation) == []


def test_the_trainers_line_is_read():
    fields = read_iteration(PPO)
    assert fields["version"] == "24"
    assert fields["approx_kl"] == "0.0008"
    assert read_iteration("INFO best version=24 mean_completion=3") == {}
    assert read_iteration("INFO training ended version=3 iteration=3") == {}


def test_the_definitions_as_the_service_takes_them():
    command = [sys.executable, "-m", "deepracer_trainer.sagemaker.metric_lines"]
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    definitions = json.loads(said.stdout)
    assert definitions == [dict(each) for each in METRIC_DEFINITIONS]
    for definition in definitions:
        assert set(definition) == {"Name", "Regex"}
        assert len(definition["Regex"]) <= 500
        assert re.compile(definition["Regex"]).groups == 1
