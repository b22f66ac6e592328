"""Where settings come from: default < file < environment < command line, in one function."""

import dataclasses
import difflib
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from deepracer_core.credentials import HIDDEN, redact
from deepracer_core.errors import ConfigurationError
from pydantic import TypeAdapter, ValidationError

from deepracer.settings import WORKER_FIELDS, JobSettings

ENVIRONMENT_PREFIX = "DEEPRACER_"

OTHER_VARIABLES = frozenset(
    ENVIRONMENT_PREFIX + name
    for name in (
        "CACHE",
        "DEBIAN_MIRROR",
        "DISPLAY",
        "GAZEBO_PLUGIN",
        "GAZEBO_ROOT",
        "SCREEN",
        "SOCKET",
        "TRACKS",
    )
)
"""Variables with the prefix that belong to the set-up, to Gazebo and the tracks: no settings."""

SETTING_NAMES = tuple(field.name for field in dataclasses.fields(JobSettings))

Layer = dict[str, tuple[Any, str]]
"""Values by setting name, each with where it came from."""

_ADAPTER = TypeAdapter(JobSettings)

_LOGIN = re.compile(r"://.*@")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """The settings and for each its source: "default", a file, a variable or an option."""

    settings: JobSettings
    sources: Mapping[str, str]

    def describe(self, name: str) -> str:
        """The value of one setting as it may be shown: without a password."""
        return shown(getattr(self.settings, name))


def resolve_settings(
    command_line: Mapping[str, Any],
    environment: Mapping[str, str],
    *settings_files: Path,
) -> ResolvedSettings:
    """Merge the four layers, validate the result and log each value with its source.

    Args:
        command_line: options given by the user, by setting name; None means not given.
        environment: the process environment; `DEEPRACER_<NAME>` sets a setting.
        settings_files: YAML files with settings by name; a later one wins over an earlier one.

    Raises:
        ConfigurationError: a key is unknown, a value does not fit, or the file cannot be read.
    """
    layers = [
        *(_from_file(path) for path in settings_files),
        from_environment(environment),
        _from_command_line(command_line),
    ]
    return resolve_layers(layers)


def resolve_layers(layers: Iterable[Layer]) -> ResolvedSettings:
    """Merge layers, of which a later one wins, validate the result and log each value.

    Raises:
        ConfigurationError: a value does not fit.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = dict.fromkeys(SETTING_NAMES, "default")
    for layer in layers:
        for name, (value, source) in layer.items():
            values[name] = value
            sources[name] = source
    try:
        settings = _ADAPTER.validate_python(values)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, sources)) from None
    _check_worker_settings(settings, sources["worker_settings"])
    resolved = ResolvedSettings(settings, sources)
    for name in SETTING_NAMES:
        log.info("setting %s=%s source=%s", name, resolved.describe(name), sources[name])
    return resolved


def settings_of_worker(settings: JobSettings, worker: int) -> JobSettings:
    """The settings with what a worker has of its own.

    Raises:
        pydantic.ValidationError: one of its own does not fit.
    """
    if not settings.worker_settings:
        return settings
    own = settings.worker_settings[worker % len(settings.worker_settings)]
    every = {name: getattr(settings, name) for name in SETTING_NAMES}
    return _ADAPTER.validate_python({**every, **own})


def shown(value: object) -> str:
    """A value as text for people, credentials in it replaced by ***."""
    # A whole value may be an address with a badly written login, in which there are spaces.
    return "none" if value is None else redact(_LOGIN.sub(f"://{HIDDEN}@", _plain(value)))


def write_settings(path: Path, settings: JobSettings) -> None:
    """Write settings as a file that `resolve_settings` reads, with absolute paths.

    An address with a login in it is left out: what a run leaves behind holds no password.
    """
    lines = ["# What this run was told. `deepracer train --run NAME` takes it up again."]
    for name in SETTING_NAMES:
        value = getattr(settings, name)
        if value is not None and shown(value) != _plain(value):
            lines.append(f"# {name}: has a login in it; give it again")
            continue
        plain = str(value.absolute()) if isinstance(value, Path) else value
        if isinstance(value, tuple):
            plain = list(value)
        lines.append(yaml.safe_dump({name: plain}, allow_unicode=True).strip())
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def option_name(name: str) -> str:
    """The command line option that sets a setting."""
    return "--" + name.replace("_", "-")


def variable_name(name: str) -> str:
    """The environment variable that sets a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def _from_file(path: Path) -> Layer:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"settings file {path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"settings file {path} is not valid YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"settings file {path}: expected `name: value` lines, got a {type(content).__name__}"
        )
    for name in content:
        if name not in SETTING_NAMES:
            raise ConfigurationError(f"settings file {path}: {_unknown(str(name), SETTING_NAMES)}")
    return {name: (value, str(path)) for name, value in content.items()}


def from_environment(environment: Mapping[str, str]) -> Layer:
    """The settings that the environment has as `DEEPRACER_<NAME>`.

    Raises:
        ConfigurationError: such a variable is of no known setting.
    """
    names = {variable_name(name): name for name in SETTING_NAMES}
    layer: Layer = {}
    for variable, value in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in OTHER_VARIABLES:
            continue
        if variable not in names:
            raise ConfigurationError(f"environment: {_unknown(variable, tuple(names))}")
        # `NAME= command` is how a shell unsets a variable for one command.
        if value:
            name = names[variable]
            layer[name] = _parsed(name, value), variable
    return layer


def _from_command_line(options: Mapping[str, Any]) -> Layer:
    return {
        name: (_parsed(name, value), option_name(name))
        for name, value in options.items()
        if value is not None
    }


def _check_worker_settings(settings: JobSettings, source: str) -> None:
    """Refuse what no worker can have of its own, and more of them than there are workers."""
    each = settings.worker_settings or ()
    count = len(each)
    if count > settings.workers:
        raise ConfigurationError(
            f"{source}: setting 'worker_settings': expected one for each of the"
            f" {settings.workers} workers at most, got {count}: set workers to {count}"
        )
    for worker, own in enumerate(each):
        for name in own:
            if name not in WORKER_FIELDS:
                raise ConfigurationError(
                    f"{source}: setting 'worker_settings', worker {worker}:"
                    f" {_unknown(name, WORKER_FIELDS)}"
                )
        try:
            settings_of_worker(settings, worker)
        except ValidationError as error:
            sources = dict.fromkeys(SETTING_NAMES, f"{source}: worker {worker}")
            raise ConfigurationError(_explain(error, sources)) from None


def _parsed(name: str, value: Any) -> Any:
    """A value of an option or a variable; a list is written there as in the settings file."""
    if name != "worker_settings" or not isinstance(value, str):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _plain(value: object) -> str:
    """A list as it is written in a settings file."""
    if not isinstance(value, tuple):
        return str(value)
    flow = yaml.safe_dump(list(value), default_flow_style=True, allow_unicode=True, width=10_000)
    return flow.strip()


def _unknown(name: str, known: tuple[str, ...]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return f"unknown setting {name!r}; did you mean {nearest[0]!r}?"


def _explain(error: ValidationError, sources: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        name = str(problem["loc"][0])
        lines.append(
            f"{sources[name]}: setting {name!r}: {_expectation(problem['msg'])},"
            f" got {shown(problem['input'])!r}"
        )
    return "\n".join(lines)


def _expectation(message: str) -> str:
    return message.replace("Input should", "should", 1).replace("String should", "should", 1)
