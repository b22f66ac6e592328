"""Reading the fields of a user's JSON file, with errors that name the file and the field."""

import json
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from deepracer_core.errors import ConfigurationError


def read_text(path: str | Path, what: str) -> str:
    """The text of a user's file.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: expected {what}, got: {error}") from error


def parse_object(text: str | bytes, source: str) -> dict[str, Any]:
    """The JSON object that a file consists of, no key twice.

    Raises:
        ConfigurationError: it is something else.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            refuse(source, twice[0], "it once", "it twice in the same object")
        return dict(pairs)

    try:
        value = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"{source}, line {error.lineno}, column {error.colno}: expected JSON, got: {error.msg}"
        ) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{source}: expected JSON in UTF-8, got: {error}") from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"{source}: expected a JSON object {{...}}, got {value!r:.80}")
    return value


def refuse(source: str, field: str, expected: str, got: str) -> NoReturn:
    """Say what is wrong with a field.

    Raises:
        ConfigurationError: always.
    """
    raise ConfigurationError(f"{source}: {field}: expected {expected}, got {got}")


def refuse_unknown(source: str, keys: Iterable[str], known: Collection[str]) -> None:
    """Refuse keys that nobody reads; most are misspelt, so the nearest known one is named.

    Raises:
        ConfigurationError: there is such a key.
    """
    for key in keys:
        if key not in known:
            near = get_close_matches(key, sorted(known), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
            raise ConfigurationError(f"{source}: {key}: unknown field; {hint}")


def read_number(source: str, field: str, value: Any, expected: str) -> float:
    """A finite number; it may be written as a string, as SageMaker hands numbers over.

    Raises:
        ConfigurationError: it is no such number.
    """
    number: float | None = None
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = None
    if number is None or not isfinite(number):
        refuse(source, field, expected, repr(value)[:80])
    return number


def read_choice(
    source: str, field: str, value: Any, choices: Collection[str], *, upper: bool = False
) -> str:
    """One of some words, in whatever case.

    Args:
        source: the file.
        field: the field in it.
        value: what it has.
        choices: the words.
        upper: whether they are in upper case; else in lower case.

    Raises:
        ConfigurationError: it is none of them.
    """
    if isinstance(value, str):
        word = value.strip().upper() if upper else value.strip().lower()
        if word in choices:
            return word
    refuse(source, field, f"one of {', '.join(choices)}", repr(value)[:80])
