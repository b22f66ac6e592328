"""What else was on the road in the episodes of a trace: a file beside it, JSON lines.

    {"episode": 3, "wall_clock": 1.7e9, "objects": {"bot_car_0": {"X": [...], ...}, ...}}

A line for each episode that had boxes or bot cars, with the number and the first `wall_clock` that
the trace has of it. Of each object there are X and Y in metres and yaw in degrees, as of the car in
the trace: a value for each of the episode's rows, or a single one where it never changed. Where the
objects were is written down rather than what that was drawn from: the settings of a run can change,
the trace counts episodes otherwise than the race, and neither then matters.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import degrees

import numpy as np
from numpy.typing import NDArray

from deepracer_core.errors import ConfigurationError
from deepracer_core.recorded_trace import RecordedEpisode
from deepracer_core.trace import TracedEpisode

_COLUMNS = ("X", "Y", "yaw")

_Line = tuple[str, Mapping[str, Mapping[str, list[float]]]]
"""Where it stands, for messages, and what it says of each object."""


def objects_key(trace: str) -> str:
    """The file that belongs to a trace of the name `<n>-iteration.csv`."""
    return trace.removesuffix("iteration.csv") + "objects.jsonl"


def objects_line(episode: TracedEpisode, number: int) -> str | None:
    """The line of an episode, without its end; None when nothing else was on the road.

    Args:
        episode: what was driven.
        number: under which the trace has it.
    """
    # Each step has the same objects, in the same order.
    of_each = list(zip(*(step.objects for step in episode.steps), strict=True))
    if not of_each:
        return None
    objects = {}
    for one in of_each:
        outlines = [each.outline for each in one]
        objects[one[0].name] = {
            "X": _column([outline.x for outline in outlines]),
            "Y": _column([outline.y for outline in outlines]),
            "yaw": _column([degrees(outline.yaw) for outline in outlines]),
        }
    began = round(episode.wall_clocks[0], 4)
    return json.dumps({"episode": number, "wall_clock": began, "objects": objects})


def lines_before(data: bytes, number: int) -> list[str]:
    """The lines of a file that are of episodes before one."""
    lines = data.decode().splitlines()
    return [line for line in lines if json.loads(line)["episode"] < number]


def with_objects(
    episodes: Iterable[RecordedEpisode], data: bytes, source: str
) -> list[RecordedEpisode]:
    """The episodes of a trace with what else was on the road in them.

    Args:
        episodes: of the trace.
        data: the bytes of the file beside it.
        source: what it is called in messages.

    Returns:
        All of them; without objects those of which the file says nothing.

    Raises:
        ConfigurationError: it is no such file.
    """
    texts = enumerate(data.decode(errors="replace").splitlines(), start=1)
    lines = dict(_read(text, f"{source}, line {count}") for count, text in texts)
    return [_joined(episode, lines) for episode in episodes]


def _read(text: str, source: str) -> tuple[tuple[int, float], _Line]:
    """A line, by the number and the beginning of its episode."""
    try:
        line = json.loads(text)
        return (line["episode"], line["wall_clock"]), (source, line["objects"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{source}: expected the objects of an episode as JSON, got {text[:60]!r} ({error!r})"
        ) from error


def _joined(episode: RecordedEpisode, lines: Mapping[tuple[int, float], _Line]) -> RecordedEpisode:
    # Only those of the same beginning: others are left from a trace that was written anew.
    source, objects = lines.get((episode.number, episode.wall_clock), ("", {}))
    try:
        poses = {name: _poses(columns, episode) for name, columns in objects.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{source}: expected X, Y and yaw of each object, one number or {len(episode.times)} of"
            f" them, got {error!r}"
        ) from error
    return replace(episode, objects=poses)


def _column(values: list[float]) -> list[float]:
    rounded = [round(value, 4) for value in values]
    return rounded if len(set(rounded)) > 1 else rounded[:1]


def _poses(columns: Mapping[str, list[float]], episode: RecordedEpisode) -> NDArray[np.float64]:
    x, y, yaw_deg = (np.asarray(columns[name], np.float64) for name in _COLUMNS)
    poses = np.stack(np.broadcast_arrays(x, y, np.radians(yaw_deg)), axis=-1)
    # Anything but one pose, or one for each frame, does not fit.
    np.broadcast_to(poses, (len(episode.times), 3))
    return np.asarray(poses, np.float64)
