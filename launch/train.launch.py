"""Training on one machine: Redis, if no address is given, the trainer and one simulation.

It ends when the trainer ends, or any other of its processes.
"""

from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare


def include(file, **arguments):
    path = PathJoinSubstitution([FindPackageShare("deepracer"), "launch", file])
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(path), launch_arguments=arguments.items()
    )


def generate_launch_description():
    # Their arguments are arguments of this file too. The learning side comes first: it says where
    # Redis is.
    return LaunchDescription(
        [include("learn.launch.py"), include("sim.launch.py", mode="training")]
    )
