"""Stand-in for ROS 2's launch_ros: nodes, their parameters, and packages.

See `launch` for what a stand-in is.
"""

from launch.stand_in import absent_from

from launch_ros import actions, descriptions, parameter_descriptions, substitutions

__all__ = ["actions", "descriptions", "parameter_descriptions", "substitutions"]

__getattr__ = absent_from(__name__)
