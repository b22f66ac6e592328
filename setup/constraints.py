"""Fixes the versions: `make constraints` resolves requirements.txt anew and writes the result.

The newest versions that the ranges allow are taken, once for every Python that is supported; where
they differ, the line carries a marker. A second file is for an installed ROS 2 that was compiled
for NumPy 1.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from .interpreters import NEWEST, OLDEST
from .places import REPOSITORY
from .python_environment import (
    CONSTRAINTS,
    CONSTRAINTS_WITH_NUMPY_1,
    without_ros_wheels,
)
from .requirements import REQUIREMENTS

_SUPPORTED = [f"3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]
_WITH_ROS = ["3.10", "3.12"]
"""The Pythons of Humble (Ubuntu 22.04) and Jazzy (Ubuntu 24.04)."""
_TOOLS = "pip\nsetuptools\nwheel\n"


def main() -> int:
    """Resolve with every supported Python found on PATH as python3.N, or named on the command line.

    Returns:
        the exit code: 1 when one is missing or cannot be resolved.
    """
    parser = argparse.ArgumentParser(prog="python3 -m setup.constraints", description=__doc__)
    for version in _SUPPORTED:
        parser.add_argument(f"--python{version}", default=f"python{version}", metavar="PROGRAM")
    programs = vars(parser.parse_args())
    requirements = _TOOLS + REQUIREMENTS.read_text()
    numpy_1 = without_ros_wheels(requirements) + "numpy<2\n"
    with tempfile.TemporaryDirectory() as folder:
        for version in _SUPPORTED:
            _make_pip(Path(folder) / version, programs[f"python{version}"], version)
        for file, wanted, versions in (
            (CONSTRAINTS, requirements, _SUPPORTED),
            (CONSTRAINTS_WITH_NUMPY_1, numpy_1, _WITH_ROS),
        ):
            resolved = {version: _resolve(Path(folder) / version, wanted) for version in versions}
            file.write_text(_as_text(resolved))
            print(f"wrote {file.relative_to(REPOSITORY)} for Python {', '.join(versions)}")
    return 0


def _make_pip(folder: Path, program: str, version: str) -> None:
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        said = subprocess.run([program, "-c", ask], stdout=subprocess.PIPE, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"{program} does not run ({error}): name Python {version} by --python{version}")
    if said.stdout.strip() != version:
        sys.exit(f"{program} is Python {said.stdout.strip()}, {version} was expected")
    subprocess.run([program, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/pip", "install", "--quiet", "--upgrade", "pip"], check=True)


def _resolve(folder: Path, requirements: str) -> dict[str, str]:
    """Versions by the normalised name of the package, everything that would be installed."""
    wanted, report = folder / "requirements.txt", folder / "report.json"
    wanted.write_text(requirements)
    options = ["--quiet", "--dry-run", "--ignore-installed", "--report", str(report)]
    subprocess.run([folder / "bin/pip", "install", *options, "-r", str(wanted)], check=True)
    packages = [entry["metadata"] for entry in json.loads(report.read_text())["install"]]
    return {package["name"].lower().replace("_", "-"): package["version"] for package in packages}


def _as_text(resolved: dict[str, dict[str, str]]) -> str:
    """The lines of a constraints file; `resolved` has the packages of each Python."""
    pythons_by_version: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for python, packages in resolved.items():
        for name, version in packages.items():
            pythons_by_version[name][version].append(python)
    lines = ["# Written by `make constraints` from requirements.txt; not edited by hand."]
    for name in sorted(pythons_by_version):
        for version, pythons in pythons_by_version[name].items():
            marker = " or ".join(f'python_version == "{python}"' for python in pythons)
            suffix = "" if len(pythons) == len(resolved) else f" ; {marker}"
            lines.append(f"{name}=={version}{suffix}")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
