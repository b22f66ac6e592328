"""The base of all events."""

from launch.stand_in import StandIn


class Event(StandIn):
    """Something that happened, or that is asked for, during a launch."""

    name = "launch.Event"
