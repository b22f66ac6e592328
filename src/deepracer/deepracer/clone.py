"""A run that starts from another run's model: `deepracer train --from RUN[:VERSION]`."""

from dataclasses import dataclass
from pathlib import Path

import yaml
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_store import ModelStore, StoreError, open_model_store
from deepracer_core.model_store.first_version import copy_as_first_version
from deepracer_core.model_watcher import choose_version

from deepracer.run_folder import RunFolder, run_folder


@dataclass(frozen=True, slots=True)
class Source:
    """The model that a run starts from.

    Attributes:
        run: folder of the run that it is of.
        store: where it is.
        version: its number there.
    """

    run: RunFolder
    store: ModelStore
    version: int

    def __str__(self) -> str:
        return f"version {self.version} of run {self.run.name!r}"


def find_source(named: str, runs_folder: Path) -> Source:
    """The model that `RUN` or `RUN:VERSION` means.

    Args:
        named: VERSION is best, latest or last, or a number; best without.
        runs_folder: that the run is in.

    Raises:
        ConfigurationError: there is no such run or version, or its store cannot be read.
    """
    name, _, choice = named.partition(":")
    folder = run_folder(runs_folder, name)
    if not folder.exists:
        raise ConfigurationError(
            f"expected RUN or RUN:VERSION, got {named!r}: there is no run {name!r} in"
            f" {folder.path.parent}"
        )
    try:
        store = open_model_store(_store_address(folder))
        return Source(folder, store, choose_version(store, choice or "best"))
    except StoreError as error:
        raise ConfigurationError(f"run {folder.name!r}: {error}") from error


def copy_source(source: Source, store: ModelStore) -> None:
    """Make a model the first version of a store, as `copy_as_first_version` does.

    Raises:
        ConfigurationError: the model cannot be read, or not be written.
    """
    origin = {"run": source.run.name, "version": source.version}
    try:
        copy_as_first_version(source.store, source.version, store, origin)
    except StoreError as error:
        raise ConfigurationError(f"--from: {source}: {error}") from error


def _store_address(folder: RunFolder) -> str:
    """Where a run keeps its models; its settings were valid when they were written."""
    settings = yaml.safe_load(folder.settings_file.read_text(encoding="utf-8")) or {}
    return str(settings.get("store") or folder.store)
