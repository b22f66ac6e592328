"""Stand-in for ROS 2's launch_testing: tests of what a launch description starts.

A test file has `generate_test_description()`, which returns a launch description with a
ReadyToTest action, and unittest classes: those that run beside the processes and, marked with
`post_shutdown_test()`, those that run after them. See `launch` for what a stand-in is.
"""

from launch.stand_in import absent_from

from launch_testing.decorators import parametrize, post_shutdown_test

__all__ = ["parametrize", "post_shutdown_test"]

__getattr__ = absent_from(__name__)
