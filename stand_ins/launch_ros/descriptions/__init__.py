"""Another name of launch_ros.parameter_descriptions."""

from launch.stand_in import absent_from

from launch_ros.parameter_descriptions import ParameterValue

__all__ = ["ParameterValue"]

__getattr__ = absent_from(__name__)
