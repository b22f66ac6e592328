"""The pytest plugin: a file with a `generate_test_description` marked `launch_test` is one test."""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from launch_testing.loader import load_tests
from launch_testing.runner import run_all


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for launch arguments."""
    parser.addoption(
        "--launch-args",
        action="append",
        nargs="*",
        default=[],
        help="One or more Launch test arguments",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line(
        "markers",
        "launch_test: mark a generate_test_description function as a launch test entrypoint",
    )


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Take the files that may be launch tests; which ones are is seen when they are collected."""
    text = module_path.read_bytes()
    if b"generate_test_description" in text and b"launch_test" in text:
        return _LaunchTestModule.from_parent(parent, path=module_path)
    return None


class _LaunchTestModule(pytest.Module):
    def collect(self) -> Iterator[Any]:
        function = getattr(self.obj, "generate_test_description", None)
        marks = getattr(function, "pytestmark", [])
        if not any(mark.name == "launch_test" for mark in marks):
            yield from super().collect()
            return
        for mark in marks:
            self.add_marker(getattr(pytest.mark, mark.name).with_args(*mark.args, **mark.kwargs))
        yield _LaunchTestItem.from_parent(self, name=self.obj.__name__, module=self.obj)


class _LaunchTestFailure(Exception):
    def __init__(self, results: list[unittest.TestResult]) -> None:
        super().__init__("some test cases have failed")
        self.results = results


class _LaunchTestItem(pytest.Item):
    def __init__(self, *, module: ModuleType, **others: Any) -> None:
        super().__init__(**others)
        self._module = module

    def runtest(self) -> None:
        given = [argument for group in self.config.getoption("--launch-args") for argument in group]
        debug = self.config.getoption("verbose") > 1
        results = run_all(load_tests(self._module), given, debug)
        if not all(result.wasSuccessful() for result in results):
            raise _LaunchTestFailure(results)
        cases = sum(result.testsRun for result in results)
        skips = [reason for result in results for _, reason in result.skipped]
        if cases == 0 and skips:
            pytest.skip(skips[0])

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        if not isinstance(excinfo.value, _LaunchTestFailure):
            return super().repr_failure(excinfo, style)
        failures = [
            f"FAIL: {case.id() if isinstance(case, unittest.TestCase) else case}\n{text}"
            for result in excinfo.value.results
            for case, text in result.failures + result.errors
        ]
        return "\n\n".join(failures)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"launch tests: {self.name}"
