"""What the stand-ins do not have is an error that names it."""

import importlib
import subprocess
import sys

import launch
import pytest
from launched import command

pytestmark = pytest.mark.skipif(
    not hasattr(launch, "stand_in"), reason="the real packages are installed"
)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("launch", "LaunchIntrospector"),
        ("launch.actions", "TimerAction"),
        ("launch.substitutions", "ThisLaunchFileDir"),
        ("launch.conditions", "LaunchConfigurationEquals"),
        ("launch.events", "ExecutionComplete"),
        ("launch.events.process", "ShutdownProcess"),
        ("launch.event_handlers", "OnExecutionComplete"),
        ("launch.launch_description_sources", "FrontendLaunchDescriptionSource"),
        ("launch.logging", "handlers"),
        ("launch.utilities", "is_a_subclass"),
        ("launch_ros", "events"),
        ("launch_ros.actions", "ComposableNodeContainer"),
        ("launch_ros.parameter_descriptions", "ParameterFile"),
        ("launch_ros.descriptions", "ComposableNode"),
        ("launch_ros.substitutions", "Parameter"),
        ("launch_testing", "tools"),
        ("launch_testing", "ready_to_test_action_timeout"),
        ("launch_testing.actions", "GTest"),
        ("launch_testing.asserts", "assertSequentialStdout"),
        ("launch_testing.markers", "retry_on_failure"),
        ("launch_testing.util", "KeepAliveProc"),
    ],
)
def test_missing_name(module, name):
    imported = importlib.import_module(module)
    text = rf"^{module}\.{name}: the stand-in for ROS 2's {module.partition('.')[0]} does not have"
    with pytest.raises(AttributeError, match=text):
        getattr(imported, name)
    with pytest.raises(ImportError, match=text):
        exec(f"from {module} import {name}")


@pytest.mark.parametrize("module", ["launch.frontend", "launch_ros.events", "launch_testing.tools"])
def test_missing_module(module):
    with pytest.raises(ImportError, match=rf"^{module}: the stand-in for ROS 2's"):
        importlib.import_module(module)


@pytest.mark.parametrize(
    ("create", "construct"),
    [
        ("actions.ExecuteProcess(cmd=['a'], respawn=True)", "ExecuteProcess(respawn=...)"),
        ("actions.ExecuteProcess(cmd=['a'], output={'both': 'log'})", "ExecuteProcess(output=.*)"),
        ("actions.GroupAction([], forwarding=False)", "GroupAction(forwarding=...)"),
        (
            "LaunchDescription([], deprecated_reason='x')",
            "LaunchDescription(deprecated_reason=...)",
        ),
        (
            "event_handlers.OnShutdown(on_shutdown=[], handle_once=True)",
            "OnShutdown(handle_once=...)",
        ),
    ],
)
def test_missing_argument(create, construct):
    pattern = construct.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(NotImplementedError, match=pattern + ": the stand-in for ROS 2's launch"):
        eval(f"launch.{create}")


def test_missing_attribute():
    with pytest.raises(AttributeError, match=r"launch\.launch_service\.LaunchService\.run_async"):
        launch.LaunchService().run_async  # noqa: B018


@pytest.mark.parametrize("configuration", ["emulate_tty:=true", "launch-prefix-filter:=x"])
def test_configuration_that_would_be_ignored(launch_file, configuration):
    launched = launch_file("python('pass')", configuration)
    assert launched.wait() == 1
    assert configuration.partition(":=")[0] in launched.text
    assert "the stand-in for ROS 2's launch does not have it" in launched.text


def test_other_formats_and_commands(launch, tmp_path):
    (tmp_path / "x.launch.xml").write_text("<launch/>")
    launched = launch(tmp_path / "x.launch.xml")
    assert launched.wait() == 1
    assert "launch.frontend" in launched.text
    result = subprocess.run([command("ros2"), "topic", "list"], capture_output=True, text=True)
    assert result.returncode == 2
    assert "'topic'" in result.stderr


def test_stand_ins_need_neither_tensorflow_nor_rclpy_to_launch(tmp_path):
    blocked = "import sys; sys.modules['rclpy'] = None; sys.modules['tensorflow'] = None;"
    code = f"{blocked} import launch, launch_ros.actions, launch_testing.actions, ros2cli.cli"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_workspace_that_is_not_sourced(tmp_path):
    result = subprocess.run(
        [command("ros2"), "launch", "deepracer", "sim.launch.py"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "AMENT_PREFIX_PATH" in result.stderr
    assert "source the workspace" in result.stderr
