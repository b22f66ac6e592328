"""model/deepracer_checkpoints.json: the public form of the pointers to the last and the best model.

    {"last_checkpoint": {"name": "12_Step-20480.ckpt", "time_stamp": ..., "avg_comp_pct": -1.0},
     "best_checkpoint": {"name": "9_Step-15360.ckpt", "time_stamp": ..., "avg_comp_pct": 93.5}}

The number before `_Step-` is the version of the model, the one after it the steps that it learnt
from. Until a model was judged, `avg_comp_pct` is -1 and the best is the last.
"""

import json
from collections.abc import Mapping
from typing import Any

CHECKPOINT_INDEX = "model/deepracer_checkpoints.json"

_NOT_JUDGED = -1.0

Checkpoint = dict[str, Any]


def checkpoint(
    version: int, info: Mapping[str, Any], time_stamp: float, judgement: Mapping[str, Any]
) -> Checkpoint:
    """One model in the index.

    Args:
        version: its number.
        info: what its publisher said of it; `counters` has the `steps` that it learnt from.
        time_stamp: when it became the last or the best, unix time in seconds.
        judgement: what was said of it as the best; `mean_completion` is in percent.
    """
    steps = info.get("counters", {}).get("steps", 0)
    return {
        "name": f"{version}_Step-{steps}.ckpt",
        "time_stamp": time_stamp,
        "avg_comp_pct": judgement.get("mean_completion", _NOT_JUDGED),
    }


def with_last(index: bytes | None, last: Checkpoint) -> bytes | None:
    """The index with another last model; None when it has that one already."""
    known = _read(index)
    if known.get("last_checkpoint", {}).get("name") == last["name"]:
        return None
    best = known.get("best_checkpoint", last)
    if best.get("avg_comp_pct", _NOT_JUDGED) == _NOT_JUDGED:
        best = last
    return _write(last, best)


def with_best(index: bytes | None, best: Checkpoint) -> bytes:
    """The index with another best model."""
    last = _read(index).get("last_checkpoint", best)
    if last.get("name") == best["name"]:
        last = {**last, "avg_comp_pct": best["avg_comp_pct"]}
    return _write(last, best)


def _read(index: bytes | None) -> dict[str, Checkpoint]:
    """What the index says; nothing when it is damaged, since it can be written anew."""
    try:
        known = json.loads(index or b"{}")
    except ValueError:
        return {}
    entries = known.items() if isinstance(known, dict) else ()
    return {name: entry for name, entry in entries if isinstance(entry, dict)}


def _write(last: Checkpoint, best: Checkpoint) -> bytes:
    return json.dumps({"last_checkpoint": last, "best_checkpoint": best}, indent=2).encode()
