"""A simulation's files, out of S3 into a private folder: the YAML, the user's three files."""

import logging
from pathlib import Path

from deepracer_core.errors import ConfigurationError
from deepracer_core.model_store import Storage, open_storage

from deepracer.robomaker.places import InputKey, RunPlace, input_key, run_place
from deepracer.robomaker.told import Answers, Told, from_yaml
from deepracer.robomaker.waiting import Waiting
from deepracer.settings_sources import Layer

_SETTINGS = {
    "reward_function": ("REWARD_FILE_S3_KEY", "reward_function.py"),
    "model_metadata": ("MODEL_METADATA_FILE_S3_KEY", "model/model_metadata.json"),
    "hyperparameters": ("HYPERPARAMETER_FILE_S3_KEY", "ip/hyperparameters.json"),
}
"""By setting: the variable with the file's key, and the key below the prefix without it."""

log = logging.getLogger(__name__)


def read_yaml(answers: Answers) -> dict[str, Told]:
    """What the YAML file says; nothing, when none is named.

    Raises:
        ConfigurationError: it is not there, or no such file.
        StoreError: S3 did not answer, or refused.
    """
    named = answers.get("S3_YAML_NAME")
    if named is None:
        return {}
    place = run_place(answers)
    key = place.below(named.text)
    source = f"s3://{place.bucket}/{key}"
    stored = open_storage(place.service.address(place.bucket)).read(key)
    if stored is None:
        raise ConfigurationError(
            f"{named.source}: expected a YAML file at {source}, there is none: upload it, or"
            " correct the bucket, the prefix or the name"
        )
    return from_yaml(stored.data, source)


class Inputs:
    """The user's three files.

    Args:
        answers: what was said.
        place: of the run.
        folder: that they are copied to.
    """

    def __init__(self, answers: Answers, place: RunPlace, folder: Path) -> None:
        self._answers = answers
        self._place = place
        self._folder = folder
        self._bucket: Storage = open_storage(place.service.address(place.bucket))

    def fetch(self, setting: str, waiting: Waiting) -> Layer:
        """Fetch a file that has to be there; where no variable names it, wait for the trainer's.

        Args:
            setting: whose value the file's path becomes.
            waiting: how long.

        Raises:
            ConfigurationError: there is none where a variable says.
            JobFailed: the trainer's did not come in time.
            StoreError: S3 did not answer, or refused.
        """
        wanted, default = self._wanted(setting)

        def look() -> bytes | str:
            stored = self._bucket.read(wanted.key)
            return stored.data if stored is not None else f"there is no {self._url(wanted)}"

        if not wanted.is_given:
            advice = f"see whether the trainer runs, or name the file by {_SETTINGS[setting][0]}"
            return self._keep(setting, wanted, waiting.wait_for(default, advice, look))
        data = look()
        if isinstance(data, str):
            raise ConfigurationError(
                f"{wanted.source}: expected {default} at {self._url(wanted)}, there is none:"
                " upload it, or correct the key"
            )
        return self._keep(setting, wanted, data)

    def fetch_if_there(self, setting: str) -> Layer:
        """Fetch a file; where no variable names it, the project's own takes its place.

        Raises:
            ConfigurationError: there is none where a variable says.
            StoreError: S3 did not answer, or refused.
        """
        wanted, default = self._wanted(setting)
        stored = self._bucket.read(wanted.key)
        if stored is not None:
            return self._keep(setting, wanted, stored.data)
        if wanted.is_given:
            raise ConfigurationError(
                f"{wanted.source}: expected {default} at {self._url(wanted)}, there is none:"
                " upload it, or correct the key"
            )
        log.info("there is no %s: the default %s is used", self._url(wanted), default)
        return {}

    def keep(self, setting: str, data: bytes, source: str) -> Layer:
        """Copy a file that is here already."""
        path = self._folder / Path(_SETTINGS[setting][1]).name
        path.write_bytes(data)
        return {setting: (path, source)}

    def _wanted(self, setting: str) -> tuple[InputKey, str]:
        variable, default = _SETTINGS[setting]
        return input_key(self._answers, self._place, variable, default), Path(default).name

    def _keep(self, setting: str, wanted: InputKey, data: bytes) -> Layer:
        return self.keep(setting, data, f"{self._url(wanted)}, {wanted.source}")

    def _url(self, wanted: InputKey) -> str:
        return f"s3://{self._place.bucket}/{wanted.key}"
