"""The command `ros2`."""

import argparse
import os
import sys
from collections.abc import Sequence

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.command_line import parse_launch_arguments, print_arguments
from launch.launch_description_sources import (
    AnyLaunchDescriptionSource,
    get_launch_description_from_any_launch_file,
)


def main(argv: Sequence[str] | None = None) -> int | str:
    """Run the command.

    Args:
        argv: its arguments, this process's if None.

    Returns:
        The exit code, or the reason why it failed.
    """
    parser = argparse.ArgumentParser(
        prog="ros2",
        description="ros2 is an extensible command-line tool for ROS 2."
        " This is a stand-in that has the command `launch`.",
    )
    commands = parser.add_subparsers(title="Commands", dest="command", metavar="<command>")
    _add_launch(commands.add_parser("launch", help="Run a launch file"))
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    try:
        return _launch(arguments)
    except (RuntimeError, ValueError) as error:
        return str(error)


def _add_launch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-n",
        "--noninteractive",
        action="store_true",
        default=not sys.stdin.isatty(),
        help="Run the launch system non-interactively, with no terminal associated",
    )
    parser.add_argument(
        "-d",
        "--debug",
        action="store_true",
        help="Put the launch system in debug mode, provides more verbose output.",
    )
    parser.add_argument(
        "-s",
        "--show-args",
        "--show-arguments",
        action="store_true",
        help="Show arguments that may be given to the launch file.",
    )
    parser.add_argument(
        "-a",
        "--show-all-subprocesses-output",
        action="store_true",
        help="Show all launched subprocesses' output by overriding their output configuration"
        " using the OVERRIDE_LAUNCH_PROCESS_OUTPUT envvar.",
    )
    parser.add_argument("--launch-prefix", help="Prefix command for all executables.")
    parser.add_argument(
        "package_name", help="Name of the ROS package which contains the launch file"
    )
    parser.add_argument("launch_file_name", nargs="?", help="Name of the launch file")
    parser.add_argument(
        "launch_arguments",
        nargs="*",
        help="Arguments to the launch file; '<name>:=<value>' (for duplicates, last one wins)",
    )


def _launch(arguments: argparse.Namespace) -> int:
    given = list(arguments.launch_arguments)
    if os.path.isfile(arguments.package_name):
        path = arguments.package_name
        if arguments.launch_file_name is not None:
            given.insert(0, arguments.launch_file_name)
    else:
        path = _find_in_package(arguments.package_name, arguments.launch_file_name)
    if arguments.show_all_subprocesses_output:
        os.environ["OVERRIDE_LAUNCH_PROCESS_OUTPUT"] = "both"
    if arguments.show_args:
        print_arguments(get_launch_description_from_any_launch_file(path))
        return 0
    if arguments.launch_prefix:
        given.append(f"launch-prefix:={arguments.launch_prefix}")
    service = LaunchService(
        argv=given, noninteractive=arguments.noninteractive, debug=arguments.debug
    )
    include = IncludeLaunchDescription(
        AnyLaunchDescriptionSource(path), launch_arguments=parse_launch_arguments(given)
    )
    service.include_launch_description(LaunchDescription([include]))
    return service.run()


def _find_in_package(package: str, file_name: str | None) -> str:
    """Find a file anywhere in a package's share folder.

    Raises:
        RuntimeError: there is no such package or file, or there are several.
    """
    try:
        share = get_package_share_directory(package)
    except PackageNotFoundError as error:
        raise RuntimeError(f"Package '{package}' not found: {error}") from error
    except OSError as error:
        raise RuntimeError(f"{error}: source the workspace's setup first") from error
    paths = [
        os.path.join(folder, file_name) for folder, _, files in os.walk(share) if file_name in files
    ]
    if not paths:
        raise RuntimeError(
            f"file '{file_name}' was not found in the share directory of package '{package}'"
            f" which is at '{share}'"
        )
    if len(paths) > 1:
        raise RuntimeError(
            f"file '{file_name}' was found more than once in the share directory of package"
            f" '{package}': {paths}"
        )
    return paths[0]
