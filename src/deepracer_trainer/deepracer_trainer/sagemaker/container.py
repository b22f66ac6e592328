"""The folders, files and variables through which SageMaker talks to a training container.

    input/config/hyperparameters.json, inputdataconfig.json, resourceconfig.json
    input/data/CHANNEL/...
    checkpoints/        there again after a spot interruption; what is written here is copied to S3
    model/              packed as model.tar.gz when the container has ended
    output/failure      why the job failed, of which the service shows the first 1024 characters

All of them are below /opt/ml, or below SAGEMAKER_BASE_DIR. Specification: "How Amazon SageMaker
Runs Your Training Image" and the pages after it in the developer guide. The `SM_` variables are
those of sagemaker-training-toolkit.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepracer_core.credentials import redact
from deepracer_core.errors import ConfigurationError
from deepracer_core.json_fields import parse_object, read_number, read_text, refuse

ROOT_VARIABLE = "SAGEMAKER_BASE_DIR"
INTERRUPTED_VARIABLE = "INTERRUPTED_EXIT_CODE"
_ROOT = "/opt/ml"
_LONGEST_REASON = 1024


@dataclass(frozen=True, slots=True)
class Hosts:
    """The machines of a training job.

    Attributes:
        current: name of this one.
        all: names of all of them.
        interface: the network interface by which they see each other; None: not said.
    """

    current: str
    all: tuple[str, ...]
    interface: str | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """What one training container was given, and where its results go.

    Attributes:
        root: /opt/ml, or what stands for it.
        environment: the variables that it was started with.
    """

    root: Path
    environment: Mapping[str, str]

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Container":
        """The container whose variables these are."""
        return cls(Path(environment.get(ROOT_VARIABLE) or _ROOT), dict(environment))

    @property
    def job_name(self) -> str | None:
        """Name of the training job, the same after a spot interruption."""
        return self.environment.get("TRAINING_JOB_NAME") or None

    @property
    def model(self) -> Path:
        """The folder that becomes model.tar.gz."""
        return Path(self.environment.get("SM_MODEL_DIR") or self.root / "model")

    @property
    def checkpoints(self) -> Path:
        """The folder that outlives an interruption."""
        return self.root / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        """The folder that the service takes TensorBoard's event files from, if it is asked to."""
        return self.root / "output" / "tensorboard"

    @property
    def failure(self) -> Path:
        """The file with the reason of a failure."""
        return self.root / "output" / "failure"

    @property
    def interrupted_exit_code(self) -> int:
        """Exit code after SIGTERM; 0, as SageMaker wants it, unless something else is asked for.

        A Kubernetes Job takes 0 for the end of the training and starts no other container.

        Raises:
            ConfigurationError: what is asked for is no exit code.
        """
        text = self.environment.get(INTERRUPTED_VARIABLE) or "0"
        expected = "an exit code, an integer from 0 to 255"
        code = read_number("environment", INTERRUPTED_VARIABLE, text, expected)
        if code != int(code) or not 0 <= code <= 255:
            refuse("environment", INTERRUPTED_VARIABLE, expected, text)
        return int(code)

    def hyperparameters(self) -> dict[str, str]:
        """The job's hyperparameters, as text.

        SageMaker's Python package encodes those of some estimators as JSON, strings in quotes.

        Raises:
            ConfigurationError: the file cannot be read, or has something else than text in it.
        """
        source, values = self._document("hyperparameters.json", "SM_HPS")
        texts = {}
        for name, value in values.items():
            if isinstance(value, str):
                texts[name] = _unquoted(value)
            elif isinstance(value, (bool, int, float)):
                texts[name] = json.dumps(value)
            else:
                refuse(source, name, "text", repr(value)[:80])
        return texts

    def channels(self) -> dict[str, Path]:
        """The folders of the input channels, by their names.

        Raises:
            ConfigurationError: a channel is streamed, or its configuration cannot be read.
        """
        source, values = self._document("inputdataconfig.json", "SM_INPUT_DATA_CONFIG")
        data = self.root / "input" / "data"
        found = {path.name: path for path in sorted(data.glob("*")) if path.is_dir()}
        for name, channel in values.items():
            mode = channel.get("TrainingInputMode", "File") if isinstance(channel, dict) else ""
            if mode not in ("File", "FastFile"):
                refuse(source, name, "TrainingInputMode File or FastFile", repr(mode))
            own = self.environment.get(f"SM_CHANNEL_{name.upper()}")
            found[name] = Path(own or data / name)
        return found

    def hosts(self) -> Hosts:
        """The machines of the job.

        Raises:
            ConfigurationError: resourceconfig.json cannot be read.
        """
        source, values = self._document("resourceconfig.json", "SM_RESOURCE_CONFIG")
        current = values.get("current_host", "algo-1")
        hosts = values.get("hosts", [current])
        interface = values.get("network_interface_name")
        if not isinstance(hosts, list) or current not in hosts:
            refuse(source, "hosts", f"a list with {current!r} in it", repr(hosts)[:80])
        return Hosts(str(current), tuple(map(str, hosts)), interface)

    def sm_variables(self) -> dict[str, str]:
        """The variables that scripts written for SageMaker's own containers read."""
        _, resources = self._document("resourceconfig.json", "SM_RESOURCE_CONFIG")
        _, data = self._document("inputdataconfig.json", "SM_INPUT_DATA_CONFIG")
        hyperparameters, hosts, channels = self.hyperparameters(), self.hosts(), self.channels()
        made = {
            "SM_MODEL_DIR": self.model,
            "SM_INPUT_DIR": self.root / "input",
            "SM_INPUT_CONFIG_DIR": self.root / "input" / "config",
            "SM_OUTPUT_DIR": self.root / "output",
            "SM_OUTPUT_DATA_DIR": self.root / "output" / "data",
            "SM_CHANNELS": json.dumps(sorted(channels)),
            "SM_HPS": json.dumps(hyperparameters),
            "SM_CURRENT_HOST": hosts.current,
            "SM_HOSTS": json.dumps(hosts.all),
            "SM_NUM_CPUS": len(os.sched_getaffinity(0)),
            "SM_RESOURCE_CONFIG": json.dumps(resources),
            "SM_INPUT_DATA_CONFIG": json.dumps(data),
            **{f"SM_CHANNEL_{name.upper()}": path for name, path in channels.items()},
            **{f"SM_HP_{name.upper()}": value for name, value in hyperparameters.items()},
        }
        if hosts.interface is not None:
            made["SM_NETWORK_INTERFACE_NAME"] = hosts.interface
        # What is set already was set by somebody who knows.
        return {name: self.environment.get(name, str(value)) for name, value in made.items()}

    def fail(self, reason: str) -> str:
        """Leave the reason of a failure where the service looks for it.

        Returns:
            The reason in one line.
        """
        line = redact(" ".join(reason.split()))
        self.failure.parent.mkdir(parents=True, exist_ok=True)
        self.failure.write_text(line[:_LONGEST_REASON], encoding="utf-8")
        return line

    def _document(self, name: str, variable: str) -> tuple[str, dict[str, Any]]:
        """A JSON object of the service and what messages call it; empty when it gave none."""
        path = self.root / "input" / "config" / name
        if path.is_file():
            return str(path), parse_object(read_text(path, "what SageMaker writes"), str(path))
        if self.environment.get(variable):
            return variable, parse_object(self.environment[variable], variable)
        return str(path), {}


def _unquoted(text: str) -> str:
    if not (text.startswith('"') and text.endswith('"')):
        return text
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"hyperparameters.json: expected text, or text in JSON's quotes, got {text:.80}"
        ) from error
    return str(value)
