"""A copy of the set-up program in a repository of its own, run as a person runs it."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

SetUp = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with nothing in it but the set-up program and what it reads."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "setup", folder / "setup", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "constraints.txt", "constraints-numpy1.txt", "colcon.meta"):
        shutil.copy(ROOT / name, folder / name)
    return folder


class Programs:
    """A folder for PATH: links to harmless programs, scripts in the place of others."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir()

    def link(self, *names: str) -> None:
        for name in names:
            (self.folder / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")

    def write(self, name: str, script: str) -> None:
        file = self.folder / name
        file.unlink(missing_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """What every machine has, and nothing that set-up looks for."""
    found = Programs(tmp_path / "programs")
    found.link("sh", "bash", "env", "cat", "rm", "mkdir", "flock", "unshare", "mount", "chroot")
    return found


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def set_up(checkout: Path, programs: Programs, cache: Path) -> SetUp:
    """Runs `python3 -m setup` in the copied repository, seeing only the given programs."""

    def run(
        *arguments: str, before: tuple[str, ...] = (), environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        kept = {name: os.environ[name] for name in ("HOME",) if name in os.environ}
        return subprocess.run(
            [*before, sys.executable, "-m", "setup", *arguments],
            cwd=checkout,
            env={
                **kept,
                "PATH": str(programs.folder),
                "DEEPRACER_CACHE": str(cache),
                "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
                **(environment or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder of tiny wheels in the place of PyPI."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in ("setuptools", "wheel", "first", "second"):
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            info = f"{name}-1.0.dist-info"
            wheel.writestr(f"{name}_of_ours.py", "")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any")
            wheel.writestr(f"{info}/RECORD", "")
    return folder
