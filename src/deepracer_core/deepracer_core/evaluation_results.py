"""What an evaluation found, as a file: how each trial went, and the line that was driven in it."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepracer_core.episode import EpisodeRecord
from deepracer_core.errors import ConfigurationError
from deepracer_core.trace import TracedEpisode


@dataclass(frozen=True, slots=True)
class DrivenLine:
    """Where the car was in each frame of a trial, and how fast.

    Attributes:
        x: float64[N], metres.
        y: float64[N], metres.
        speed: float64[N], m/s.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    speed: NDArray[np.float64]

    @classmethod
    def of(cls, episode: TracedEpisode) -> "DrivenLine":
        """The line of an episode."""
        states = [step.state for step in episode.steps]
        rows = np.array([(state.x, state.y, state.speed) for state in states], np.float64)
        return cls(*rows.reshape(-1, 3).T)


def write_results(
    path: Path, records: Sequence[EpisodeRecord], lines: Sequence[DrivenLine] = ()
) -> None:
    """Write the trials of an evaluation as JSON, beside and renamed.

    Args:
        path: the file; its folder is made when it is missing.
        records: one for each trial, in their order.
        lines: one for each trial, or none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    trials = json.dumps([json.loads(record.to_json()) for record in records], indent=2)
    # A line to a line: it is not for reading.
    driven = ",\n".join(json.dumps(_to_json(line)) for line in lines)
    text = f'{{"trials": {trials},\n"lines": [\n{driven}\n]}}\n'
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def read_results(path: Path) -> list[EpisodeRecord]:
    """The trials that `write_results` wrote.

    Raises:
        ConfigurationError: the file is missing, or is no such file.
    """
    try:
        trials = json.loads(path.read_text(encoding="utf-8"))["trials"]
        return [EpisodeRecord.from_json(json.dumps(trial)) for trial in trials]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from error


def read_lines(path: Path) -> list[DrivenLine]:
    """The lines that `write_results` wrote, one for each trial; none if it had none.

    Raises:
        ConfigurationError: the file is missing, or is no such file.
    """
    try:
        lines = json.loads(path.read_text(encoding="utf-8")).get("lines", [])
        return [
            DrivenLine(*(np.array(line[name], np.float64) for name in ("x", "y", "speed")))
            for line in lines
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(path, error) from error


def _to_json(line: DrivenLine) -> dict[str, list[float]]:
    return {name: getattr(line, name).round(4).tolist() for name in ("x", "y", "speed")}


def _unreadable(path: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(f"{path}: expected the results of an evaluation: {error}")
