"""The action that starts a process, passes its output on, and ends it."""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from launch.actions.running_process import RunningProcess
from launch.entity import Action, LaunchDescriptionEntity
from launch.event_handler import Reaction
from launch.launch_context import LaunchContext
from launch.stand_in import NotInStandIn
from launch.substitution import (
    SomeSubstitutionsType,
    Substitution,
    normalize_to_list_of_substitutions,
    perform_substitutions,
)
from launch.substitutions import LaunchConfiguration

_numbers = itertools.count(1)
_Environment = Mapping[SomeSubstitutionsType, SomeSubstitutionsType]


@dataclass(frozen=True)
class _Description:
    final_name: str


class ExecuteProcess(Action):
    """Starts a process.

    It runs in the launch's process group. When the system shuts down it gets SIGINT (unless the
    terminal has sent that already), then SIGTERM, then SIGKILL.

    Args:
        cmd: program and arguments.
        prefix: what goes before them, split as a shell does; the configuration `launch-prefix`
            if None.
        name: its name in the log, the program's if None.
        cwd: its working folder, the launch's if None.
        env: its environment, the launch's at that time if None.
        additional_env: variables added to that.
        output: "log", "screen" or "both".
        output_format: of a line of its output, for `str.format`, with `line`, and `this` for the
            action, of which there is `this.process_description.final_name`.
        sigterm_timeout: seconds between SIGINT and SIGTERM, by default the configuration of that
            name, or else 5.
        sigkill_timeout: the same for SIGKILL after SIGTERM.
        on_exit: entities to visit when it has ended, or a function that returns them.
    """

    def __init__(
        self,
        *,
        cmd: Iterable[SomeSubstitutionsType],
        prefix: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        cwd: SomeSubstitutionsType | None = None,
        env: _Environment | None = None,
        additional_env: _Environment | None = None,
        output: SomeSubstitutionsType = "log",
        output_format: str = "[{this.process_description.final_name}] {line}",
        sigterm_timeout: SomeSubstitutionsType | None = None,
        sigkill_timeout: SomeSubstitutionsType | None = None,
        on_exit: Reaction = None,
        **others,
    ) -> None:
        super().__init__(**others)
        if prefix is None:
            prefix = LaunchConfiguration("launch-prefix", default="")
        self.cmd = [normalize_to_list_of_substitutions(part) for part in cmd]
        self._prefix = normalize_to_list_of_substitutions(prefix)
        self._name = None if name is None else normalize_to_list_of_substitutions(name)
        self._cwd = None if cwd is None else normalize_to_list_of_substitutions(cwd)
        self._env = None if env is None else _pairs(env)
        self._additional_env = _pairs(additional_env or {})
        if isinstance(output, Mapping):
            raise NotInStandIn(f"launch.actions.ExecuteProcess(output={output})")
        self._output = normalize_to_list_of_substitutions(
            os.environ.get("OVERRIDE_LAUNCH_PROCESS_OUTPUT", output)
        )
        self._output_format = output_format
        self._timeouts = tuple(
            normalize_to_list_of_substitutions(
                LaunchConfiguration(name, default=5) if timeout is None else timeout
            )
            for name, timeout in (
                ("sigterm_timeout", sigterm_timeout),
                ("sigkill_timeout", sigkill_timeout),
            )
        )
        self._on_exit = on_exit
        self._details: dict[str, Any] | None = None
        self._running: RunningProcess | None = None

    @property
    def name(self) -> str | list[Substitution] | None:
        """Its name with its number once it has been executed, the name it was given before."""
        return self._name if self._details is None else self._details["name"]

    @property
    def process_description(self) -> _Description:
        """What it is, once it has been executed."""
        return _Description(final_name=self._details["name"])

    def format_line(self, line: str) -> str:
        """A line of its output as it is shown."""
        return self._output_format.format(line=line, this=self)

    @property
    def process_details(self) -> dict[str, Any] | None:
        """Name, cmd, cwd, env and, once it runs, pid; None before it is executed."""
        return self._details

    @property
    def return_code(self) -> int | None:
        """Its exit code, negative for a signal; None before it has ended."""
        return None if self._running is None else self._running.return_code

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """What is visited when it has ended, as far as that is known."""
        return list(self._on_exit) if isinstance(self._on_exit, list) else []

    def execute(self, context: LaunchContext) -> None:
        """Start it, unless the system is shutting down."""
        if self._details is not None:
            raise RuntimeError(f"ExecuteProcess action '{self.name}': executed more than once")
        self._details = self._prepare(context)
        if context.is_shutdown:
            return
        output = perform_substitutions(context, self._output)
        self._running = RunningProcess(
            self, context, self._details, output, self._timeouts, self._on_exit
        )

    def _prepare(self, context: LaunchContext) -> dict[str, Any]:
        for unknown in ("emulate_tty", "launch-prefix-filter"):
            if unknown in context.launch_configurations:
                raise NotInStandIn(f"launch.actions.ExecuteProcess, configuration {unknown}")
        cmd = shlex.split(perform_substitutions(context, self._prefix))
        cmd += [perform_substitutions(context, part) for part in self.cmd]
        name = os.path.basename(cmd[0])
        if self._name is not None:
            name = perform_substitutions(context, self._name)
        env = dict(context.environment) if self._env is None else _perform(context, self._env)
        return {
            "action": self,
            "name": f"{name}-{next(_numbers)}",
            "cmd": cmd,
            "cwd": None if self._cwd is None else perform_substitutions(context, self._cwd),
            "env": {**env, **_perform(context, self._additional_env)},
        }


def _pairs(variables: _Environment) -> list[tuple[list[Substitution], list[Substitution]]]:
    return [
        (normalize_to_list_of_substitutions(name), normalize_to_list_of_substitutions(value))
        for name, value in variables.items()
    ]


def _perform(
    context: LaunchContext, pairs: Iterable[tuple[list[Substitution], list[Substitution]]]
) -> dict[str, str]:
    return {
        perform_substitutions(context, name): perform_substitutions(context, value)
        for name, value in pairs
    }
