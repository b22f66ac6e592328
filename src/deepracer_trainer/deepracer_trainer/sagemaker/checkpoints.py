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

from deepracer_core.model_store import ModelStore, open_model_store

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

        Raises:
            StoreError: the store refuses one, or a version in the folder is damaged.
        """
        copies = open_model_store(str(self.store))
        here = copies.versions()
        newest = max(store.versions(), default=0)
        missing = [version for version in here if version > newest]
        for version in missing:
            model = copies.load(version)
            store.publish(version, model.files, model.info)
        if missing:
            _LOG.info("versions %s are from the checkpoint folder", ", ".join(map(str, missing)))

    def take_redis_data(self, folder: Path) -> bool:
        """Move what Redis held into the folder of the next server; False when there is nothing.

        It is taken away from here: experience that was learnt from must not come back another time.
        """
        if not self._redis.is_dir():
            return False
        shutil.move(self._redis, folder)
        return True

    def keep_redis_data(self, folder: Path) -> None:
        """Keep what a server that has ended held."""
        fresh = self._redis.with_name("redis.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(folder, fresh, ignore=shutil.ignore_patterns(".lock", "redis.sock"))
        shutil.rmtree(self._redis, ignore_errors=True)
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
