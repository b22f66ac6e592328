"""One worker in the flat world, in a single process without ROS nodes and Gazebo.

It is what `deepracer train --simulator flat` starts; it ends when the process ends.
"""

import os

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, Shutdown
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PythonExpression
from launch_ros.substitutions import ExecutableInPackage

# The kernel stops a process when the launch is gone, even if that was killed or is only starting.
DIE_WITH_LAUNCH = "setpriv --pdeathsig TERM --"

# A line of JSON stays one; in front of any other stands which process wrote it.
IS_JSON = os.environ.get("DEEPRACER_LOG_FORMAT") == "json"
OUTPUT_FORMAT = "{line}" if IS_JSON else "[{this.process_description.final_name}] {line}"


def generate_launch_description():
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "parameters",
                description="JSON file with what the worker is told; `flat_worker --help` names"
                " the keys.",
            ),
            DeclareLaunchArgument(
                "live_video_parameters",
                default_value="",
                description="JSON file with what live video is told; none without it."
                " `flat_live_video --help` names the keys.",
            ),
            DeclareLaunchArgument(
                "sigterm_timeout",
                default_value="4",
                description="Seconds from SIGINT, which asks a process to end, to SIGTERM.",
            ),
            DeclareLaunchArgument(
                "sigkill_timeout",
                default_value="3",
                description="Seconds from SIGTERM to SIGKILL.",
            ),
            ExecuteProcess(
                cmd=[
                    ExecutableInPackage(executable="flat_worker", package="deepracer_flat"),
                    LaunchConfiguration("parameters"),
                ],
                name="flat_worker",
                prefix=DIE_WITH_LAUNCH,
                output="screen",
                output_format=OUTPUT_FORMAT,
                on_exit=Shutdown(reason="the worker ended"),
            ),
            # Nothing waits for it, and without it the worker goes on.
            ExecuteProcess(
                cmd=[
                    ExecutableInPackage(executable="flat_live_video", package="deepracer"),
                    LaunchConfiguration("live_video_parameters"),
                ],
                name="flat_live_video",
                condition=IfCondition(
                    PythonExpression(["'", LaunchConfiguration("live_video_parameters"), "' != ''"])
                ),
                prefix=DIE_WITH_LAUNCH,
                output="screen",
                output_format=OUTPUT_FORMAT,
            ),
        ]
    )
