"""runs/<run>/: everything that a run writes, and the lock that keeps a second job out of it."""

import contextlib
import fcntl
import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from deepracer_core.errors import ConfigurationError

LATEST = "latest"
"""Name of the link to the run that was started last; as a run's name it stands for that run."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where the parts of a run are kept.

    Attributes:
        path: absolute path of the run's folder; its name is the run's name.
    """

    path: Path

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name

    @property
    def exists(self) -> bool:
        """Whether a job has already run here."""
        return self.settings_file.is_file()

    @property
    def settings_file(self) -> Path:
        """The settings that the job ran with, to be read again by a resumed one."""
        return self.path / "job.yaml"

    @property
    def inputs(self) -> Path:
        """Copies of the three files that the job ran with."""
        return self.path / "inputs"

    @property
    def logs(self) -> Path:
        """deepracer.log, launch.log and what else the parts write."""
        return self.path / "logs"

    @property
    def redis(self) -> Path:
        """Data of the Redis server that was started for the run."""
        return self.path / "redis"

    @property
    def store(self) -> Path:
        """Model versions, when no store is configured."""
        return self.path / "store"

    @property
    def tensorboard(self) -> Path:
        """Event files of TensorBoard."""
        return self.path / "tensorboard"

    @property
    def car_package(self) -> Path:
        """The best model as the physical car takes it."""
        return self.path / "model.tar.gz"

    @property
    def evaluations(self) -> Path:
        """A folder for each evaluation."""
        return self.path / "evaluations"

    @property
    def videos(self) -> Path:
        """Videos of the training and of evaluations, unless they are put elsewhere."""
        return self.path / "videos"

    def new_evaluation(self) -> Path:
        """Make the folder of an evaluation, named by date and time, counted on when it is taken.

        Raises:
            ConfigurationError: the folder cannot be written.
        """
        return _new_folder(self.evaluations)

    def drop_evaluation(self, folder: Path) -> None:
        """Remove the folder of an evaluation that never began, and what was copied into it."""
        shutil.rmtree(folder)
        with contextlib.suppress(OSError):
            # There are others.
            self.evaluations.rmdir()

    @contextlib.contextmanager
    def claim(self) -> Iterator[int]:
        """Make the folder and keep every other job out of it; give the lock's descriptor.

        Raises:
            ConfigurationError: another job has this run, or the folder cannot be written.
        """
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _not_writable(self.path, error.strerror) from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = os.pread(lock, 32, 0).decode(errors="replace").strip()
                raise ConfigurationError(
                    f"run {self.name!r} is in use by process {owner}: choose another name with"
                    " --run, or stop that job first"
                ) from None
            os.truncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            yield lock
        finally:
            os.close(lock)

    def become_latest(self) -> None:
        """Point the link `latest` beside the run here, in one step."""
        fresh = self.path.parent / f".{LATEST}.{os.getpid()}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.name)
        fresh.replace(self.path.parent / LATEST)


def run_folder(runs_folder: Path, run: str) -> RunFolder:
    """The folder of a run by its name, which may be `latest`; it need not exist yet.

    Raises:
        ConfigurationError: `latest` was asked for and there is none.
    """
    runs = runs_folder.absolute()
    if run != LATEST:
        return RunFolder(runs / run)
    path = (runs / LATEST).resolve()
    if path.parent != runs.resolve() or not path.is_dir():
        raise ConfigurationError(f"run 'latest': no run has been started in {runs} yet")
    return RunFolder(runs / path.name)


def new_run_folder(runs_folder: Path) -> RunFolder:
    """Make the folder of a run that has no name: the date and time, counted on when it is taken.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    return RunFolder(_new_folder(runs_folder.absolute()))


def _new_folder(place: Path) -> Path:
    now = timestamp()
    for name in itertools.chain([now], (f"{now}-{count}" for count in itertools.count(2))):
        folder = place / name
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if folder.is_dir():
                continue
            raise _not_writable(folder, "it is in the way") from None
        except OSError as error:
            raise _not_writable(folder, error.strerror) from error
        return folder
    raise AssertionError("the counter never ends")


def run_names(runs_folder: Path) -> tuple[str, ...]:
    """Names of the runs in a folder."""
    return tuple(
        sorted(
            path.parent.name
            for path in runs_folder.glob("[!.]*/job.yaml")
            if not path.parent.is_symlink()
        )
    )


def timestamp() -> str:
    """The local date and time as part of a file name."""
    return datetime.now(timezone.utc).astimezone().strftime("%Y%m%d-%H%M%S")


def _not_writable(path: Path, reason: str | None) -> ConfigurationError:
    return ConfigurationError(
        f"run folder {path} cannot be written ({reason}): choose another with --runs-folder"
    )
