"""The user's reward function: how it is loaded, what it is told, what it may answer."""

import inspect
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from math import ceil, degrees
from pathlib import Path
from traceback import extract_tb
from types import ModuleType, TracebackType
from typing import Any

import numpy as np

from deepracer_core.episode import EpisodeStep
from deepracer_core.errors import ConfigurationError
from deepracer_core.race_objects import closest_objects, sees
from deepracer_core.track import Track

MAX_REWARD = 1e5
"""A reward beyond this, to either side, is a mistake in the reward function."""


class RewardError(ValueError):
    """The reward function failed, or returned what is no reward; names the step and its params."""


class RewardFunction:
    """A user's `reward_function(params)`; each call is checked.

    Attributes:
        source: the file that it comes from.
    """

    def __init__(self, function: Callable[[dict[str, Any]], Any], source: str) -> None:
        self.source = source
        self._function = function

    def __call__(self, params: Mapping[str, Any]) -> float:
        """The reward of a step.

        Args:
            params: see `reward_params`. The user's function gets a copy of its own.

        Raises:
            RewardError: the function raised an exception, or returned something else than a finite
                number within +/-MAX_REWARD. It names the step and the params.
        """
        copy = {
            name: list(value) if type(value) is list else value for name, value in params.items()
        }
        try:
            value = self._function(copy)
        except (Exception, SystemExit) as error:  # a user's code can raise anything
            raise RewardError(
                f"{self._at(params)}: {_describe(error, self.source)}"
                f"{_nearest_param(error, params)}\n{format_params(params)}"
            ) from error
        if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.size == 1):
            value = value.item()
        if not isinstance(value, (int, float)) or not abs(value) <= MAX_REWARD:
            raise RewardError(
                f"{self._at(params)}: expected a finite number within +/-{MAX_REWARD:g}, "
                f"got {value!r:.80}{_advice(value)}\n{format_params(params)}"
            )
        return float(value)

    def _at(self, params: Mapping[str, Any]) -> str:
        return f"{self.source}: reward_function at step {params.get('steps', float('nan')):g}"


def load_reward_function(path: str | Path) -> RewardFunction:
    """Load `reward_function` from a user's Python file.

    Raises:
        ConfigurationError: the file cannot be read or run, or has no such function. It names the
            file and, where there is one, the line.
    """
    path = Path(path)
    try:
        code = compile(path.read_bytes(), str(path), "exec")
    except OSError as error:
        raise ConfigurationError(
            f"{path}: expected a reward function file, got: {error}"
        ) from error
    except SyntaxError as error:
        text = f": {error.text.strip()}" if error.text else ""
        raise ConfigurationError(
            f"{path}, line {error.lineno}: {type(error).__name__}: {error.msg}{text}"
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"{path}: expected Python source, got: {error}") from error

    module = ModuleType("reward_function")
    module.__file__ = str(path)
    # Some of Python's own tools, dataclasses among them, look a class up through its module's name.
    sys.modules[module.__name__] = module
    try:
        exec(code, module.__dict__)
    except (Exception, SystemExit) as error:  # a user's code can raise anything
        raise ConfigurationError(
            f"{path}: it cannot be imported: {_describe(error, str(path))}"
        ) from error

    function = getattr(module, "reward_function", None)
    if function is None:
        functions = [name for name, value in vars(module).items() if inspect.isfunction(value)]
        raise ConfigurationError(
            f"{path}: expected `def reward_function(params)`, "
            f"got {'only ' + ', '.join(functions) if functions else 'no function at all'}"
        )
    if not callable(function):
        raise ConfigurationError(
            f"{path}: reward_function: expected a function, got {function!r:.80}"
        )
    try:
        inspect.signature(function).bind({})
    except TypeError as error:
        raise ConfigurationError(
            f"{path}: reward_function: expected one argument, params; {error}"
        ) from error
    except ValueError:
        pass  # Something built in, which does not tell its arguments.
    return RewardFunction(function, str(path))


