"""What a benchmark's numbers were measured on."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timezone
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"

_PACKAGES = (
    "numpy",
    "tensorflow",
    "ai-edge-litert",
    "ros-jazzy-rclpy",
    "redis",
    "boto3",
    "moto",
    "safetensors",
)


def describe() -> dict[str, Any]:
    """Processor, cores, system and versions."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    installed = {entry.metadata["Name"]: entry.version for entry in distributions()}
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {package: installed.get(package) for package in _PACKAGES},
        "date": datetime.now(timezone.utc).date().isoformat(),
    }


def median_ms(function: Callable[[], object], repetitions: int = 300) -> float:
    """Median wall time of a call, milliseconds, after a warm-up of a tenth of the calls."""
    for _ in range(repetitions // 10):
        function()
    times = []
    for _ in range(repetitions):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times)


def save(name: str, result: dict[str, Any]) -> Path:
    """Write a result with the machine it was measured on; returns the file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps({"machine": describe(), **result}, indent=2) + "\n", "utf-8")
    beside.replace(path)
    return path
