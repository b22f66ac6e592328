"""What the image `trainer` installs, installed: its scripts make an environment, and it trains."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from opt_ml import REPOSITORY, Job, OptMl

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The virtual environment that the Dockerfile's two scripts make."""
    target = tmp_path_factory.mktemp("image") / "python"
    scripts = REPOSITORY / "docker"
    packages = ("deepracer_core", "deepracer_trainer")
    # The workspace of the tests is none of the image's.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for command, variables in (
        # TensorFlow's thousands of files are not compiled for one short job.
        ([scripts / "install_trainer.sh", REPOSITORY, target], {"PIP_COMPILE": "0"}),
        ([scripts / "install_packages.sh", REPOSITORY, target, *packages], {}),
    ):
        done = subprocess.run(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={**environment, **variables},
        )
        assert done.returncode == 0, done.stdout[-4000:]
    return target


def test_every_version_is_the_fixed_one(installed: Path):
    python = installed / "bin" / "python"
    freeze = [python, "-I", "-m", "pip", "freeze", "--all"]
    said = subprocess.run(freeze, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {
        line.split("==")[0].lower().replace("_", "-"): line.split("==")[1]
        for line in said.splitlines()
        if not line.startswith("deepracer")
    }
    constraints = (REPOSITORY / "constraints.txt").read_text()
    assert {"tensorflow", "redis", "boto3", "ai-edge-litert"} <= set(found)
    for name, version in found.items():
        if name != "pip":  # the base image's own
            assert re.search(rf"^{re.escape(name)}=={re.escape(version)}( ;|$)", constraints, re.M)
    assert not [name for name in found if name.startswith(("ros-", "pytest", "moto", "colcon"))]


def test_the_same_sources_give_the_same_bytes(installed: Path):
    compiled = next(installed.glob("lib/*/site-packages/deepracer_core/__pycache__/episode.*.pyc"))
    # PEP 552: a hash of the source instead of its date, and it is looked at.
    assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 0b11
    assert not list(installed.glob("lib/*/site-packages/deepracer_*/direct_url.json"))
    assert not list((REPOSITORY / "src").glob("*/build"))


def test_it_trains_as_the_image_does(installed: Path, opt_ml: OptMl, job: Job, request_of_a_user):
    opt_ml.give({**request_of_a_user, "job_duration_in_seconds": "1"})
    python = str(installed / "bin" / "python")
    container = opt_ml.start(TRAINER_PYTHON=python, PYTHONPATH="", PATH=os.environ["PATH"])
    assert container.wait() == 1
    assert "before its first model" in opt_ml.failure
    assert re.search(
        r"trainer ready algorithm=clipped_ppo network=\w+ parameters=\d+", container.said
    )
    assert "training ended version=0" in container.said
