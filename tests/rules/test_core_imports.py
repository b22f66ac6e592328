import subprocess
import sys
from pathlib import Path

import deepracer_core

CHECK = """
import importlib, pkgutil, sys
for blocked in ("rclpy", "tensorflow"):
    sys.modules[blocked] = None
import deepracer_core
modules = pkgutil.walk_packages(deepracer_core.__path__, "deepracer_core.")
names = [module.name for module in modules]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_the_core_needs_neither_ros_nor_tensorflow():
    source = Path(deepracer_core.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
