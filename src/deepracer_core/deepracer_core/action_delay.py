"""Commands that take effect a while after they were given."""

from collections import deque

from deepracer_core.action_space import Command

_AT_REST = Command(steering_angle=0.0, speed=0.0)


class ActionDelay:
    """The commands on their way to the car, from the beginning of an episode on."""

    def __init__(self, periods: int = 0) -> None:
        """Begin with a car that has been told to stand still.

        Args:
            periods: control periods that a command is on its way; 0: none.
        """
        self._on_the_way = deque([_AT_REST] * periods)

    def arriving(self, command: Command) -> Command:
        """Send a command on its way, and receive the one that arrives for this control period."""
        self._on_the_way.append(command)
        return self._on_the_way.popleft()
