"""No credential is written to a log: what looks like one, or is known to be one, becomes ***."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

HIDDEN = "***"

_SHORTEST = 8
"""Shorter values of variables are not looked for: `testing` is a word, too."""

_SECRET_NAME = (
    r"(?:pass(?:word|wd|phrase)|secret(?:_?key)?|token|signature|credential|(?:access|api)_?key)"
)
# What an error tells people to write, redis://USER:PASSWORD@host, is left to them.
_LOGIN = re.compile(r"(://)(?!(?:USER)?:PASSWORD@)[^\s'\"]*(?=@)")
_AUTHORIZATION = re.compile(r"(authorization['\"]?\s*[:=]\s*['\"]?)[^\r\n'\"]+", re.IGNORECASE)
_NAMED = re.compile(
    rf"([\w.-]*{_SECRET_NAME}(?:_?id)?['\"]?\s*[:=]+\s*['\"]?)[^\s'\"&,;)}}\]]+", re.IGNORECASE
)
_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_VARIABLE = re.compile(rf"{_SECRET_NAME}(?:_?ID)?$", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^\s/@]*?:([^\s@]+)@")

_known: set[str] = set()


def keep_secret(*values: str) -> None:
    """Hide these values, too, from now on, in whatever text they come up.

    Args:
        values: credentials; those of less than four characters would hide too much, and are not
            looked for.
    """
    _known.update(value for value in values if len(value) >= 4)


def keep_secrets_of(environment: Mapping[str, str]) -> None:
    """Hide the values of variables whose name says that they are secret, and passwords in others.

    Args:
        environment: variables of the process, with AWS_SECRET_ACCESS_KEY and the like.
    """
    for name, value in environment.items():
        if _VARIABLE.search(name) and len(value) >= _SHORTEST:
            keep_secret(value)
        keep_secrets_in(value)


def keep_secrets_in(text: str) -> None:
    """Hide the passwords of the addresses in a text, as they are written there and as they are."""
    for password in _PASSWORD.findall(text):
        keep_secret(password, unquote(password))


def redact(text: str) -> str:
    """A text without its credentials.

    The login of an address (`redis://:***@host`), what stands behind the name of a credential
    (`password=***`, `"SecretAccessKey": "***"`, `X-Amz-Signature=***`), access key ids of AWS, and
    every value that was handed to `keep_secret`.
    """
    for value in sorted(_known, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    text = _LOGIN.sub(rf"\1{HIDDEN}", text)
    text = _AUTHORIZATION.sub(rf"\1{HIDDEN}", text)
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    return _KEY_ID.sub(HIDDEN, text)
