"""What a package imports is in its package.xml, or is known to be on PyPI alone."""

import ast
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "src"
PACKAGES = sorted(file.parent for file in SOURCES.glob("*/setup.py"))
OURS = {package.name for package in PACKAGES}
ON_PYPI_ALONE = {
    "ai_edge_litert",
    "av",
    "gymnasium",
    "keras",
    "numba",
    "prometheus_client",
    "pythonjsonlogger",
    "safetensors",
    "tenacity",
    "tensorflow",
}
KEYS = {
    "PIL": "python3-pil",
    "botocore": "python3-boto3",
    "cv2": "python3-opencv",
    "google": "python3-protobuf",
    "pydantic_core": "python3-pydantic",
}
"""What rosdep calls what a module comes with, where that is not python3-MODULE."""

PROJECTS = {"pythonjsonlogger": "python_json_logger"}
"""What PyPI calls what a module comes with, where that is not MODULE."""

OF_ROS = ("_msgs", "_srvs", "_interfaces", "_bridge")


def imported(package: Path) -> set[str]:
    """First names of the absolute imports of a package's modules."""
    names = set()
    for path in (package / package.name).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {package.name}


def key_of(module: str) -> str:
    if module in OURS or module in ("rclpy", "launch", "launch_ros") or module.endswith(OF_ROS):
        return module
    return KEYS.get(module, f"python3-{module}")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_imports_are_dependencies(package: Path) -> None:
    description = ElementTree.parse(package / "package.xml").getroot()
    declared = {element.text for element in description if element.tag.endswith("depend")}
    needed = {key_of(module) for module in imported(package) - ON_PYPI_ALONE}
    assert needed <= declared, f"add these to {package.name}/package.xml as exec_depend"


def test_what_is_on_pypi_alone_is_required_from_there() -> None:
    requirements = (SOURCES.parent / "requirements.txt").read_text(encoding="utf-8")
    lines = [line.partition(">")[0].replace("-", "_") for line in requirements.splitlines()]
    assert set(lines) >= {PROJECTS.get(module, module) for module in ON_PYPI_ALONE}
