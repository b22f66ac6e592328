"""Marks of `generate_test_description`."""

from collections.abc import Callable

from launch.stand_in import absent_from

__all__ = ["keep_alive"]

__getattr__ = absent_from(__name__)


def keep_alive(test_description: Callable) -> Callable:
    """Keep the launch running when all of its processes have ended."""
    marks = getattr(test_description, "__markers__", {})
    test_description.__markers__ = {**marks, "keep_alive": True}  # type: ignore[attr-defined]
    return test_description
