"""What SageMaker does around a training container: its folders and variables, start, stop, look."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from deepracer_core.model_store import ModelStore, open_model_store
from deepracer_core.parameters import dump_parameters
from deepracer_core.redis_connection import RedisUnavailable, connect, located
from deepracer_core.redis_discovery import RedisEndpoint, run_name
from deepracer_core.run_status import RunStatus

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = REPOSITORY / "config"
PREFIX = "rl-deepracer/first"
PASSWORD = "pl@nted/secret?#"
SECRET_KEY = "planted-secret"
DEADLINE_S = 180.0

_numbers = itertools.count()


class OptMl:
    """The folder that stands for /opt/ml.

    Args:
        root: the folder.
        variables: of the container's environment, on top of this process's.
    """

    def __init__(self, root: Path, variables: Mapping[str, str]) -> None:
        self.root = root
        self.variables = dict(variables)
        (root / "input" / "config").mkdir(parents=True)

    def give(self, hyperparameters: Mapping[str, str], **channels: Mapping[str, str | bytes]):
        """What CreateTrainingJob was called with; the files of each channel."""
        config = self.root / "input" / "config"
        (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
        (config / "inputdataconfig.json").write_text(
            json.dumps({name: {"TrainingInputMode": "File"} for name in channels})
        )
        (config / "resourceconfig.json").write_text(
            json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]})
        )
        for name, files in channels.items():
            folder = self.root / "input" / "data" / name
            folder.mkdir(parents=True, exist_ok=True)
            for file, content in files.items():
                data = content.encode() if isinstance(content, str) else content
                (folder / file).write_bytes(data)

    @property
    def failure(self) -> str:
        """What the service would show as the reason of a failure; empty without one."""
        path = self.root / "output" / "failure"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def start(
        self, script: str = "trainer.sh", argument: str = "train", **variables: str
    ) -> "Process":
        """Run the image's entry point as the service does."""
        environment = {
            **os.environ,
            **self.variables,
            "CONTAINER_USER": "root",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "SAGEMAKER_BASE_DIR": str(self.root),
            "TRAINER_PYTHON": sys.executable,
            "TRAINING_JOB_NAME": "first-job",
            **variables,
        }
        log = self.root.parent / f"container-{next(_numbers)}.log"
        return Process([str(REPOSITORY / "docker" / script), argument], environment, log)


class Process:
    """A process with a log, which is looked at from outside.

    Attributes:
        log: its path.
    """

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=dict(environment)
            )

    @property
    def said(self) -> str:
        """All that it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def wait(self, deadline_s: float = DEADLINE_S) -> int:
        """Its exit code; fails with its log when it does not end in time."""
        try:
            return self._process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end:\n{self.said[-6000:]}") from None

    def wait_until(self, condition: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
        """Wait for a condition; fails with the log when it ends or the deadline passes before."""
        end = time.monotonic() + deadline_s
        while not condition():
            assert self.exit_code is None, f"it ended early:\n{self.said[-6000:]}"
            assert time.monotonic() < end, f"the deadline passed:\n{self.said[-6000:]}"
            time.sleep(0.05)

    def interrupt(self) -> float:
        """Send SIGTERM and wait for the end; how many seconds that took."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        self.wait()
        return time.monotonic() - began

    def kill(self) -> None:
        """End it whatever it does; for clean-up."""
        self._process.kill()
        self._process.wait()


class Job:
    """A training job as it is seen in S3 and in Redis, and simulations for it.

    Args:
        store: address of the run's place.
        prefix: of it, which names the run.
        port: of the container's Redis, on this machine.
        authority: file of the authority that signed its certificate, where it speaks TLS.
    """

    def __init__(self, store: str, prefix: str, port: int, authority: str = "") -> None:
        self.store: ModelStore = open_model_store(store)
        self.url = store
        self.run = run_name(prefix)
        self.port = port
        self.authority = authority

    def redis_url(self, found_in: str = "") -> str:
        """As a simulation on another machine is told."""
        place = RedisEndpoint("127.0.0.1", self.port)
        return located(
            place,
            password_variable="REDIS_PASSWORD",
            found_in=found_in,
            tls=bool(self.authority),
            authority=self.authority,
        )

    def trainer_state(self) -> dict:
        """What the trainer last said of itself; empty before it did."""
        try:
            client = connect(self.redis_url(), deadline_s=0.5)
        except RedisUnavailable:
            return {}
        try:
            return RunStatus(client, self.run).trainer() or {}
        finally:
            client.close()

    def simulate(self, folder: Path, hyperparameters: Path, **settings: object) -> Process:
        """Start a simulation in the flat world, as on another machine."""
        path = folder / f"flat-{next(_numbers)}.json"
        told = {
            "track": "meadow_loop",
            "run": self.run,
            "redis": self.redis_url(),
            "store": self.url,
            "reward_function": str(CONFIG / "reward_function.py"),
            "model_metadata": str(CONFIG / "model_metadata.json"),
            "hyperparameters": str(hyperparameters),
            **settings,
        }
        dump_parameters(told, path)
        command = [sys.executable, "-m", "deepracer_flat.worker", str(path)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "REDIS_PASSWORD": PASSWORD,
        }
        return Process(command, environment, folder / f"{path.stem}.log")


def versions_in(folder: Path) -> list[int]:
    """The model versions in a local store."""
    return open_model_store(str(folder)).versions()
