"""Command line options for settings, made from their declarations."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
from deepracer_core.randomisation import RANDOMISED
from pydantic.fields import FieldInfo

from deepracer.settings import JobSettings
from deepracer.settings_sources import option_name, shown

_METAVARS = {int: "NUMBER", float: "NUMBER", Path: "PATH", str: "TEXT", tuple: "YAML"}


def takes_settings(
    *names: str, **other_help: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a typer command an option for each of these settings.

    The command gets what was given as its first argument, a dictionary by setting name. The values
    are text: they are validated where those of all layers are.

    Args:
        names: of settings in JobSettings.
        other_help: by setting, what it means to this command when that is not its description.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(command, eval_str=True).parameters.values()
        ][1:]

        @functools.wraps(command)
        def take(**values: Any) -> Any:
            given = {name: values.pop(name) for name in names}
            return command(given, **values)

        options = [_option(name, other_help.get(name)) for name in names]
        take.__signature__ = inspect.Signature([*options, *own])  # type: ignore[attr-defined]
        return take

    return decorate


def _option(name: str, other_help: str | None) -> inspect.Parameter:
    declared: FieldInfo = JobSettings.__pydantic_fields__[name]  # type: ignore[attr-defined]
    kinds = [kind for kind in get_args(declared.annotation) if kind is not type(None)]
    kind = kinds[0] if kinds else declared.annotation
    kind = get_origin(kind) or kind
    flag = kind is bool
    option = option_name(name)
    text = other_help or declared.description or ""
    if other_help is None and declared.default is not None:
        text += f" [default: {_answer(declared.default) if flag else shown(declared.default)}]"
    info = typer.Option(
        f"{option}/--no-{option[2:]}" if flag else option,
        help=text,
        metavar=None if flag else "MIN:MAX" if name in RANDOMISED else _METAVARS[kind],
        # What is not given stays None, so that the layers below can say it.
        show_default=False,
    )
    annotation = Annotated[(bool if flag else str) | None, info]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _answer(value: bool) -> str:
    return "yes" if value else "no"
