"""The virtual environment: made, found, brought up to date, repaired. With real venv and pip."""

from pathlib import Path

import pytest

PYTHON = ("--only", "python")


@pytest.fixture
def offline(checkout: Path, wheels: Path) -> dict[str, str]:
    """Pip's settings for those wheels; two small files in the place of the real requirements."""
    (checkout / "requirements.txt").write_text("first>=1\n")
    (checkout / "constraints.txt").write_text("first==1.0\nsecond==1.0\n")
    return {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}


def has(checkout: Path, module: str) -> bool:
    return any((checkout / ".venv").glob(f"lib/python*/site-packages/{module}_of_ours.py"))


def test_makes_it_once_and_brings_it_up_to_date(set_up, checkout, offline):
    # It is made anew after an interruption.
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/half_installed").touch()
    done = set_up(*PYTHON, environment=offline)
    assert done.returncode == 0, done.stdout
    assert has(checkout, "first")
    assert not has(checkout, "second")
    assert not (checkout / ".venv/bin/half_installed").exists()

    nothing = {**offline, "PIP_FIND_LINKS": "/nowhere"}
    again = set_up(*PYTHON, environment=nothing)
    assert again.returncode == 0, again.stdout
    assert "found 3." in again.stdout
    assert again.stdout.count("\n") == 1

    (checkout / ".venv/kept").touch()
    (checkout / "requirements.txt").write_text("first>=1\nno-such-package-of-ours\n")
    assert set_up(*PYTHON, environment=offline).returncode != 0
    assert has(checkout, "first")

    (checkout / "requirements.txt").write_text("first>=1\nsecond\n")
    done = set_up(*PYTHON, environment=offline)
    assert done.returncode == 0, done.stdout
    assert has(checkout, "second")
    assert (checkout / ".venv/kept").exists()


def test_an_environment_that_cannot_be_made_is_not_left(set_up, checkout, offline, tmp_path):
    """`python -m venv` fails when its folders are there already."""
    (tmp_path / "sitecustomize.py").write_text(
        "import venv\n\n\ndef fail(*_):\n    raise OSError('no space left on device')\n\n\n"
        "venv.EnvBuilder._setup_pip = fail\n"
    )
    done = set_up(*PYTHON, environment={**offline, "PYTHONPATH": str(tmp_path)})
    assert done.returncode != 0
    assert "no space left on device" in done.stdout
    assert not (checkout / ".venv").exists()


def test_without_network_nothing_is_left(set_up, checkout, offline):
    nowhere = {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "1",
    }
    done = set_up(*PYTHON, environment=nowhere)
    assert done.returncode == 5, done.stdout
    assert "the network or the mirror cannot be reached" in done.stdout
    assert not (checkout / ".venv").exists()


def test_leaves_a_section_out(set_up, checkout, offline):
    (checkout / "requirements.txt").write_text("# One\nfirst>=1\n\n# Two\nsecond\n")
    (checkout / "constraints.txt").write_text("first==1.0\nsecond==1.0\n")
    done = set_up("--only", "python", "--without", "two", environment=offline)
    assert done.returncode == 0, done.stdout
    assert has(checkout, "first")
    assert not has(checkout, "second")
    again = set_up("--only", "python", "--without", "two", environment=offline)
    assert "found 3." in again.stdout
    done = set_up("--only", "python", environment=offline)
    assert done.returncode == 0, done.stdout
    assert has(checkout, "second")
    refused = set_up("--without", "three", environment=offline)
    assert refused.returncode == 2
    assert "three" in refused.stdout
