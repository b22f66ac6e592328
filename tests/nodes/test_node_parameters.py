"""What the settings of a job allow, and what the nodes take: one and the same."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from deepracer.settings_sources import SETTING_NAMES, resolve_settings
from deepracer_core.errors import ConfigurationError
from deepracer_core.parameters import declaration
from deepracer_core.rollout_parameters import RolloutParameters
from deepracer_flat.worker import WorkerParameters
from deepracer_nodes.agent import AgentParameters
from deepracer_nodes.observation import ObservationParameters
from deepracer_nodes.rollout import RolloutNode
from deepracer_nodes.simulator_bridge import BridgeParameters

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"trials": "evaluation_trials"}
LOWEST = {"max_steps": 1, "evaluation_trials": 0}
"""Where a setting has none or 0 for what a node is told otherwise, or not at all."""
HIGHEST = {"workers": 32}
"""A job runs on one machine, the simulations of a run on as many as there are."""


def bounded() -> dict[tuple[str, str], tuple[type, float, float]]:
    """Type and bounds of each parameter with bounds that is a setting, by owner and setting."""
    found = {}
    owners = (
        AgentParameters,
        BridgeParameters,
        ObservationParameters,
        RolloutParameters,
        WorkerParameters,
    )
    for owner in owners:
        for entry in fields(owner):
            name = SETTINGS.get(entry.name, entry.name)
            said = declaration(entry)
            if name in SETTING_NAMES and said.lowest is not None:
                bounds = (type(entry.default), said.lowest, said.highest)
                found[owner.__name__, name] = bounds
    return found


def test_there_are_such_parameters():
    names = {name for _, name in bounded()}
    assert names >= {"buffer_megabytes", "camera_rate", "evaluation_trials", "off_track_penalty"}


@pytest.mark.parametrize(("owner", "name"), bounded())
def test_a_setting_allows_what_the_node_takes_and_no_more(owner, name):
    kind, lowest, highest = bounded()[owner, name]
    lowest, highest = LOWEST.get(name, lowest), HIGHEST.get(name, highest)
    for bound in (lowest, highest):
        settings = resolve_settings({name: kind(bound)}, {}).settings
        assert type(getattr(settings, name)) is kind
    beyond = 1 if kind is int else 1e-6
    for value in (lowest - beyond, highest + beyond):
        with pytest.raises(ConfigurationError, match=name):
            resolve_settings({name: kind(value)}, {})


@pytest.mark.parametrize(
    ("node", "parameter", "words"),
    [
        (
            "rollout",
            "trials:=0",
            "ERROR parameter trials: expected int from 1 to 1000 (laps to try in an evaluation)",
        ),
        ("rollout", "seed:=many", "ERROR parameter seed: expected int from 0 to 2147483647"),
        ("simulator_bridge", "camera_rate:=4", "camera_rate: expected a divisor of 15"),
    ],
)
def test_a_parameter_that_cannot_be_used_ends_the_node_with_one_message(node, parameter, words):
    packages = [str(package) for package in (ROOT / "src").glob("deepracer_*")]
    path = os.pathsep.join([*packages, os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", f"deepracer_nodes.{node}", "--ros-args", "-p", parameter],
        env=os.environ | {"PYTHONPATH": path, "ROS_DOMAIN_ID": "77"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_float_out_of_range_is_refused(graph):
    with pytest.raises(ConfigurationError, match=r"off_track_penalty: expected float from 0 to"):
        graph.add(RolloutNode, off_track_penalty=5000.0)
