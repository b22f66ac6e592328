"""Where settings come from: default < file < environment < command line, in one function."""

import dataclasses
import difflib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from deepracer_core.errors import ConfigurationError
from pydantic import TypeAdapter, ValidationError

from deepracer.settings import JobSettings

ENVIRONMENT_PREFIX = "DEEPRACER_"

SETUP_VARIABLES = frozenset({"DEEPRACER_CACHE"})
"""Variables with the prefix that are not settings of a job but of the set-up."""

SETTING_NAMES = tuple(field.name for field in dataclasses.fields(JobSettings))

_ADAPTER = TypeAdapter(JobSettings)

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
    settings_file: Path | None = None,
) -> ResolvedSettings:
    """Merge the four layers, validate the result and log each value with its source.

    Args:
        command_line: options given by the user, by setting name; None means not given.
        environment: the process environment; `DEEPRACER_<NAME>` sets a setting.
        settings_file: YAML file with settings by name, or None.

    Raises:
        ConfigurationError: a key is unknown, a value does not fit, or the file cannot be read.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = dict.fromkeys(SETTING_NAMES, "default")
    for layer, source_of in (
        (_from_file(settings_file), lambda name: str(settings_file)),
        (_from_environment(environment), lambda name: ENVIRONMENT_PREFIX + name.upper()),
        (_given(command_line), lambda name: "--" + name.replace("_", "-")),
    ):
        for name, value in layer.items():
            values[name] = value
            sources[name] = source_of(name)
    try:
        settings = _ADAPTER.validate_python(values)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, sources)) from None
    resolved = ResolvedSettings(settings, sources)
    for name in SETTING_NAMES:
        log.info("setting %s=%s source=%s", name, resolved.describe(name), sources[name])
    return resolved


def shown(value: object) -> str:
    """A value as text for people, the password of an address replaced by ***."""
    if value is None:
        return "none"
    text = str(value)
    if "://" in text:
        address = urlsplit(text)
        if address.password is not None:
            text = text.replace(f":{address.password}@", ":***@", 1)
    return text


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
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
            raise ConfigurationError(f"settings file {path}: {unknown(str(name), SETTING_NAMES)}")
    return content


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    variables = {ENVIRONMENT_PREFIX + name.upper(): name for name in SETTING_NAMES}
    layer: dict[str, Any] = {}
    for variable, value in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in SETUP_VARIABLES:
            continue
        if variable not in variables:
            raise ConfigurationError(f"environment: {unknown(variable, tuple(variables))}")
        # `NAME= command` is how a shell unsets a variable for one command.
        if value:
            layer[variables[variable]] = value
    return layer


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def unknown(name: str, known: tuple[str, ...]) -> str:
    """Say that a name is unknown and which known one is nearest."""
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
