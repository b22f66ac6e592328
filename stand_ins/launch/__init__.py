"""Stand-in for ROS 2's launch: the constructs that this project's launch files use.

It is installed where the real package cannot be imported, and launch files are written for the
real one. Written from the documentation and the behaviour of launch in ROS 2 Humble and Jazzy;
what is not here is an error that names it.
"""

from launch import (
    actions,
    conditions,
    event_handlers,
    events,
    launch_description_sources,
    logging,
    stand_in,
    substitutions,
    utilities,
)
from launch.entity import Action, Condition, LaunchDescriptionEntity
from launch.event import Event
from launch.event_handler import EventHandler
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription, LaunchDescriptionSource
from launch.launch_service import LaunchService
from launch.substitution import SomeSubstitutionsType, Substitution

__all__ = [
    "Action",
    "Condition",
    "Event",
    "EventHandler",
    "LaunchContext",
    "LaunchDescription",
    "LaunchDescriptionEntity",
    "LaunchDescriptionSource",
    "LaunchService",
    "SomeSubstitutionsType",
    "Substitution",
    "actions",
    "conditions",
    "event_handlers",
    "events",
    "launch_description_sources",
    "logging",
    "substitutions",
    "utilities",
]

__getattr__ = stand_in.absent_from(__name__)
