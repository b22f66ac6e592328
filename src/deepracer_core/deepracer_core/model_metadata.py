"""model_metadata.json: what the agent can do, senses and thinks with, in the public format."""

from dataclasses import dataclass
from math import degrees, radians
from pathlib import Path, PurePath
from typing import Any

from deepracer_core.action_space import (
    ActionSpace,
    Command,
    ContinuousActionSpace,
    DiscreteActionSpace,
)
from deepracer_core.json_fields import (
    parse_object,
    read_choice,
    read_number,
    read_text,
    refuse,
    refuse_unknown,
)
from deepracer_core.sensors import (
    DISCRETIZED_BINS,
    DISCRETIZED_CLIPPING_DISTANCE,
    DISCRETIZED_SECTOR_LIDAR,
    FRONT_FACING_CAMERA,
    LIDAR_SECTORS,
    LIDAR_SENSORS,
    SENSORS,
)
from deepracer_core.simulation import MAX_STEERING_ANGLE, SPEED_RANGE

TRAINING_ALGORITHMS = ("clipped_ppo", "sac")

NEURAL_NETWORKS = (
    "SMALL_CONVOLUTIONAL_NETWORK",
    "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW",
    "DEEP_CONVOLUTIONAL_NETWORK",
    "DEEP_CONVOLUTIONAL_NETWORK_DEEP",
)
"""The first is this project's own, made for learning on a CPU; the others are the public ones."""

_OLDER_SENSOR_NAMES = {"OBSERVATION": FRONT_FACING_CAMERA}
_LIDAR_CONFIG = {
    "num_sectors": LIDAR_SECTORS,
    "num_values_per_sector": DISCRETIZED_BINS,
    "clipping_dist": DISCRETIZED_CLIPPING_DISTANCE,
}
_MAX_STEERING_DEG = round(degrees(MAX_STEERING_ANGLE), 9)
_ACTIONS = (2, 30)
_VERSIONS = (1, 6)
_FIELDS = (
    "action_space",
    "action_space_type",
    "training_algorithm",
    "neural_network",
    "sensor",
    "lidar_config",
    "version",
)
_UNREAD_FIELDS = ("preprocess_type", "regional_parameters")
"""Found in public files; they say nothing that is needed here."""


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """What a model_metadata.json says.

    Attributes:
        action_space: what the agent can do.
        training_algorithm: clipped_ppo or sac.
        neural_network: one of NEURAL_NETWORKS, or `FILE.py:FUNCTION`, a user's own.
        sensors: some of SENSORS, in their order, one lidar at most.
        version: of the public format.
        text: of the file, to be stored with the model unchanged.
    """

    action_space: ActionSpace
    training_algorithm: str
    neural_network: str
    sensors: tuple[str, ...]
    version: int
    text: str

    @property
    def network_file(self) -> str | None:
        """Name of the file of a user's own network, without its folder; None without one."""
        if self.neural_network in NEURAL_NETWORKS:
            return None
        return PurePath(self.neural_network.rpartition(":")[0]).name


def load_model_metadata(path: str | Path) -> ModelMetadata:
    """Read a model_metadata.json.

    Raises:
        ConfigurationError: see `parse_model_metadata`; or the file cannot be read.
    """
    return parse_model_metadata(read_text(path, "a model metadata file"), str(path))


def parse_model_metadata(text: str, source: str) -> ModelMetadata:
    """Read the text of a model_metadata.json.

    Only `action_space` is needed; the rest has the public defaults.

    Args:
        text: JSON object; numbers may be written as strings.
        source: what errors call it, a path usually.

    Raises:
        ConfigurationError: a value is out of its range or of another type, or a key is unknown. It
            names file and field, what was expected and what came.
    """
    values = parse_object(text, source)
    refuse_unknown(source, (key for key in values if key not in _UNREAD_FIELDS), _FIELDS)
    if "action_space" not in values:
        refuse(source, "action_space", "a list of actions or a range of them", "nothing")
    action_space = _action_space(source, values["action_space"], values.get("action_space_type"))
    algorithm = read_choice(
        source,
        "training_algorithm",
        values.get("training_algorithm", "clipped_ppo"),
        TRAINING_ALGORITHMS,
    )
    sensors = _sensors(source, values.get("sensor", [FRONT_FACING_CAMERA]))
    if DISCRETIZED_SECTOR_LIDAR in sensors:
        _check_lidar_config(source, values.get("lidar_config", _LIDAR_CONFIG))
    return ModelMetadata(
        action_space=action_space,
        training_algorithm=algorithm,
        neural_network=_neural_network(
            source, values.get("neural_network", "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW")
        ),
        sensors=sensors,
        version=_version(source, values.get("version", _VERSIONS[1])),
        text=text,
    )


