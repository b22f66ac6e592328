"""Looks at the models that are there before anything starts; TensorFlow takes too long for it."""

import os
from collections.abc import Collection
from dataclasses import dataclass

from deepracer_core.errors import ConfigurationError
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.lite_policy import PolicyError
from deepracer_core.model_files import METADATA_FILE, OPTIMIZER_FILE, POLICY_FILE, WEIGHTS_FILE
from deepracer_core.model_metadata import ModelMetadata, load_model_metadata, parse_model_metadata
from deepracer_core.model_store import ModelCorrupt, ModelStore, open_model_store
from deepracer_core.model_watcher import ActingModel, load_acting_model
from deepracer_core.sensors import CAMERA_SENSORS

from deepracer.clone import find_source
from deepracer.project_files import find_input
from deepracer.run_folder import RunFolder
from deepracer.settings import JobSettings

_TRAINED_ON_WITH = (METADATA_FILE, POLICY_FILE, WEIGHTS_FILE, OPTIMIZER_FILE)


@dataclass(frozen=True, slots=True)
class _Difference:
    """What a model was trained with otherwise, and which of the user's files asks for that."""

    names: Collection[str]
    file: str

    def __str__(self) -> str:
        return f"another {' and '.join(self.names)} than {self.file} asks for"


def look_at_run(settings: JobSettings, folder: RunFolder | None) -> str:
    """Whether there is a model to train on from, whole, and fit for what is asked for.

    Args:
        settings: of the job.
        folder: of the run, if it has a name already.

    Raises:
        ConfigurationError: there is one, and it is not.
        StoreError: the store cannot be read.
    """
    store = _store_of(settings, folder)
    # The trainer goes on from the newest, even if it was killed before it could point to that.
    versions = [] if store is None else store.versions()
    if store is None or not versions:
        return "a new one"
    newest = versions[-1]
    try:
        difference = _difference(store, newest, settings)
    except (ModelCorrupt, PolicyError) as error:
        raise ConfigurationError(
            f"its newest model, version {newest}, cannot be trained on from: {error}"
            f"{_way_out(versions, folder)}"
        ) from error
    if difference is not None:
        raise ConfigurationError(
            f"its newest model, version {newest} in {store.url}, was trained with {difference}:"
            " give it the file it was trained with, or start a new run with --run NAME"
        )
    return f"trains on from version {newest} in {store.url}"


def look_at_source(named: str, settings: JobSettings, folder: RunFolder | None) -> str:
    """Whether there is the model that a run is to start from, and no other in its place.

    Args:
        named: RUN or RUN:VERSION.
        settings: of the job.
        folder: of the new run, if it has a name already.

    Raises:
        ConfigurationError: there is none, or it does not fit, or there is another.
        PolicyError, StoreError: it cannot be used or read.
    """
    source = find_source(named, settings.runs_folder)
    difference = _difference(source.store, source.version, settings)
    if difference is not None:
        raise ConfigurationError(
            f"{source} was trained with {difference}: give it the file it was trained with, one of"
            f" those in {source.run.inputs}"
        )
    store = _store_of(settings, folder)
    version = None if store is None else store.latest()
    if store is not None and version is not None:
        raise ConfigurationError(
            f"expected a new run, but there is version {version} in {store.url} already: leave"
            " --from out to train on from that, or start another run with --run NAME"
        )
    return f"starts from {source}"


def look_at_newest(settings: JobSettings) -> str:
    """Whether the newest model, if there is one, acts as a simulation asks for.

    Raises:
        ConfigurationError: it has other actions or sensors.
        StoreError: the store cannot be read.
    """
    store = _store_of(settings, None)
    version = None if store is None else store.latest()
    if store is None or version is None:
        return "none yet: it drives at random"
    path = find_input(settings.model_metadata)
    names = _different(trained_with(store, version), load_model_metadata(path))
    if names:
        raise ConfigurationError(
            f"version {version} in {store.url} was trained with"
            f" {_Difference(names, str(path))}: give it the file it was trained with"
        )
    return f"version {version} in {store.url}"


def look_at_driver(store: ModelStore, version: int) -> str:
    """Whether a version can drive an evaluation.

    Raises:
        ConfigurationError: its model_metadata.json cannot be used.
        PolicyError, StoreError: what acts is damaged, or is no policy for that.
    """
    _try(store, version, trained_with(store, version))
    return f"version {version} in {store.url}"


def trained_with(store: ModelStore, version: int) -> ModelMetadata:
    """What a version was trained with.

    Raises:
        ConfigurationError: that cannot be used.
        StoreError: it cannot be read.
    """
    return _parse(store, version, store.load(version, names=[METADATA_FILE]).files[METADATA_FILE])


def _store_of(settings: JobSettings, folder: RunFolder | None) -> ModelStore | None:
    """Where the models of a run are; None before there is such a place."""
    if settings.store is not None:
        return open_model_store(settings.store)
    if folder is None or not folder.store.is_dir():
        return None
    return open_model_store(str(folder.store))


def _difference(store: ModelStore, version: int, settings: JobSettings) -> _Difference | None:
    """What keeps a training from going on from a version that is whole; None if nothing does.

    Raises:
        ConfigurationError: a file that is needed for it is not there.
        PolicyError, StoreError: the version is damaged.
    """
    files = store.load(version).files
    missing = [name for name in _TRAINED_ON_WITH if name not in files]
    if missing:
        raise ConfigurationError(
            f"version {version} in {store.url} cannot be trained on from: it has no"
            f" {' and no '.join(missing)}"
        )
    trained = _parse(store, version, files[METADATA_FILE])
    metadata = find_input(settings.model_metadata)
    names = _different(trained, load_model_metadata(metadata))
    if names:
        return _Difference(names, str(metadata))
    stack_size = _try(store, version, trained).policy.stack_size
    hyperparameters = find_input(settings.hyperparameters)
    asked = load_hyperparameters(hyperparameters).stack_size
    if stack_size != asked and set(CAMERA_SENSORS) & set(trained.sensors):
        return _Difference(["stack_size"], str(hyperparameters))
    return None


def _try(store: ModelStore, version: int, trained: ModelMetadata) -> ActingModel:
    """Load what acts without a word: the runtime greets on the descriptor, past `sys.stderr`."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        return load_acting_model(store, version, trained)
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _parse(store: ModelStore, version: int, text: bytes) -> ModelMetadata:
    source = f"{METADATA_FILE} of version {version} in {store.url}"
    return parse_model_metadata(text.decode(errors="replace"), source)


def _different(trained: ModelMetadata, asked: ModelMetadata) -> list[str]:
    """What differs between two model_metadata.json, as the file calls it."""
    names = {
        "action_space": "action_space",
        "neural_network": "neural_network",
        "training_algorithm": "training_algorithm",
        "sensors": "sensor",
    }
    return [
        name
        for attribute, name in names.items()
        if getattr(trained, attribute) != getattr(asked, attribute)
    ]


def _way_out(versions: list[int], folder: RunFolder | None) -> str:
    if folder is None or len(versions) < 2:
        return ""
    return (
        f"; `deepracer train --from {folder.name}:{versions[-2]} --run NAME` starts a new run from"
        " the one before it"
    )
