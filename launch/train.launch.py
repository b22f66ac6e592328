"""Training on one machine: Redis, if no address is given, the trainer and one simulation.

It ends when the trainer ends, or any other of its processes.
"""

import socket

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    Shutdown,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import ExecutableInPackage, FindPackageShare

# The kernel stops a process when the launch is gone, even if that was killed or is only starting.
DIE_WITH_LAUNCH = "setpriv --pdeathsig TERM --"

SHARE = FindPackageShare("deepracer")


def start_redis(context):
    """Start a Redis server of the run's own, unless there is one already."""
    if LaunchConfiguration("redis").perform(context):
        return []
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free_port = probe.getsockname()[1]
    port = int(LaunchConfiguration("redis_port").perform(context)) or free_port
    return [
        ExecuteProcess(
            cmd=[
                ExecutableInPackage(executable="redis_server", package="deepracer_core"),
                "--folder",
                LaunchConfiguration("redis_folder"),
                "--port",
                str(port),
            ],
            name="redis_server",
            prefix=DIE_WITH_LAUNCH,
            output="screen",
            on_exit=Shutdown(reason="Redis ended"),
        ),
        SetLaunchConfiguration("redis", f"redis://127.0.0.1:{port}"),
    ]


def generate_launch_description():
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "run",
                default_value="default",
                description="Name of the run, under which its experience is kept in Redis; its"
                " folder is runs/NAME.",
            ),
            DeclareLaunchArgument(
                "redis",
                default_value="",
                description="Address of a Redis server, redis://[:password@]host:port, or rediss://"
                " for TLS; without one a server is started for the run.",
            ),
            DeclareLaunchArgument(
                "redis_port",
                default_value="0",
                description="Port of the Redis server that is started; 0 takes a free one.",
            ),
            DeclareLaunchArgument(
                "redis_folder",
                default_value=["runs/", LaunchConfiguration("run"), "/redis"],
                description="Folder for the data of the Redis server that is started.",
            ),
            DeclareLaunchArgument(
                "hyperparameters",
                default_value=PathJoinSubstitution([SHARE, "config", "hyperparameters.json"]),
                description="Hyperparameters of the training algorithm.",
            ),
            DeclareLaunchArgument(
                "job_duration_in_seconds",
                default_value="1080",
                description="Wall-clock seconds after which the training ends.",
            ),
            # What Python prints into a pipe would otherwise be seen at the end.
            SetEnvironmentVariable("PYTHONUNBUFFERED", "1"),
            OpaqueFunction(function=start_redis),
            # Its arguments are arguments of this file too, and the trainer shares some of them.
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution([SHARE, "launch", "sim.launch.py"])
                ),
                launch_arguments={"mode": "training"}.items(),
            ),
            ExecuteProcess(
                cmd=[
                    ExecutableInPackage(executable="trainer", package="deepracer_trainer"),
                    "--run",
                    LaunchConfiguration("run"),
                    "--redis",
                    LaunchConfiguration("redis"),
                    "--store",
                    LaunchConfiguration("store"),
                    "--model-metadata",
                    LaunchConfiguration("model_metadata"),
                    "--hyperparameters",
                    LaunchConfiguration("hyperparameters"),
                    "--reward-function",
                    LaunchConfiguration("reward_function"),
                    "--job-duration-in-seconds",
                    LaunchConfiguration("job_duration_in_seconds"),
                    "--seed",
                    LaunchConfiguration("seed"),
                ],
                name="trainer",
                prefix=DIE_WITH_LAUNCH,
                output="screen",
                on_exit=Shutdown(reason="the trainer ended"),
            ),
        ]
    )
