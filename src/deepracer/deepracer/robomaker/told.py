"""What a simulation is told: by the environment, and below it by a YAML file."""

import difflib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from deepracer_core.errors import ConfigurationError

from deepracer.robomaker.variables import KNOWN, MEANINGLESS, PLACES, WITHOUT_EFFECT

_LISTS = ("OBJECT_POSITIONS",)
"""Names whose value is a list; every other list has an entry for each model of a race."""

_MUST_AGREE = frozenset(
    {
        "JOB_TYPE",
        "NUM_WORKERS",
        "SAGEMAKER_SHARED_S3_BUCKET",
        "SAGEMAKER_SHARED_S3_PREFIX",
        "MODEL_S3_BUCKET",
        "MODEL_S3_PREFIX",
    }
)
"""Names that say which run this is: two answers would be two runs."""

_NEAR = 0.87
"""From this likeness on (difflib's ratio), a variable is taken for a misspelt one of the table."""

_OF_BOTO3 = ("AWS_ENDPOINT_URL",)
"""Variables like one of the table that do mean something: boto3 reads them."""

_PASSWORD = "REDIS_PASSWORD"
"""Of this nothing is shown, and in a file it has no business."""

_EXACT = ("_BUCKET", "_PREFIX", "_KEY", "_NAME")
"""Endings of the names in whose values upper and lower case are different things."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """A value, and where it came from."""

    value: Any
    source: str

    @property
    def text(self) -> str:
        """The value as text."""
        return str(self.value).strip()


Answers = Mapping[str, Told]
"""By name of the table, what was said; names that nothing was said of are not there."""


def from_environment(environment: Mapping[str, str]) -> dict[str, Told]:
    """The names of the table that the environment has; an empty variable says nothing.

    A variable that is nearly one of them is told on the log.
    """
    told = {}
    for name, value in environment.items():
        if name in KNOWN:
            if value.strip():
                told[name] = Told(value, name)
        elif name in _OF_BOTO3:
            continue
        elif nearest := difflib.get_close_matches(name, KNOWN, n=1, cutoff=_NEAR):
            log.warning("environment: %s means nothing here; did you mean %s?", name, nearest[0])
    return told


def from_yaml(data: bytes, source: str) -> dict[str, Told]:
    """The names of the table that a YAML file has; other names are told on the log.

    Args:
        data: the file.
        source: where it is.

    Raises:
        ConfigurationError: it is no YAML of `NAME: value` lines, asks for a race of models, or has
            a password in it.
    """
    try:
        content = yaml.safe_load(data)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(f"{source}: expected YAML, got: {reason}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"{source}: expected `NAME: value` lines, got {type(content).__name__}"
        )
    told = {}
    for name, given in content.items():
        if name not in KNOWN:
            log.warning("%s: %s", source, _unknown(str(name)))
            continue
        if name == _PASSWORD:
            raise ConfigurationError(
                f"{source}: {name}: expected it in the environment only: take it out of the file"
            )
        value = _single(name, given, source)
        if value is not None and str(value).strip():
            told[name] = Told(value, f"{name} in {source}")
    return told


def merge(environment: Answers, file: Answers) -> dict[str, Told]:
    """What both say; the environment wins, as everywhere in this project.

    Raises:
        ConfigurationError: they name two different runs.
    """
    for name in sorted(environment.keys() & file.keys()):
        first, second = environment[name], file[name]
        if _plain(name, first) == _plain(name, second):
            continue
        if name in _MUST_AGREE:
            raise ConfigurationError(
                f"{second.source}: expected {first.text!r} as in the environment, got"
                f" {second.text!r}: correct one of them"
            )
        log.warning(
            "%s=%s in the environment wins over %s in the YAML", name, first.text, second.text
        )
    return {**file, **environment}


def report(answers: Answers) -> None:
    """Tell on the log every place with its source, and what has no effect here."""
    for name in PLACES:
        if name in answers:
            shown = "***" if name == _PASSWORD else answers[name].text
            log.info("variable %s=%s source=%s", name, shown, answers[name].source)
    if "APP_REGION" in answers and "AWS_REGION" in answers:
        first, second = answers["APP_REGION"], answers["AWS_REGION"]
        if first.text != second.text:
            log.warning("APP_REGION=%s wins over AWS_REGION=%s", first.text, second.text)
    for name, (usual, instead) in WITHOUT_EFFECT.items():
        if name in answers and answers[name].text.lower() not in usual:
            log.warning("%s has no effect here: %s", answers[name].source, instead)
    if meaningless := sorted(MEANINGLESS.keys() & answers.keys()):
        log.info("no effect here: %s", ", ".join(meaningless))


def _single(name: str, value: Any, source: str) -> Any:
    """The value for the one car that there is."""
    if isinstance(value, dict):
        raise ConfigurationError(f"{source}: {name}: expected a value, got a mapping")
    if not isinstance(value, list) or name in _LISTS:
        return value
    if len(value) > 1:
        raise ConfigurationError(
            f"{source}: {name}: expected one value, got {len(value)}: races of several models are"
            " not driven here"
        )
    return value[0] if value else None


def _plain(name: str, told: Told) -> str:
    """A value as it is compared: `True` and `true`, `models/first/` and `models/first` agree."""
    text = told.text.strip("/")
    return text if name.endswith(_EXACT) else text.casefold()


def _unknown(name: str) -> str:
    nearest = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.0)
    return f"unknown name {name!r} has no effect; did you mean {nearest[0]!r}?"
