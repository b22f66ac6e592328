"""The Compose file's services as processes on machines of their own, told what the file tells them.

Docker's part is done here: names that all machines know, secrets and configurations as files,
environment variables. Two things are not as in the file. The S3 server is moto, which checks the
signature of each request and what its sender may do; and the services that use it have a key each,
with what the CloudFormation template allows to their roles.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from compose_files import read
from deepracer.process_tree import descendants
from machines import Network
from opt_ml import CONFIG, PASSWORD, OptMl, Process
from roles import DEPLOY, REPOSITORY
from template import statements

_READY_S = 60.0
_ROLES = {"trainer": "TrainerRole", "simulation": "SimulationRole"}


class Composed:
    """The services, each started by its own method.

    Args:
        folder: for their files and logs.
        simulations: how many there are to be.

    Attributes:
        machines: by the names that they have for each other.
        simulations: names of those of the simulations.
        keys: access key and secret of each user of the S3 server, once that was started.
    """

    def __init__(self, folder: Path, simulations: int) -> None:
        self._folder = folder
        self._processes: list[Process] = []
        self._secrets = folder / "secrets"
        _make_secrets(self._secrets)
        self._content = self._file("compose.yaml", SIMULATIONS=str(simulations))
        self._services = self._content["services"]
        for name, service in self._file("compose.tls.yaml")["services"].items():
            self._services[name]["environment"].update(service["environment"])
        containers = self._services["simulation"]["environment"]["COMPOSE_CONTAINER"]
        self.simulations = [f"{containers}-{number + 1}" for number in range(simulations)]
        self.keys: dict[str, list[str]] = {}
        self._network = Network()
        self.machines = {
            name: self._network.machine(name)
            for name in ("redis", "s3", "trainer", *self.simulations)
        }

    def start_s3(self) -> Process:
        """Start the S3 server, and give keys to those who may come in."""
        address = self.machines["s3"].address
        program = Path(sys.executable).parent / "moto_server"
        server = self._start("s3", [program, "--host", address, "--port", "9000"], {})
        policies = {
            user: {
                "Version": "2012-10-17",
                "Statement": [
                    statement
                    for statement in statements(role)
                    if statement["Action"][0].startswith("s3:")
                ],
            }
            for user, role in _ROLES.items()
        }
        bucket = self._services["bucket"]["environment"]["BUCKET"]
        script = Path(__file__).with_name("store_keys.py")
        server.wait_until(lambda: "Running on" in server.said, _READY_S)
        made = self.run("s3", script, "http://s3:9000", bucket, told=json.dumps(policies))
        assert made.returncode == 0, made.stderr
        self.keys = json.loads(made.stdout)
        return server

    def start_redis(self) -> Process:
        """Start Redis."""
        service = self._services["redis"]
        script = _here(service["entrypoint"][0])
        return self._start("redis", [script, self._folder / "redis-data"], service["environment"])

    def start_trainer(self, **hyperparameters: str) -> Process:
        """Start the trainer, with some hyperparameters of the test's own."""
        given = json.loads(self._content["configs"]["hyperparameters"]["content"])
        opt_ml = OptMl(self._folder / "opt-ml", {})
        names = ("model_metadata.json", "reward_function.py")
        files = {name: (CONFIG / name).read_text(encoding="utf-8") for name in names}
        opt_ml.give({**given, **hyperparameters}, files=files)
        environment = {
            **self._services["trainer"]["environment"],
            **self.key("trainer"),
            "SAGEMAKER_BASE_DIR": str(opt_ml.root),
        }
        return self._start("trainer", [_here("/opt/deepracer/docker/trainer.sh")], environment)

    def start_simulation(self, name: str) -> Process:
        """Start one of the simulations, in the flat world."""
        environment = {
            **self._services["simulation"]["environment"],
            **self.key("simulation"),
            "DEEPRACER_SIMULATOR": "flat",
        }
        return self._start(name, [_here("/opt/deepracer/docker/simulation.sh")], environment)

    def key(self, user: str) -> dict[str, str]:
        """The variables with the key of a user of the S3 server."""
        key, secret = self.keys[user]
        return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def run(
        self, name: str, script: Path, *arguments: str, told: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a Python script on a machine and wait for its end."""
        return subprocess.run(
            self.machines[name].command(sys.executable, script, *arguments),
            env={**_surroundings(), **variables},
            input=told,
            capture_output=True,
            text=True,
            check=False,
        )

    def close(self) -> None:
        """Kill what runs, and take the machines away."""
        for process in self._processes:
            for pid in descendants(process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.kill()
        self._network.close()

    def _start(self, name: str, command: list[Any], environment: dict[str, Any]) -> Process:
        process = Process(
            self.machines[name].command(*command),
            {
                **_surroundings(),
                **{variable: str(value) for variable, value in environment.items()},
                "HEARTBEAT_FILE": str(self._folder / f"{name}.heartbeat"),
            },
            self._folder / f"{name}.log",
        )
        self._processes.append(process)
        return process

    def _file(self, name: str, **variables: str) -> dict[str, Any]:
        """A Compose file whose secrets are in a folder here."""
        text = json.dumps(read(name, **variables))
        return json.loads(text.replace("/run/secrets", str(self._secrets)))


def _make_secrets(folder: Path) -> None:
    """The files of the secrets, by the names that the services have for them."""
    script = DEPLOY / "make_certificates.sh"
    subprocess.run([script, folder, "redis"], stderr=subprocess.PIPE, check=True)
    for name, secret in read("compose.tls.yaml")["secrets"].items():
        shutil.copy(folder / Path(secret["file"]).name, folder / name)
    (folder / "redis_password").write_text(PASSWORD + "\n")


def _here(path: str) -> Path:
    """A program of the images, where it is in the repository."""
    return REPOSITORY / Path(path).relative_to("/opt/deepracer")


def _surroundings() -> dict[str, str]:
    """What processes here need; nothing that says anything of AWS or of the project."""
    names = ("HOME", "LANG", "PATH", "TF_XLA_FLAGS")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {
        **kept,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CONTAINER_USER": "root",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONUNBUFFERED": "1",
        "TRAINER_PYTHON": sys.executable,
    }