def _action_space(source: str, value: Any, declared: Any) -> ActionSpace:
    if declared is None:
        kind = "discrete" if isinstance(value, list) else "continuous"
    else:
        kind = read_choice(source, "action_space_type", declared, ("discrete", "continuous"))
    return _discrete(source, value) if kind == "discrete" else _continuous(source, value)


def _discrete(source: str, value: Any) -> DiscreteActionSpace:
    if not isinstance(value, list):
        refuse(
            source,
            "action_space",
            'a list of {"steering_angle": degrees, "speed": m/s} for a discrete action space',
            repr(value)[:80],
        )
    if not _ACTIONS[0] <= len(value) <= _ACTIONS[1]:
        refuse(source, "action_space", f"{_ACTIONS[0]} to {_ACTIONS[1]} actions", str(len(value)))
    commands = []
    for number, action in enumerate(value):
        name = f"action_space[{number}]"
        _check_keys(source, name, action, ("steering_angle", "speed"), ("index",))
        commands.append(
            Command(
                _steering(source, f"{name}.steering_angle", action["steering_angle"]),
                _speed(source, f"{name}.speed", action["speed"]),
            )
        )
    return DiscreteActionSpace(commands)


def _continuous(source: str, value: Any) -> ContinuousActionSpace:
    _check_keys(source, "action_space", value, ("steering_angle", "speed"))
    ends = []
    for end in ("low", "high"):
        numbers = []
        for quantity, read in (("steering_angle", _steering), ("speed", _speed)):
            name = f"action_space.{quantity}"
            _check_keys(source, name, value[quantity], ("low", "high"))
            numbers.append(read(source, f"{name}.{end}", value[quantity][end]))
        ends.append(Command(*numbers))
    low, high = ends
    for quantity in ("steering_angle", "speed"):
        if getattr(low, quantity) > getattr(high, quantity):
            refuse(source, f"action_space.{quantity}", "low <= high", repr(value[quantity]))
    return ContinuousActionSpace(low, high)


def _check_keys(
    source: str, name: str, value: Any, needed: tuple[str, ...], others: tuple[str, ...] = ()
) -> None:
    if not isinstance(value, dict) or not set(needed) <= value.keys():
        refuse(source, name, f"an object with {' and '.join(needed)}", repr(value)[:80])
    known = {f"{name}.{key}" for key in (*needed, *others)}
    refuse_unknown(source, (f"{name}.{key}" for key in value), known)


def _steering(source: str, name: str, value: Any) -> float:
    """Radians of what the file gives in degrees."""
    expected = f"degrees within [-{_MAX_STEERING_DEG:g}, {_MAX_STEERING_DEG:g}]"
    number = read_number(source, name, value, expected)
    if abs(number) > _MAX_STEERING_DEG:
        refuse(source, name, expected, repr(value))
    return radians(number)


def _speed(source: str, name: str, value: Any) -> float:
    low, high = SPEED_RANGE
    expected = f"m/s within [{low:g}, {high:g}]"
    number = read_number(source, name, value, expected)
    if not low <= number <= high:
        refuse(source, name, expected, repr(value))
    return number


def _neural_network(source: str, value: Any) -> str:
    if isinstance(value, str) and ".py" in value:
        file, _, function = value.strip().rpartition(":")
        if not file.endswith(".py") or not function.isidentifier():
            refuse(
                source,
                "neural_network",
                "a name, or the file and the function of a network like my_network.py:build",
                repr(value)[:80],
            )
        return f"{file}:{function}"
    return read_choice(source, "neural_network", value, NEURAL_NETWORKS, upper=True)


def _sensors(source: str, value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        refuse(source, "sensor", "a list of sensors", repr(value)[:80])
    sensors = []
    for name in names:
        older = _OLDER_SENSOR_NAMES.get(name.strip().upper()) if isinstance(name, str) else None
        sensors.append(older or read_choice(source, "sensor", name, SENSORS, upper=True))
    lidars = [name for name in LIDAR_SENSORS if name in sensors]
    if len(lidars) > 1:
        refuse(source, "sensor", f"one of {', '.join(LIDAR_SENSORS)} at most", ", ".join(lidars))
    return tuple(name for name in SENSORS if name in sensors)


def _check_lidar_config(source: str, value: Any) -> None:
    """Refuse other sectors than the public default ones."""
    if value != _LIDAR_CONFIG:
        refuse(source, "lidar_config", f"{_LIDAR_CONFIG}, or nothing", repr(value)[:80])


def _version(source: str, value: Any) -> int:
    expected = f"an integer from {_VERSIONS[0]} to {_VERSIONS[1]}"
    number = read_number(source, "version", value, expected)
    if number != int(number) or not _VERSIONS[0] <= number <= _VERSIONS[1]:
        refuse(source, "version", expected, repr(value))
    return int(number)
