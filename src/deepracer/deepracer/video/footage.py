"""Finds what a film is to show: the episodes that were asked for, and all that is known of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from deepracer_core.errors import ConfigurationError
from deepracer_core.evaluation_results import DrivenLine, read_lines, read_results
from deepracer_core.model_store import StoreError, open_storage
from deepracer_core.recorded_trace import RecordedEpisode
from deepracer_core.recordings import Recordings
from deepracer_core.track import Track
from deepracer_core.track_library import load_track, track_names

from deepracer.run_folder import LATEST, RunFolder
from deepracer.settings import JobSettings
from deepracer.settings_sources import ResolvedSettings, resolve_settings, settings_of_worker
from deepracer.video.selection import Selection, in_words

_LENGTHS_DIFFER = 0.02
"""Metres; the trace has the length of the track in centimetres."""


@dataclass(frozen=True, slots=True)
class Footage:
    """Episodes of one trace.

    Attributes:
        settings: that they were driven with.
        track: in the direction of its route.
        episodes: in the order in which they are shown.
        captions: of each, what people call it.
        version: of the model that drove, where it is known.
        name: for a file with it.
    """

    settings: JobSettings
    track: Track
    episodes: list[RecordedEpisode]
    captions: list[str]
    version: int | None
    name: str

    def direction(self, episode: RecordedEpisode) -> Track:
        """The track in the direction in which an episode was driven: the car is put on it so."""
        place = self.track.project([(episode.x[0], episode.y[0])])
        against = np.cos(episode.yaw[0] - place.heading[0]) < 0.0
        return self.track.reversed() if against else self.track


def training_footage(
    resolved: ResolvedSettings, folder: RunFolder, selection: Selection, worker: int
) -> Footage:
    """Episodes of a run's training.

    Args:
        resolved: settings of the run.
        folder: of the run.
        selection: which of them; the best when nothing is said.
        worker: which worker's.

    Raises:
        ConfigurationError: there are none, or the store cannot be read.
    """
    recordings = _recordings(resolved.settings, folder)
    if selection == Selection():
        selection = Selection(best=True)
    try:
        episodes = recordings.training(worker)
        if not episodes:
            workers = recordings.workers()
            raise ConfigurationError(
                f"run {folder.name!r} has no trace of worker {worker}; there are those of"
                f" {in_words(workers)}"
                if workers
                else f"run {folder.name!r} has no trace yet: its first episode must end first"
            )
    except StoreError as error:
        raise ConfigurationError(f"store: {error}") from error
    chosen = selection.choose(episodes, first=0, what="episode")
    several = resolved.settings.workers > 1
    own = resolved.settings
    if several and resolved.sources["track"] != "--track":
        own = settings_of_worker(own, worker)
    by_whom = f"worker {worker} · " if several else ""
    return Footage(
        settings=own,
        track=_track(own.track, chosen[0]),
        episodes=chosen,
        captions=[f"training · {by_whom}episode {each.number}" for each in chosen],
        version=None,
        name=(f"worker-{worker}-" if several else "") + selection.name,
    )


def evaluation_footage(
    resolved: ResolvedSettings, folder: RunFolder, selection: Selection, began: str
) -> Footage:
    """Trials of an evaluation of a run.

    Args:
        resolved: settings of the run, where those of the evaluation are not known.
        folder: of the run.
        selection: which of them.
        began: the evaluation, as in 20261121074643, or `latest`.

    Raises:
        ConfigurationError: there are none, or the store cannot be read.
    """
    recordings = _recordings(resolved.settings, folder)
    try:
        known = recordings.evaluations()
        began = began.removeprefix("evaluation-")
        if began == LATEST and known:
            began = known[-1]
        episodes = recordings.evaluation(began) if began in known else []
    except StoreError as error:
        raise ConfigurationError(f"store: {error}") from error
    if not episodes:
        those = f"there are {', '.join(known)}" if known else "there is none"
        raise ConfigurationError(f"--evaluation: expected one of this run, got {began!r}; {those}")
    settings, version = resolved.settings, None
    place = _folder_of(folder, episodes)
    if place is not None:
        version = read_results(place / "results.json")[0].policy_version
        if (place / "job.yaml").exists() and resolved.sources["track"] != "--track":
            settings = resolve_settings({}, {}, place / "job.yaml").settings
    return trials_footage(settings, episodes, version, selection, f"evaluation-{began}")


def trials_footage(
    settings: JobSettings,
    episodes: list[RecordedEpisode],
    version: int | None,
    selection: Selection,
    name: str,
) -> Footage:
    """Trials that are at hand.

    Args:
        settings: of the evaluation.
        episodes: all its trials.
        version: of the model that drove.
        selection: which of them.
        name: of the evaluation.

    Raises:
        ConfigurationError: one that was asked for is not there.
    """
    chosen = selection.choose(episodes, first=1, what="trial")
    return Footage(
        settings=settings,
        track=_track(settings.track, chosen[0]),
        episodes=chosen,
        captions=[f"evaluation · trial {each.number + 1} of {len(episodes)}" for each in chosen],
        version=version,
        name=name if selection == Selection() else f"{name}-{selection.name}",
    )


def trace_of_evaluation(
    settings: JobSettings, folder: RunFolder, results: Path
) -> list[RecordedEpisode]:
    """The trace of the evaluation that left these results; nothing when it left none.

    Raises:
        ConfigurationError: the store cannot be read.
    """
    recordings = _recordings(settings, folder)
    lines = read_lines(results)
    try:
        for began in reversed(recordings.evaluations()):
            episodes = recordings.evaluation(began)
            if _is_line_of(lines, episodes):
                return episodes
    except StoreError as error:
        raise ConfigurationError(f"store: {error}") from error
    return []


def _recordings(settings: JobSettings, folder: RunFolder) -> Recordings:
    try:
        return Recordings(open_storage(settings.store or str(folder.store)))
    except StoreError as error:
        raise ConfigurationError(f"store: {error}") from error


def _folder_of(folder: RunFolder, episodes: list[RecordedEpisode]) -> Path | None:
    """The folder of the evaluation in which these trials were driven."""
    for results in sorted(folder.evaluations.glob("*/results.json"), reverse=True):
        if _is_line_of(read_lines(results), episodes):
            return results.parent
    return None


def _is_line_of(lines: list[DrivenLine], episodes: list[RecordedEpisode]) -> bool:
    """Whether the first of the lines is that of the first episode, to a tenth of a millimetre."""
    return (
        bool(lines and episodes)
        and len(lines[0].x) == len(episodes[0].x)
        and np.allclose(lines[0].x, episodes[0].x, rtol=0.0, atol=2e-4)
        and np.allclose(lines[0].y, episodes[0].y, rtol=0.0, atol=2e-4)
    )


def _track(name: str, episode: RecordedEpisode) -> Track:
    track = load_track(name)
    if abs(track.length - episode.track_length) <= _LENGTHS_DIFFER:
        return track
    fitting = [
        other
        for other in track_names()
        if abs(load_track(other).length - episode.track_length) <= _LENGTHS_DIFFER
    ]
    raise ConfigurationError(
        f"track {name!r} is {track.length:.2f} m long, and the trace is of one of"
        f" {episode.track_length:.2f} m: name that one with --track"
        + (f" (as long: {', '.join(fitting)})" if fitting else "")
    )
