"""The metrics of episodes in their public form, for training and for evaluation."""

import json
from collections.abc import Sequence
from typing import Any

from deepracer_core.trace import TracedEpisode, shown_progress

_VERSION = 2.0


def training_entry(
    episode: TracedEpisode, number: int, episodes_per_iteration: int
) -> dict[str, Any]:
    """An entry of TrainingMetrics.json.

    Args:
        episode: what was driven.
        number: under which the trace has it, from 0; in the metrics they begin with 1. Of an
            evaluation it is that of the training episode before.
        episodes_per_iteration: so many trials an iteration has.
    """
    phase = episode.record.mode
    return {
        "reward_score": round(episode.record.reward, 4),
        **_times(episode),
        "episode": number + 1,
        "trial": number % episodes_per_iteration + 1 if phase == "training" else 1,
        "phase": phase,
        **_end(episode),
    }


def evaluation_entry(episode: TracedEpisode, number: int) -> dict[str, Any]:
    """An entry of the metrics of an evaluation.

    Args:
        episode: what was driven.
        number: of the trial, from 0; in the metrics they begin with 1.
    """
    record = episode.record
    return {
        **_end(episode),
        **_times(episode),
        "crash_count": record.crash_count,
        "immobilized_count": record.immobilized_count,
        "off_track_count": record.off_track_count,
        "reversed_count": record.reversed_count,
        "reset_count": record.reset_count,
        "trial": number + 1,
    }


def training_document(entries: Sequence[dict[str, Any]]) -> bytes:
    """TrainingMetrics.json, UTF-8."""
    return _document({"best_model_metric": "progress"}, entries)


def evaluation_document(entries: Sequence[dict[str, Any]]) -> bytes:
    """The metrics of an evaluation, UTF-8."""
    return _document({}, entries)


def _times(episode: TracedEpisode) -> dict[str, int]:
    """When it was driven, milliseconds of simulated time."""
    begin_ns, end_ns = episode.steps[0].state.time_ns, episode.steps[-1].state.time_ns
    return {
        "metric_time": round(end_ns / 1e6),
        "start_time": round(begin_ns / 1e6),
        "elapsed_time_in_milliseconds": round(1000 * episode.record.duration_s),
    }


def _end(episode: TracedEpisode) -> dict[str, Any]:
    record = episode.record
    return {
        "completion_percentage": round(shown_progress(record.progress, record.status), 4),
        "episode_status": record.status.value.replace("_", " ").capitalize(),
    }


def _document(head: dict[str, Any], entries: Sequence[dict[str, Any]]) -> bytes:
    # An entry a line: a person can read it, and compare two of them.
    lines = ",\n".join(json.dumps(entry, allow_nan=False) for entry in entries)
    start = json.dumps({"version": _VERSION, **head})[:-1]
    return f'{start}, "metrics": [\n{lines}\n]}}\n'.encode()
