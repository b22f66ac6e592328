"""A training that starts from a model of another one."""

from collections.abc import Mapping
from typing import Any

from deepracer_core.model_store.store import ModelStore

FIRST_VERSION = 1


def copy_as_first_version(
    source: ModelStore, version: int, store: ModelStore, origin: Mapping[str, Any]
) -> None:
    """Make a model the first version of a store: its files, and its counters with them.

    The trainer goes on from it as from a version of its own: with its weights, the optimiser's
    state, the random generator and the scale of the returns.

    Args:
        source: where the model is.
        version: which one of those there.
        store: of the new training.
        origin: what is to be said of where it came from.

    Raises:
        StoreError: the model cannot be read, or not be written.
    """
    model = source.load(version)
    # Other segments have these numbers here, and those are still to be learnt from.
    info = {**model.info, "source": dict(origin), "segments": []}
    store.publish(FIRST_VERSION, model.files, info)
