"""The newest model, ready to act: watched, loaded and checked on a thread of its own."""

import logging
import threading
from dataclasses import dataclass

from deepracer_core.action_space import ActionSpace
from deepracer_core.errors import ConfigurationError
from deepracer_core.exploration import EpsilonGreedy
from deepracer_core.hyperparameters import parse_hyperparameters
from deepracer_core.lite_policy import LitePolicy, Policy, PolicyError
from deepracer_core.model_files import HYPERPARAMETERS_FILE, METADATA_FILE, POLICY_FILE
from deepracer_core.model_metadata import ModelMetadata, parse_model_metadata
from deepracer_core.model_store import ModelCorrupt, ModelStore, StoreError

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ActingModel:
    """A model version that was loaded, verified and tried.

    Attributes:
        version: its number in the store, from 1.
        policy: what acts.
    """

    version: int
    policy: Policy


def load_acting_model(store: ModelStore, version: int, metadata: ModelMetadata) -> ActingModel:
    """Load the acting part of one version.

    Args:
        store: where the versions are.
        version: which one.
        metadata: that the model must fit: its actions and sensors.

    Raises:
        StoreError: it cannot be read, or not as it was written.
        PolicyError: it is no model for these actions and sensors.
    """
    others = {METADATA_FILE, HYPERPARAMETERS_FILE}.intersection(store.files(version))
    stored = store.load(version, names=[POLICY_FILE, *others])
    policy = LitePolicy(stored.files[POLICY_FILE], metadata.action_space, metadata.sensors)
    try:
        if METADATA_FILE in stored.files:
            own = parse_model_metadata(stored.files[METADATA_FILE].decode(), f"version {version}")
            _check_actions(own.action_space, metadata.action_space, version)
        given = parse_hyperparameters(
            stored.files.get(HYPERPARAMETERS_FILE, b"{}"), f"version {version}"
        )
    except ConfigurationError as error:
        raise PolicyError(str(error)) from error
    if given.exploration_type == "categorical":
        return ActingModel(version, policy)
    # Steps learnt from, by all workers: the chance is the same in all of them, and after a restart.
    epsilon = given.epsilon(stored.info.get("counters", {}).get("steps", 0))
    return ActingModel(version, EpsilonGreedy(policy, metadata.action_space, epsilon))


def _check_actions(learnt: ActionSpace, given: ActionSpace, version: int) -> None:
    """Refuse a model whose outputs would be taken for other actions than those it has learnt."""
    if learnt != given:
        raise PolicyError(
            f"version {version} was trained for {learnt}, and model_metadata.json has {given}: "
            f"give the {METADATA_FILE} that it was trained with, which is beside it in the store"
        )


def choose_version(store: ModelStore, choice: str) -> int:
    """The version that a person means by `latest` or `last`, `best`, or a number.

    Raises:
        ConfigurationError: there is no such version.
        StoreError: the store cannot be read.
    """
    if choice in ("latest", "last"):
        version = store.latest()
    elif choice == "best":
        version = store.best() or store.latest()
    elif choice.isdecimal() and int(choice) in store.versions():
        version = int(choice)
    else:
        version = None
    if version is None:
        known = store.versions()
        held = f"versions {known[0]} to {known[-1]}" if known else "no version yet"
        raise ConfigurationError(
            f"model: expected latest, best or a version in {store.url}, which has {held}; "
            f"got {choice!r}: train first, or choose one of these"
        )
    return version


class ModelWatcher:
    """Keeps the newest model of a store at hand, so that a swap costs the agent nothing.

    An outage of the store, or a version that cannot be used, leaves the agent with the model it
    has; each is logged once.

    Args:
        store: the store to watch.
        metadata: that every model must fit.
        period_s: seconds between two looks at the store.
    """

    def __init__(self, store: ModelStore, metadata: ModelMetadata, period_s: float = 0.25):
        self._store = store
        self._metadata = metadata
        self._period_s = period_s
        self._lock = threading.Lock()
        self._ready: ActingModel | None = None
        self._seen = 0
        self._away = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="model watcher", daemon=True)

    def start(self) -> None:
        """Look once now, so that a resumed run acts with its model at once; then keep watching."""
        self._look()
        self._thread.start()

    @property
    def seen(self) -> int:
        """The newest version that was looked at, whether it could be used or not; 0 for none."""
        return self._seen

    def take(self) -> ActingModel | None:
        """The newest model, if it is newer than the last one taken. Never blocks."""
        with self._lock:
            ready, self._ready = self._ready, None
        return ready

    def close(self) -> None:
        """Stop watching."""
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(self._period_s):
            self._look()

    def _look(self) -> None:
        try:
            newest = self._store.latest() or 0
            if newest > self._seen:
                self._load(newest)
        except StoreError as error:
            if not self._away:
                _LOG.warning("%s; the agent goes on with the model it has", error)
            self._away = True
            return
        if self._away:
            _LOG.info("the model store answers again")
        self._away = False

    def _load(self, version: int) -> None:
        try:
            model = load_acting_model(self._store, version, self._metadata)
        except (ModelCorrupt, PolicyError) as error:
            _LOG.error(
                "model %d is not used, the agent goes on with the one it has: %s", version, error
            )
        else:
            with self._lock:
                self._ready = model
        self._seen = version
