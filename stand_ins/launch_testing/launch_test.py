"""The command `launch_test`: runs a test file."""

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from launch.command_line import print_arguments

from launch_testing.loader import load_tests
from launch_testing.runner import run_all


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: its arguments, this process's if None.

    Returns:
        0 if all tests passed, 1 if not.
    """
    parser = argparse.ArgumentParser(
        prog="launch_test",
        description="Launch integration testing tool. This is a stand-in.",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="Run with verbose output")
    parser.add_argument(
        "-s",
        "--show-args",
        "--show-arguments",
        action="store_true",
        help="Show arguments that may be given to the launch test.",
    )
    parser.add_argument("launch_test_file", type=Path, help="Path to the launch test.")
    parser.add_argument(
        "launch_arguments",
        nargs="*",
        help="Arguments in '<name>:=<value>' format (for duplicates, last one wins).",
    )
    arguments = parser.parse_args(argv)
    path = arguments.launch_test_file
    if not path.is_file():
        parser.error(f"Test file '{path}' does not exist")
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        parser.error(f"Test file '{path}' is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    tests = load_tests(module)
    if arguments.show_args:
        print_arguments(tests[0].describe(lambda: None)[0])
        return 0
    results = run_all(tests, arguments.launch_arguments, arguments.verbose)
    return 0 if all(result.wasSuccessful() for result in results) else 1
