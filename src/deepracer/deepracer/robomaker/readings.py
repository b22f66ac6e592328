"""How values of the public format are read that are not simply a setting's."""

from typing import Any

from deepracer_core.errors import ConfigurationError
from deepracer_core.object_places import parse_places

from deepracer.live_video.target import parse_target

Values = dict[str, Any]
"""Values by name of a setting."""

RACE_TYPES = ("TIME_TRIAL", "OBJECT_AVOIDANCE", "HEAD_TO_BOT")

DOMAIN_RANDOMIZATION = {
    "light_strength": "0.5:1.2",
    "light_color": "0.5:1.0",
    "object_color": "0.0:1.0",
}
"""What the original draws for each episode, in ranges in which the road stays to be seen."""

_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


def read_boolean(value: Any) -> bool:
    """A `True` or `false` of the public format.

    Raises:
        ConfigurationError: it is something else.
    """
    word = str(value).strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise ConfigurationError(f"expected True or False, got {value!r}")
    return word in _TRUE


def read_race_type(value: Any) -> Values:
    """The kind of race.

    Raises:
        ConfigurationError: it is none that is driven here.
    """
    word = str(value).strip().upper()
    if word not in RACE_TYPES:
        raise ConfigurationError(
            f"expected one of {', '.join(RACE_TYPES)}, got {value!r}: races of several models are"
            " not driven here"
        )
    return {"race_type": word.lower()}


def read_object_positions(value: Any) -> Values:
    """Places of boxes; lane 1 is the inner one, as the original's simulation takes it.

    Raises:
        ConfigurationError: it is no list of places, nor such places with a semicolon in between.
    """
    texts = value if isinstance(value, list) else str(value).split(";")
    places = parse_places([str(text).strip("\"' ") for text in texts], "OBJECT_POSITIONS")
    return {"object_positions": ";".join(f"{each.share:g},{-each.lane}" for each in places)}


def read_randomization(value: Any) -> Values:
    """Domain randomisation on or off."""
    return dict(DOMAIN_RANDOMIZATION) if read_boolean(value) else {}


def read_gui(value: Any) -> Values:
    """Whether there is a window."""
    return {"headless": not read_boolean(value)}


def read_stream(value: Any) -> Values:
    """The Kinesis video stream that shows the simulation.

    Raises:
        ConfigurationError: no stream can have that name.
    """
    target = f"kinesis:{str(value).strip()}"
    parse_target(target)
    return {"live_video": target}


def read_enable_kinesis(value: Any) -> Values:
    """Whether a stream that is named gets anything.

    Raises:
        ConfigurationError: it is no boolean.
    """
    return {} if read_boolean(value) else {"live_video": None}
