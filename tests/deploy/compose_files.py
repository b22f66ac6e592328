"""The Compose files as data, their variables filled in."""

import re
from typing import Any

import yaml
from roles import DEPLOY

COMPOSE = DEPLOY / "compose"
VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\})")


def example() -> dict[str, str]:
    """The variables of .env.example."""
    lines = (COMPOSE / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def read(file: str, **variables: str) -> dict[str, Any]:
    """A Compose file with its variables filled in, as the Compose specification says."""
    values = {**example(), **variables}

    def fill(match: re.Match[str]) -> str:
        literal, name, kind, default = match.groups()
        if literal:
            return "$"
        if values.get(name):
            return values[name]
        assert kind == "-", f"{file}: {name} has no value: {default}"
        return default

    return yaml.safe_load(VARIABLE.sub(fill, (COMPOSE / file).read_text(encoding="utf-8")))
