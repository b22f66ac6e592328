"""Finds the tests in a test file and gives them their arguments."""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from launch import LaunchDescription
from launch.entity import LaunchDescriptionEntity

from launch_testing.actions import ReadyToTest


@dataclass(frozen=True)
class LaunchTest:
    """A launch description with the tests of it.

    Attributes:
        name: name of the file and, in brackets, the values of its parameters.
        generate: makes the description; it may return a dictionary with it, for the tests.
        parameters: arguments of `generate` and of the tests, by name.
        active: tests to run beside the processes.
        after: tests to run when the processes have ended.
    """

    name: str
    generate: Callable
    parameters: Mapping[str, Any]
    active: unittest.TestSuite
    after: unittest.TestSuite

    @property
    def keep_alive(self) -> bool:
        """Whether the launch goes on when all processes have ended."""
        return getattr(self.generate, "__markers__", {}).get("keep_alive", False)

    def describe(self, on_ready: Callable[[], None]) -> tuple[LaunchDescription, dict[str, Any]]:
        """Make the launch description, and what the tests get besides.

        Args:
            on_ready: called by the ReadyToTest action.

        Raises:
            RuntimeError: the description has no such action.
        """
        result = self.generate()
        description, context = result if isinstance(result, tuple) else (result, {})
        for entity in _all_entities(description.entities):
            if isinstance(entity, ReadyToTest):
                entity._callbacks.append(on_ready)
                return description, context
        raise RuntimeError(
            f"{self.name}: generate_test_description must return a LaunchDescription that contains"
            " a ReadyToTest action"
        )

    def cases(self) -> Iterator[unittest.TestCase]:
        """All tests, one by one."""
        yield from _cases(self.active)
        yield from _cases(self.after)


def load_tests(module: ModuleType) -> list[LaunchTest]:
    """The tests of a test file: one launch, or one for each value of its parameters.

    Raises:
        TypeError: generate_test_description does not have the arguments that it is given.
    """
    function = module.generate_test_description
    variants: list[tuple[Callable, dict[str, Any]]] = [(function, {})]
    if getattr(function, "__parametrized__", False):
        variants = list(function())
    tests = []
    for generate, parameters in variants:
        inspect.signature(generate, follow_wrapped=False).bind()
        values = f"[{', '.join(str(value) for value in parameters.values())}]" if parameters else ""
        suites = (_suite(module, after, values) for after in (False, True))
        tests.append(LaunchTest(f"{module.__name__}{values}", generate, parameters, *suites))
    return tests


def bind(suite: unittest.TestSuite, arguments: Mapping[str, Any]) -> None:
    """Give the tests of a suite, and what sets them up, the arguments that they name."""
    classes = set()
    for case in _cases(suite):
        for name in (case._testMethodName, "setUp", "tearDown"):
            setattr(case, name, _bound(getattr(case, name), arguments))
        classes.add(type(case))
    for test_class in classes:
        for name in ("setUpClass", "tearDownClass"):
            setattr(test_class, name, staticmethod(_bound(getattr(test_class, name), arguments)))


def _bound(function: Callable, arguments: Mapping[str, Any]) -> Callable:
    names = inspect.signature(function).parameters
    return functools.partial(
        function, **{name: value for name, value in arguments.items() if name in names}
    )


def _suite(module: ModuleType, after: bool, values: str) -> unittest.TestSuite:
    """The tests of a module's classes for one of the two times, in classes of their own."""
    suite = unittest.TestSuite()
    for test_class in vars(module).values():
        if not (isinstance(test_class, type) and issubclass(test_class, unittest.TestCase)):
            continue
        if getattr(test_class, "__post_shutdown_test__", False) != after:
            continue
        own = type(test_class.__name__, (test_class,), {"__module__": test_class.__module__})
        for name in unittest.defaultTestLoader.getTestCaseNames(own):
            case = own(name)
            if values:
                # What a test runs with is seen in its name.
                setattr(case, f"{name}{values}", getattr(case, name))
                case._testMethodName += values
            suite.addTest(case)
    return suite


def _cases(suite: Iterable[Any]) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _cases(test)
        # A suite forgets its tests when it has run them.
        elif test is not None:
            yield test


def _all_entities(entities: Iterable[LaunchDescriptionEntity]) -> Iterator[LaunchDescriptionEntity]:
    for entity in entities:
        yield entity
        yield from _all_entities(entity.describe_sub_entities())
        for _, sub_entities in entity.describe_conditional_sub_entities():
            yield from _all_entities(sub_entities)
