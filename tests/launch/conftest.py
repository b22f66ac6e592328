"""Launches under test, and a workspace whose executables are small and quick."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from launched import Launched

ROOT = Path(__file__).resolve().parents[2]
EXECUTABLES = {
    "deepracer": ("live_video",),
    "deepracer_core": ("redis_server",),
    "deepracer_gazebo": ("gazebo_server",),
    "deepracer_nodes": ("simulator_bridge", "observation", "agent", "rollout"),
    "deepracer_trainer": ("trainer",),
}


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Launched]]:
    """Starts `ros2 launch` with these arguments, in a folder of the test's own."""
    started = []

    def start(*arguments: object, **options: object) -> Launched:
        started.append(Launched(arguments, tmp_path, **options))
        return started[-1]

    yield start
    for launched in started:
        launched.close()


@pytest.fixture
def launch_file(tmp_path: Path, launch: Callable[..., Launched]) -> Callable[..., Launched]:
    """Starts a launch file whose entities are given as Python text."""

    def start(entities: str, *arguments: object, **options: object) -> Launched:
        path = tmp_path / "test.launch.py"
        path.write_text(
            "import sys\n"
            "from launch import LaunchDescription\n"
            "from launch.actions import *\n"
            "from launch.conditions import *\n"
            "from launch.event_handlers import *\n"
            "from launch.events import Shutdown as ShutdownEvent\n"
            "from launch.launch_description_sources import *\n"
            "from launch.substitutions import *\n"
            "from launch_ros.actions import Node\n"
            "from launch_ros.parameter_descriptions import ParameterValue\n"
            "from launch_ros.substitutions import *\n"
            "def python(code, *arguments, name='it', output='screen', **options):\n"
            "    return ExecuteProcess(cmd=[sys.executable, '-uc', code, *arguments], name=name,"
            " output=output, **options)\n"
            f"def generate_launch_description():\n    return LaunchDescription([{entities}])\n"
        )
        return launch(path, *arguments, **options)

    return start


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A workspace with the shipped launch files and stand-ins for all executables."""
    prefix = tmp_path_factory.mktemp("workspace")
    fake = (Path(__file__).parent / "fake_executable.py").read_text()
    index = prefix / "share/ament_index/resource_index/packages"
    index.mkdir(parents=True)
    for package, executables in EXECUTABLES.items():
        (index / package).touch()
        (prefix / "share" / package).mkdir()
        (prefix / "lib" / package).mkdir(parents=True)
        for name in executables:
            path = prefix / "lib" / package / name
            # Without site-packages it starts in no time.
            path.write_text(f"#!{sys.executable} -SE\n{fake}")
            path.chmod(0o755)
    for folder in ("launch", "worlds", "config"):
        shutil.copytree(ROOT / folder, prefix / "share/deepracer" / folder)
    return {"AMENT_PREFIX_PATH": str(prefix)}
