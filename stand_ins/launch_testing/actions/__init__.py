"""Actions of test descriptions."""

from collections.abc import Callable

from launch.entity import Action
from launch.launch_context import LaunchContext
from launch.stand_in import absent_from

__all__ = ["ReadyToTest"]

__getattr__ = absent_from(__name__)


class ReadyToTest(Action):
    """Says that the tests may begin."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: list[Callable[[], None]] = []

    def execute(self, context: LaunchContext) -> None:
        """Say so."""
        for callback in self._callbacks:
            callback()
