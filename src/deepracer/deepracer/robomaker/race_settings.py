"""Settings made of the names of the table, and what in them contradicts itself."""

import dataclasses
import logging
from collections.abc import Mapping

from deepracer_core.errors import ConfigurationError
from deepracer_core.track_library import imported_folder, track_names

from deepracer.robomaker.readings import read_boolean
from deepracer.robomaker.told import Answers, Told
from deepracer.robomaker.variables import SETTINGS
from deepracer.settings_sources import (
    ENVIRONMENT_PREFIX,
    Layer,
    ResolvedSettings,
    from_environment,
    resolve_layers,
    shown,
)

log = logging.getLogger(__name__)


def resolve(answers: Answers, kind: str, environment: Mapping[str, str]) -> ResolvedSettings:
    """The settings of a simulation; `DEEPRACER_<NAME>` wins over the names of the table.

    Contradictions are told on the log.

    Args:
        answers: what was said.
        kind: TRAINING or EVALUATION.
        environment: of the process.

    Raises:
        ConfigurationError: a value does not fit, or there is no such track.
    """
    public, own = _layer(answers, kind), from_environment(environment)
    for name in sorted(public.keys() & own.keys()):
        (value, source), (winner, winning) = public[name], own[name]
        if str(value).casefold() != str(winner).casefold():
            log.warning("%s=%s wins over %s=%s", winning, shown(winner), source, value)
    if "track" not in public and "track" not in own:
        raise ConfigurationError(
            f"WORLD_NAME: expected the name of a track, it is not set: set it; {_tracks()}"
        )
    resolved = resolve_layers([public, own])
    track = resolved.settings.track
    if track not in track_names():
        raise ConfigurationError(
            f"{resolved.sources['track']}: unknown track {track!r}; {_tracks()}. Of a public route"
            f" file, `deepracer import-track {track}.npy` makes a track in {imported_folder()}, the"
            " folder that DEEPRACER_TRACKS names"
        )
    _tell_contradictions(answers, kind, resolved.settings.race_type)
    return resolved


def with_layer(resolved: ResolvedSettings, layer: Layer) -> ResolvedSettings:
    """Settings with more values, of things that were found meanwhile; each is told on the log."""
    for name, (value, source) in layer.items():
        before = resolved.sources[name]
        if before.startswith(ENVIRONMENT_PREFIX):
            log.warning("%s has no effect here: %s is %s", before, name, shown(value))
        log.info("setting %s=%s source=%s", name, shown(value), source)
    return ResolvedSettings(
        dataclasses.replace(
            resolved.settings, **{name: value for name, (value, _) in layer.items()}
        ),
        {**resolved.sources, **{name: source for name, (_, source) in layer.items()}},
    )


def _layer(answers: Answers, kind: str) -> Layer:
    layer: Layer = {}
    for variable in SETTINGS:
        told = answers.get(variable.name)
        if told is None or variable.job not in ("", kind):
            continue
        for setting, value in variable.settings(told.value, told.source).items():
            layer[setting] = value, told.source
    if "TRACK_DIRECTION_CLOCKWISE" in answers and "track" in layer:
        layer["track"] = _directed(layer["track"], answers["TRACK_DIRECTION_CLOCKWISE"])
    return layer


def _directed(track: tuple[object, str], told: Told) -> tuple[str, str]:
    """The track's name with the ending that the original has for directions."""
    try:
        ending = "_cw" if read_boolean(told.value) else "_ccw"
    except ConfigurationError as error:
        raise ConfigurationError(f"{told.source}: {error}") from None
    return f"{track[0]}{ending}", f"{track[1]} and {told.source}"


def _tell_contradictions(answers: Answers, kind: str, race_type: str) -> None:
    for variable in SETTINGS:
        told = answers.get(variable.name)
        if told is None:
            continue
        if variable.job not in ("", kind):
            log.info("%s has no effect: it is for %s", told.source, variable.job)
        elif variable.race not in ("", race_type):
            log.warning(
                "%s has no effect: it is for RACE_TYPE %s, not %s",
                told.source,
                variable.race.upper(),
                race_type.upper(),
            )
    positions = answers.get("OBJECT_POSITIONS")
    if positions is None:
        return
    places = positions.value if isinstance(positions.value, list) else positions.text.split(";")
    number, random = (
        answers.get(name) for name in ("NUMBER_OF_OBSTACLES", "RANDOMIZE_OBSTACLE_LOCATIONS")
    )
    if number is not None and number.text != str(len(places)):
        log.warning("%s: the %d places of %s win", number.source, len(places), positions.source)
    if random is not None and read_boolean(random.value):
        log.warning("%s: the places of %s win", random.source, positions.source)


def _tracks() -> str:
    return f"there are {', '.join(track_names()) or 'none'}"