def reward_params(
    track: Track, waypoints: list[tuple[float, float]], step: EpisodeStep
) -> dict[str, Any]:
    """What a reward function is told of a step: the keys of the public format.

    Every value describes the state after the step.

    Args:
        track: in the direction in which it is driven.
        waypoints: `track.waypoints`, made once; the list is copied here.
        step: the step to be rewarded.

    Returns:
        A new dictionary of new lists. Lengths in metres, angles in degrees but `objects_heading`.
    """
    state = step.state
    heading_deg = degrees(state.yaw)
    behind, ahead = track.closest_waypoints(step.distance)
    return {
        "all_wheels_on_track": step.all_wheels_on_track,
        "x": state.x,
        "y": state.y,
        "heading": heading_deg - 360.0 * ceil((heading_deg - 180.0) / 360.0),
        "distance_from_center": abs(step.offset),
        "is_left_of_center": step.offset > 0.0,
        "progress": step.progress,
        "steps": float(step.step),
        "speed": state.speed,
        "steering_angle": degrees(state.steering_angle),
        "track_width": track.width_at(step.distance),
        "track_length": track.length,
        "waypoints": list(waypoints),
        "closest_waypoints": [behind, ahead],
        "projection_distance": step.distance,
        "is_reversed": track.is_reversed,
        "is_offtrack": step.is_offtrack,
        "is_crashed": step.is_crashed,
        "sim_time": state.time_ns / 1e9,
        **_object_params(track, step),
    }


def _object_params(track: Track, step: EpisodeStep) -> dict[str, Any]:
    state, objects = step.state, step.objects
    closest = closest_objects(track, step.distance, objects)
    return {
        "objects_location": [(other.outline.x, other.outline.y) for other in objects],
        "objects_distance": [other.distance for other in objects],
        "objects_distance_from_center": [abs(other.offset) for other in objects],
        "objects_heading": [other.outline.yaw for other in objects],
        "objects_speed": [other.speed for other in objects],
        "objects_left_of_center": [other.offset > 0.0 for other in objects],
        "closest_objects": closest,
        "object_in_camera": bool(objects)
        and sees(state.x, state.y, state.yaw, objects[closest[1]]),
    }


def format_params(params: Mapping[str, Any]) -> str:
    """The params for a person to read, a line each, long lists shortened."""
    lines = [f"  {name} = {_short(value)}" for name, value in params.items()]
    return "\n".join(["params:", *lines])


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list) and len(value) > 4:
        ends = [_short(item) for item in (value[0], value[1], value[-1])]
        return f"[{ends[0]}, {ends[1]}, ... {ends[2]}] ({len(value)} of them)"
    if isinstance(value, list):
        return f"[{', '.join(_short(item) for item in value)}]"
    if isinstance(value, tuple):
        return f"({', '.join(_short(item) for item in value)})"
    return repr(value)


def _describe(error: BaseException, source: str) -> str:
    """What went wrong in a user's file, and in which of its lines."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    line = _line_in(error.__traceback__, source)
    return f"{what} ({line})" if line else what


def _line_in(traceback: TracebackType | None, source: str) -> str:
    frames = [frame for frame in extract_tb(traceback) if frame.filename == source]
    if not frames:
        return ""
    code = f": {frames[-1].line}" if frames[-1].line else ""
    return f"{Path(source).name}, line {frames[-1].lineno}{code}"


def _nearest_param(error: BaseException, params: Mapping[str, Any]) -> str:
    if not isinstance(error, KeyError) or not error.args or error.args[0] in params:
        return ""
    near = get_close_matches(str(error.args[0]), list(params), n=1)
    return f"; params has {near[0]!r}" if near else ""


def _advice(value: Any) -> str:
    if value is None:
        return ": does every path through the function end in `return reward`?"
    if isinstance(value, str):
        return ": a number was probably turned into text"
    return ""
