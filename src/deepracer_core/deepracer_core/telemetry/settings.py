"""What a process is told about its log and its metrics, by variables of the environment.

All processes of a job have the same, whether the command line, a launch file or a container starts
them, and they need it before they read anything else.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from deepracer_core.errors import ConfigurationError

PREFIX = "DEEPRACER_"

LOG_FORMATS = ("plain", "json")
CLOUDWATCH = ("none", "metrics", "all")


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """Where log and metrics go, besides the standard streams.

    Attributes:
        log_format: plain, for people; json, an object for each event.
        metrics_host: address on which Prometheus is answered.
        metrics_port: port of the trainer there; worker i answers on port + 1 + i. 0: nobody does.
        cloudwatch: what goes there: none, metrics, or all: these and the log.
    """

    log_format: str = "plain"
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    cloudwatch: str = "none"

    @property
    def is_json(self) -> bool:
        """Whether the log is one of objects."""
        return self.log_format == "json"

    @property
    def sends_log(self) -> bool:
        """Whether the log goes to CloudWatch, too."""
        return self.cloudwatch == "all"

    @property
    def sends_metrics(self) -> bool:
        """Whether the metrics go to CloudWatch."""
        return self.cloudwatch != "none"

    def port_of(self, worker: int | None) -> int:
        """The port on which a worker, or the trainer if None, answers Prometheus; 0: on none."""
        if not self.metrics_port or worker is None:
            return self.metrics_port
        return self.metrics_port + 1 + worker

    def environment(self) -> dict[str, str]:
        """The variables that say all this to another process."""
        return {PREFIX + name.upper(): str(value) for name, value in asdict(self).items()}


def read_settings(environment: Mapping[str, str]) -> TelemetrySettings:
    """What the variables say; one that is missing or empty says nothing.

    Raises:
        ConfigurationError: one of them cannot be used.
    """
    default = TelemetrySettings()

    def text(name: str) -> str:
        return environment.get(PREFIX + name.upper()) or str(getattr(default, name))

    return TelemetrySettings(
        log_format=_choice("log_format", text("log_format"), LOG_FORMATS),
        metrics_host=text("metrics_host"),
        metrics_port=_port("metrics_port", text("metrics_port")),
        cloudwatch=_choice("cloudwatch", text("cloudwatch"), CLOUDWATCH),
    )


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        expected = " or ".join((", ".join(choices[:-1]), choices[-1]))
        raise ConfigurationError(f"{PREFIX}{name.upper()}: expected {expected}, got {value!r}")
    return value


def _port(name: str, value: str) -> int:
    if not (value.isdecimal() and int(value) <= 65535):
        raise ConfigurationError(
            f"{PREFIX}{name.upper()}: expected a port from 1 to 65535, or 0 for none, got {value!r}"
        )
    return int(value)
