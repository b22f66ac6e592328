"""Decorators of test classes and of `generate_test_description`."""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def post_shutdown_test() -> Callable[[type], type]:
    """Mark a test class to run after the processes have ended."""

    def mark(test_class: type) -> type:
        if not isinstance(test_class, type):
            raise TypeError(f"post_shutdown_test marks test classes, not {test_class!r}")
        test_class.__post_shutdown_test__ = True  # type: ignore[attr-defined]
        return test_class

    return mark


def parametrize(argnames: str, argvalues: Iterable[Any]) -> Callable[[Callable], Callable]:
    """Run a test description once for each value of its arguments.

    Args:
        argnames: names of the arguments, with commas between them.
        argvalues: a value each time, or a tuple of as many values as there are names.
    """
    names = [name.strip() for name in argnames.split(",") if name.strip()]
    values = [value if isinstance(value, tuple) else (value,) for value in argvalues]

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def variants() -> Iterator[tuple[Callable, dict[str, Any]]]:
            for value in values:
                arguments = dict(zip(names, value, strict=True))
                variant = functools.partial(function, **arguments)
                yield functools.update_wrapper(variant, function), arguments

        variants.__parametrized__ = True  # type: ignore[attr-defined]
        return variants

    return decorate
