"""What the containers of a deployment are told, read by the code that reads it there."""

import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from deepracer.robomaker import told
from deepracer.robomaker.job import SimulationJob, read_job
from deepracer_core.redis_connection import address
from deepracer_trainer.sagemaker.request import Asked, sort_hyperparameters

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"

_AWS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"}
_PASSWORDS = {"REDIS_PASSWORD", "REDIS_PASSWORD_FILE", "REDIS_PASSWORD_SECRET"}


def read_simulation(
    environment: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> SimulationJob:
    """The simulation that an environment makes; fails on a name that nobody reads."""
    caplog.clear()
    answers = told.from_environment(environment)
    unread = set(environment) - set(answers) - _AWS - {"DEEPRACER_REDIS"}
    assert not unread, f"a simulation does not read {unread}"
    _nothing_to_warn_of(caplog)
    _check_redis(environment)
    return read_job(answers)


def read_trainer(
    environment: Mapping[str, str],
    hyperparameters: Mapping[str, str],
    caplog: pytest.LogCaptureFixture,
) -> Asked:
    """The trainer that its hyperparameters make; fails on a name that nobody reads."""
    caplog.clear()
    page = (REPOSITORY / "docs" / "containers.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", page))
    unread = set(environment) - documented - _AWS - {"S3_ENDPOINT_URL", "TRAINING_JOB_NAME"}
    assert not unread, f"a trainer does not read {unread}"
    asked = sort_hyperparameters(hyperparameters)
    _nothing_to_warn_of(caplog)
    _check_redis(environment)
    return asked


def check_script(path: str) -> None:
    """A program of an image is a script that is there."""
    script = REPOSITORY / Path(path).relative_to("/opt/deepracer")
    assert os.access(script, os.X_OK), script


def _check_redis(environment: Mapping[str, str]) -> None:
    """The address names no password, but where that is."""
    url = environment["DEEPRACER_REDIS"]
    address(url)
    assert parse_qs(urlsplit(url).query)["password_variable"] == ["REDIS_PASSWORD"]
    assert urlsplit(url).password is None
    assert _PASSWORDS & set(environment)


def _nothing_to_warn_of(caplog: pytest.LogCaptureFixture) -> None:
    assert not [entry for entry in caplog.records if entry.levelno >= logging.WARNING]
