"""Every package that the code imports is asked for, and its version is fixed."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from setup.requirements import REQUIREMENTS, sections, without  # noqa: E402 - found just above

OURS = {file.parent.name for file in ROOT.glob("src/*/package.xml")}
OURS |= {"benchmarks", "setup"} | {file.stem for file in ROOT.glob("tests/*/*.py")}
STAND_INS = {file.parent.name for file in ROOT.glob("stand_ins/*/__init__.py")}
PACKAGES = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "cfnlint": "cfn-lint",
    "google": "tensorflow",
    "pythonjsonlogger": "python-json-logger",
    "yaml": "pyyaml",
    "rclpy": "ros-jazzy-rclpy",
    "ament_index_python": "ros-jazzy-ament-index-python",
    # What comes along with a package for certain, as a part of its interface.
    "_pytest": "pytest",
    "botocore": "boto3",
    "builtin_interfaces": "ros-jazzy-rclpy",
    "pydantic_core": "pydantic",
    "rcl_interfaces": "ros-jazzy-rclpy",
    "werkzeug": "moto",
}
USED_WHERE_INSTALLED = {"tf2_msgs", "stable_baselines3", "torch"}


def sources() -> list[Path]:
    folders = ("src", "tests", "launch", "benchmarks", "stand_ins", "config")
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py")]


def imported(path: Path) -> set[str]:
    """First names of the absolute imports of a file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def package_of(module: str) -> str:
    if module in PACKAGES:
        return PACKAGES[module]
    prefix = "ros-jazzy-" if module.endswith(("_msgs", "_srvs")) else ""
    return prefix + module.replace("_", "-").lower()


def required() -> set[str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines)
    return {name[0].lower().replace("_", "-") for name in found if name}


def fixed(file: str) -> set[str]:
    lines = (ROOT / file).read_text().splitlines()
    return {line.partition("==")[0] for line in lines if "==" in line}


def test_imports_are_required():
    missing = []
    for path in sources():
        beside = {sibling.stem for sibling in path.parent.iterdir()}
        ours = OURS | STAND_INS | USED_WHERE_INSTALLED | beside
        modules = imported(path) - set(sys.stdlib_module_names) - ours
        not_required = {name for name in modules if package_of(name) not in required()}
        missing += [f"{name} ({path.relative_to(ROOT)})" for name in sorted(not_required)]
    assert not missing, "these imports need a line in requirements.txt"


def test_requirements_are_fixed():
    assert required() <= fixed("constraints.txt")


def test_requirements_are_fixed_beside_an_installed_ros():
    without_wheels = {name for name in required() if not name.startswith("ros-")}
    assert without_wheels <= fixed("constraints-numpy1.txt")


def test_sections_by_their_names():
    text = "# What the project\n# needs.\n\n# One: more\nfirst>=1\nsecond\n\n# Two\nthird\n"
    assert sections(text) == {"one": ["first>=1", "second"], "two": ["third"]}
    assert without(text, ["two"]) == "first>=1\nsecond\n"
    assert without(text, []) == text
    with pytest.raises(KeyError):
        without(text, ["three"])


def test_every_requirement_is_in_a_section():
    text = REQUIREMENTS.read_text()
    lines = [line for line in text.splitlines() if line and line[0] != "#"]
    assert sorted(line for section in sections(text).values() for line in section) == sorted(lines)


def test_the_trainers_sections_have_all_that_it_imports():
    found = sections(REQUIREMENTS.read_text())
    lines = [*found["core"], *found["trainer"]]
    installed = {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in lines}
    for package in ("deepracer_core", "deepracer_trainer"):
        paths = (ROOT / "src" / package / package).rglob("*.py")
        modules = {module for path in paths for module in imported(path)}
        needed = {package_of(module) for module in modules - OURS - set(sys.stdlib_module_names)}
        assert needed <= installed, package
