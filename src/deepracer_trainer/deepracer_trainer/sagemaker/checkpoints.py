"""What outlives an interruption of a training job, in the folder that SageMaker copies to S3.

    checkpoints/store/      the newest versions of the model, each with all that training on needs
    checkpoints/redis/      experience not yet learnt from, episodes: there between two containers
    checkpoints/job.json    how long the job has trained

A container that is ended leaves all of it; one that dies leaves what it had written by then, and
the experience of the update that it was in is driven anew.
"""

import json
import logging
import shutil
from pathlib import Path

from deepracer_core.model_store import ModelCorrupt, ModelStore, open_model_store

_LOG = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoint folder of a training job.

    Args:
        folder: /opt/ml/checkpoints, usually.
        job_name: of the training job; a folder that another job has left gives this one its model,
            not its time.
    """

    def __init__(self, folder: Path, job_name: str | None) -> None:
        self._folder = folder
        self._job_name = job_name
        self._time = folder / "job.json"
        self._redis = folder / "redis"

    @property
    def store(self) -> Path:
        """The folder of the model store in it."""
        return self._folder / "store"

    def restore_versions(self, store: ModelStore) -> None:
        """Bring versions into the job's store that only the folder has.

        One that was on its way to S3 when a container died may be damaged; it is left out.

        Raises:
            StoreError: the store refuses one.
        """
        copies = open_model_store(str(self.store))
        newest = max(store.versions(), default=0)
        is_damaged = False
        for version in copies.versions():
            if version <= newest:
                continue
            try:
                model = copies.load(version)
            except ModelCorrupt as error:
                _LOG.warning("a copy of version %d is of no use: %s", version, error)
                is_damaged = True
                continue
            store.publish(version, model.files, model.info)
            _LOG.info("version %d is from the checkpoint folder", version)
        if is_damaged:
            # The store has by now what was good in it; the copies begin anew.
            shutil.rmtree(self.store)

    def copy_redis_data(self, folder: Path) -> None:
        """Copy what Redis held into the folder of the next server."""
        if self._redis.is_dir():
            shutil.copytree(self._redis, folder)

    def forget_redis_data(self) -> None:
        """Remove what Redis held: once it has been learnt from it must not come back."""
        shutil.rmtree(self._redis, ignore_errors=True)

    def keep_redis_data(self, folder: Path) -> None:
        """Keep what a server that has ended held."""
        fresh = self._redis.with_name("redis.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(folder, fresh, ignore=shutil.ignore_patterns(".lock", "redis.sock"))
        self.forget_redis_data()
        fresh.rename(self._redis)

    def trained_s(self) -> float:
        """Seconds for which the job has trained in containers before this one."""
        try:
            said = json.loads(self._time.read_text(encoding="utf-8"))
            return float(said["trained_s"]) if said["job"] == self._job_name else 0.0
        except FileNotFoundError:
            return 0.0
        except (ValueError, KeyError, TypeError) as error:
            _LOG.warning("%s says nothing (%r): the job's time begins anew", self._time, error)
            return 0.0

    def note_trained_s(self, seconds: float) -> None:
        """Write down for how long the job has trained, all containers together."""
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._time.with_name("job.json.new")
        fresh.write_text(json.dumps({"job": self._job_name, "trained_s": round(seconds, 1)}))
        fresh.replace(self._time)
