"""What an evaluation found, as a file: one entry for each trial."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from deepracer_core.episode import EpisodeRecord
from deepracer_core.errors import ConfigurationError


def write_results(path: Path, records: Sequence[EpisodeRecord]) -> None:
    """Write the trials of an evaluation as JSON, beside and renamed.

    Args:
        path: the file; its folder is made when it is missing.
        records: one for each trial, in their order.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"trials": [json.loads(record.to_json()) for record in records]}, indent=2)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(path)


def read_results(path: Path) -> list[EpisodeRecord]:
    """Read what `write_results` wrote.

    Raises:
        ConfigurationError: the file is missing, or is no such file.
    """
    try:
        trials = json.loads(path.read_text(encoding="utf-8"))["trials"]
        return [EpisodeRecord.from_json(json.dumps(trial)) for trial in trials]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{path}: expected the results of an evaluation: {error}"
        ) from error
