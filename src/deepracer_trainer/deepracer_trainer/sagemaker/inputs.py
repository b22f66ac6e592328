"""The user's files of a training job: from the channels, from S3, and from the hyperparameters."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deepracer_core.errors import ConfigurationError
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.json_fields import parse_object, read_text
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.model_store import open_storage
from deepracer_core.model_store.s3 import S3Storage

from deepracer_trainer.sagemaker.request import Asked, Request

_LOG = logging.getLogger(__name__)

METADATA = "model_metadata.json"
HYPERPARAMETERS = "hyperparameters.json"
REWARD = "reward_function.py"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files that the trainer is started with.

    Attributes:
        model_metadata: path of it; a user's own network lies beside it.
        hyperparameters: path of it.
        reward_function: path of it; None where only the simulations, elsewhere, have it.
    """

    model_metadata: Path
    hyperparameters: Path
    reward_function: Path | None

    def contents(self) -> dict[str, bytes]:
        """What is in them, by their public names."""
        paths = {
            METADATA: self.model_metadata,
            HYPERPARAMETERS: self.hyperparameters,
            REWARD: self.reward_function,
        }
        return {name: path.read_bytes() for name, path in paths.items() if path is not None}


def gather_inputs(
    asked: Asked, channels: Mapping[str, Path], folder: Path, defaults: Path | None = None
) -> Inputs:
    """Bring the user's files together.

    model_metadata.json and reward_function.py are those that the hyperparameters name, else those
    of any channel, else those at their places in the bucket. How to learn is what a channel's
    hyperparameters.json says, and over that the hyperparameters of the job.

    Args:
        asked: the hyperparameters.
        channels: folders of the job's channels.
        folder: where the files are put.
        defaults: folder of files that stand in for what is nowhere else; None: that is an error.

    Raises:
        ConfigurationError: a file is missing or cannot be used.
        StoreError: S3 cannot be read.
    """
    finder = _Finder(asked.request, channels, folder, defaults)
    metadata = finder.find(METADATA, asked.request.model_metadata_s3_key, "model/" + METADATA)
    if metadata is None:
        raise ConfigurationError(
            f"{METADATA} is missing: name it by the hyperparameter model_metadata_s3_key, or give "
            "it in a channel"
        )
    model = load_model_metadata(metadata)
    if model.network_file:
        finder.find_beside(metadata, model.neural_network.rpartition(":")[0])
    reward = finder.find(REWARD, asked.request.reward_function_s3_source, REWARD)
    if reward is not None:
        _check_python(reward)
    return Inputs(metadata, _write_hyperparameters(asked.learning, finder), reward)


def _write_hyperparameters(learning: Mapping[str, str], finder: "_Finder") -> Path:
    path = finder.folder / HYPERPARAMETERS
    given = finder.in_channels(HYPERPARAMETERS)
    if given is None and not learning and finder.defaults is not None:
        given = finder.defaults / HYPERPARAMETERS
    base = {} if given is None else parse_object(read_text(given, "hyperparameters"), str(given))
    path.write_text(json.dumps({**base, **learning}, indent=2), encoding="utf-8")
    load_hyperparameters(path)
    return path


def _check_python(path: Path) -> None:
    try:
        compile(path.read_bytes(), path.name, "exec")
    except (SyntaxError, ValueError) as error:
        raise ConfigurationError(f"{path.name}: expected Python, got: {error}") from error


class _Finder:
    """Looks for a user's file at all the places where it may be, and copies it into one folder."""

    def __init__(
        self, request: Request, channels: Mapping[str, Path], folder: Path, defaults: Path | None
    ) -> None:
        self.folder = folder
        self.defaults = defaults
        self._request = request
        self._channels = channels
        self._origins: dict[Path, str | Path] = {}

    def find(self, name: str, named: str | None, key: str) -> Path | None:
        """The file, copied; None when it is nowhere.

        Args:
            name: that it gets.
            named: the key or address that the hyperparameters have; None: they name none.
            key: where it is in a run's part of the bucket.
        """
        if named is not None:
            return self._from_s3(name, self._address(named))
        if (path := self.in_channels(name)) is not None:
            return self._keep(name, path.read_bytes(), path)
        stored = open_storage(self._request.store).read(key)
        if stored is not None:
            return self._keep(name, stored.data, f"{self._request.store}/{key}")
        if self.defaults is not None:
            path = self.defaults / name
            return self._keep(name, path.read_bytes(), path)
        return None

    def find_beside(self, path: Path, name: str) -> None:
        """The file that lies beside one that was found.

        Raises:
            ConfigurationError: there is none.
        """
        origin = self._origins[path]
        if isinstance(origin, str):
            self._from_s3(name, f"{origin.rpartition('/')[0]}/{name}")
            return
        beside = origin.parent / name
        if not beside.is_file():
            raise ConfigurationError(f"{origin.name} names {name}, which is not beside it")
        self._keep(name, beside.read_bytes(), beside)

    def in_channels(self, name: str) -> Path | None:
        """The file in whichever channel has it.

        Raises:
            ConfigurationError: two channels have one.
        """
        paths = [path / name for path in self._channels.values() if (path / name).is_file()]
        if len(paths) > 1:
            raise ConfigurationError(
                f"{name} is in several channels, {', '.join(map(str, paths))}: leave one"
            )
        return paths[0] if paths else None

    def _address(self, named: str) -> str:
        if named.startswith("s3://"):
            return named
        return f"s3://{self._request.s3_bucket}/{named.lstrip('/')}"

    def _from_s3(self, name: str, address: str) -> Path:
        bucket, _, key = address.removeprefix("s3://").partition("/")
        stored = S3Storage(bucket).read(key)
        if stored is None:
            raise ConfigurationError(f"{address} is not there: it was named as {name}")
        return self._keep(name, stored.data, address)

    def _keep(self, name: str, data: bytes, origin: str | Path) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        self._origins[path] = origin
        _LOG.info("%s is that of %s", name, origin)
        return path
