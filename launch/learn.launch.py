"""The learning side of a run: the trainer, and Redis if no address is given.

It ends when one of them ends. Simulations (sim.launch.py) bring it experience.
"""

import os
import socket

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    OpaqueFunction,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    Shutdown,
)
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import ExecutableInPackage, FindPackageShare

# The kernel stops a process when the launch is gone, even if that was killed or is only starting.
DIE_WITH_LAUNCH = "setpriv --pdeathsig TERM --"

# A line of JSON stays one; in front of any other stands which process wrote it.
IS_JSON = os.environ.get("DEEPRACER_LOG_FORMAT") == "json"
OUTPUT_FORMAT = "{line}" if IS_JSON else "[{this.process_description.final_name}] {line}"

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
                "--max-memory-mb",
                LaunchConfiguration("redis_megabytes"),
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
                description="Address of a Redis server, redis://[:password@]host:port (rediss://"
                " for TLS, unix:// for a socket); without one a server is started for the run.",
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
                "redis_megabytes",
                default_value="1024",
                description="Most memory of the Redis server that is started, in MiB; more than the"
                " experience buffer's buffer_megabytes.",
            ),
            DeclareLaunchArgument(
                "store",
                default_value=["runs/", LaunchConfiguration("run"), "/store"],
                description="Where model versions and records are kept: a folder or"
                " s3://bucket/prefix.",
            ),
            DeclareLaunchArgument(
                "reward_function",
                default_value=PathJoinSubstitution([SHARE, "config", "reward_function.py"]),
                description="Python file with `def reward_function(params) -> float`.",
            ),
            DeclareLaunchArgument(
                "model_metadata",
                default_value=PathJoinSubstitution([SHARE, "config", "model_metadata.json"]),
                description="Action space, sensors, network and algorithm.",
            ),
            DeclareLaunchArgument(
                "hyperparameters",
                default_value=PathJoinSubstitution([SHARE, "config", "hyperparameters.json"]),
                description="Hyperparameters of the training algorithm.",
            ),
            DeclareLaunchArgument(
                "job_duration_in_seconds",
                default_value="900",
                description="Wall-clock seconds after which the training ends.",
            ),
            DeclareLaunchArgument(
                "max_policy_lag",
                default_value="1",
                description="An episode of a training begins with a model at most so many versions"
                " behind what was driven; 0: driving and training alternate.",
            ),
            DeclareLaunchArgument(
                "keep_versions",
                default_value="50",
                description="Newest model versions that stay in the store, besides the best one; 0"
                " keeps all.",
            ),
            DeclareLaunchArgument(
                "stop_after_laps",
                default_value="0",
                description="Complete laps in a row, driven in the evaluations of the training,"
                " after which it ends before its time; 0 for never.",
            ),
            DeclareLaunchArgument(
                "tensorboard",
                default_value=["runs/", LaunchConfiguration("run"), "/tensorboard"],
                description="Folder for TensorBoard's event files; none without a name.",
            ),
            DeclareLaunchArgument(
                "seed",
                default_value="0",
                description="Seed of every random choice of the training, from 0.",
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
            # What Python prints into a pipe would otherwise be seen at the end.
            SetEnvironmentVariable("PYTHONUNBUFFERED", "1"),
            OpaqueFunction(function=start_redis),
            ExecuteProcess(
                cmd=[
                    ExecutableInPackage(executable="trainer", package="deepracer_trainer"),
                    "--run",
                    LaunchConfiguration("run"),
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
                    "--max-policy-lag",
                    LaunchConfiguration("max_policy_lag"),
                    "--keep-versions",
                    LaunchConfiguration("keep_versions"),
                    "--stop-after-laps",
                    LaunchConfiguration("stop_after_laps"),
                    "--seed",
                    LaunchConfiguration("seed"),
                    "--tensorboard",
                    LaunchConfiguration("tensorboard"),
                ],
                name="trainer",
                # Not among the arguments, which the log shows if it dies: it may have a password.
                additional_env={"DEEPRACER_REDIS": LaunchConfiguration("redis")},
                prefix=DIE_WITH_LAUNCH,
                output="screen",
                output_format=OUTPUT_FORMAT,
                on_exit=Shutdown(reason="the trainer ended"),
            ),
        ]
    )
