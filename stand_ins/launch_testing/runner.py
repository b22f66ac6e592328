"""Runs a launch and its tests: some beside the processes, the others after them."""

from __future__ import annotations

import threading
import unittest
from collections.abc import Iterable, Sequence
from typing import Any

from launch import LaunchContext, LaunchDescription, LaunchDescriptionSource, LaunchService
from launch.actions import IncludeLaunchDescription, RegisterEventHandler
from launch.command_line import parse_launch_arguments
from launch.event_handlers import OnProcessExit, OnProcessIO, OnProcessStart

from launch_testing.loader import LaunchTest, bind
from launch_testing.records import ProcInfo, ProcOutput

_READY_WITHIN_S = 15
"""Seconds until the ReadyToTest action."""


def run_all(
    tests: Iterable[LaunchTest], launch_arguments: Sequence[str], debug: bool = False
) -> list[unittest.TestResult]:
    """Run tests one after the other.

    Args:
        tests: they.
        launch_arguments: arguments for each launch, NAME:=VALUE.
        debug: log at debug level.

    Returns:
        A result for each test, until one whose launch ended before its tests.
    """
    results = []
    for test in tests:
        result = unittest.TestResult()
        results.append(result)
        try:
            results[-1] = _Run(test, launch_arguments, debug).run()
        except unittest.SkipTest as skip:
            result.skipped += [(case, str(skip)) for case in test.cases()]
        except _LaunchEnded as error:
            # A Ctrl-C, as likely as not: there is no point in the tests that are left.
            result.failures += [(case, str(error)) for case in test.cases()]
            break
    return results


class _LaunchEnded(Exception):
    """The launch ended before the tests beside it did."""


class _Run:
    """One launch.

    A LaunchService runs in the main thread only, so that the tests beside it have another one.
    """

    def __init__(self, test: LaunchTest, launch_arguments: Sequence[str], debug: bool) -> None:
        self._test = test
        self._arguments = parse_launch_arguments(launch_arguments)
        self._service = LaunchService(debug=debug)
        self._proc_info = ProcInfo()
        self._proc_output = ProcOutput()
        self._ready = threading.Event()
        self._result: unittest.TestResult | None = None

    def run(self) -> unittest.TestResult:
        description, context = self._test.describe(self._ready.set)
        arguments = {
            **context,
            **self._test.parameters,
            "proc_info": self._proc_info,
            "proc_output": self._proc_output,
            "test_args": dict(self._arguments),
        }
        bind(self._test.active, {**arguments, "launch_service": self._service})
        bind(self._test.after, arguments)
        self._service.include_launch_description(self._recorded(description))
        tests = threading.Thread(target=self._run_active, name="launch tests", daemon=True)
        tests.start()
        self._service.run(shutdown_when_idle=not self._test.keep_alive)
        if self._result is None:
            self._print_output_of_the_dead()
            raise _LaunchEnded(_LaunchEnded.__doc__)
        after = unittest.TextTestRunner(verbosity=2).run(self._test.after)
        self._result.failures += after.failures
        self._result.errors += after.errors
        self._result.skipped += after.skipped
        self._result.unexpectedSuccesses += after.unexpectedSuccesses
        self._result.testsRun += after.testsRun
        return self._result

    def _recorded(self, description: LaunchDescription) -> LaunchDescription:
        handlers = (
            OnProcessStart(on_start=self._take_note),
            OnProcessExit(on_exit=self._take_note),
            OnProcessIO(on_stdout=self._proc_output.append, on_stderr=self._proc_output.append),
        )
        source = LaunchDescriptionSource(launch_description=description)
        include = IncludeLaunchDescription(source, launch_arguments=self._arguments)
        return LaunchDescription([*(RegisterEventHandler(one) for one in handlers), include])

    def _take_note(self, event: Any, context: LaunchContext) -> None:
        self._proc_info.append(event)

    def _run_active(self) -> None:
        try:
            if self._ready.wait(_READY_WITHIN_S):
                self._result = unittest.TextTestRunner(verbosity=2).run(self._test.active)
            else:
                print("Timed out waiting for processes to start up")
        finally:
            self._service.shutdown()

    def _print_output_of_the_dead(self) -> None:
        print("Processes under test stopped before tests completed")
        for event in self._proc_info:
            code = getattr(event, "returncode", None)
            if code != 0:
                print(f"Process '{event.process_name}' exited with {code}; its output:")
                for output in self._proc_output[event.action]:
                    print(output.text.decode(errors="replace"), end="")
