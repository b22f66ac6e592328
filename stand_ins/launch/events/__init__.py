"""Events of a launch."""

from launch.event import Event
from launch.events import process
from launch.stand_in import absent_from

__all__ = ["Shutdown", "process"]

__getattr__ = absent_from(__name__)


class Shutdown(Event):
    """The launched system is to end.

    Attributes:
        reason: why.
        due_to_sigint: because of a Ctrl-C, which the processes of a terminal get as well.
    """

    name = "launch.events.Shutdown"

    def __init__(self, *, reason: str = "reason not given", due_to_sigint: bool = False) -> None:
        self.reason = reason
        self.due_to_sigint = due_to_sigint
