"""`deepracer evaluate`: a chosen model drives a number of laps; a table says how they went."""

import dataclasses
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.errors import ConfigurationError
from deepracer_core.evaluation_results import read_lines, read_results
from deepracer_core.model_store import ModelStore, StoreError, open_model_store
from deepracer_core.model_watcher import choose_version
from deepracer_core.track_library import load_track
from rich.console import Console
from rich.table import Table

from deepracer import exit_codes
from deepracer.dashboard import lap_text
from deepracer.display import doing
from deepracer.driven_lines import PlottedLine, draw_lines, write_picture
from deepracer.failure import launch_failure
from deepracer.interruption import Interruption
from deepracer.launch_arguments import (
    evaluation_arguments,
    simulation_launch,
    telemetry_settings,
)
from deepracer.launched import LaunchedProcess, ros2_launch
from deepracer.live_video.target import addresses
from deepracer.log import log_to_file
from deepracer.model_source import copy_model, is_path
from deepracer.preflight import evaluation_findings, refuse_faults
from deepracer.run_folder import RunFolder, run_folder
from deepracer.settings import JobSettings
from deepracer.settings_sources import ResolvedSettings, write_settings
from deepracer.workplace import claim_workplace

_LOOK_S = 0.1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        version: the model that drove.
        trials: its laps; fewer than asked for when it was interrupted.
        folder: where the results and the log are.
    """

    version: int
    trials: Sequence[EpisodeRecord]
    folder: Path

    @property
    def results(self) -> Path:
        """Its trials and lines, JSON."""
        return self.folder / "results.json"

    @property
    def video(self) -> Path:
        """What it looked like, MP4, if it was wanted."""
        return self.folder / "video.mp4"

    @property
    def picture(self) -> Path:
        """The driven lines over the track, PNG."""
        return self.folder / "lines.png"


def evaluate(
    resolved: ResolvedSettings, model: str, console: Console, *, video: bool = False
) -> int:
    """Evaluate a model of a run that exists.

    Args:
        resolved: settings; `run` is given.
        model: best, latest, the number of a version, or where somebody's model is.
        console: where the table goes.
        video: make a video of it, too.

    Returns:
        The exit code.

    Raises:
        ConfigurationError: the run or the model does not exist, or something given cannot be used;
            nothing was started.
        JobFailed: a process of the simulation died.
    """
    settings = resolved.settings
    if settings.evaluation_trials < 1:
        raise ConfigurationError(
            f"{resolved.sources['evaluation_trials']}: setting 'evaluation_trials': expected at"
            " least 1 lap to drive, got 0: give --evaluation-trials N"
        )
    if settings.run is None:
        # Somebody's model, that no run here has to do with.
        folder = RunFolder(settings.runs_folder.absolute())
    else:
        folder = run_folder(settings.runs_folder, settings.run)
        if not folder.exists:
            raise ConfigurationError(
                f"there is no run {folder.name!r} in {folder.path.parent}: train one first, or name"
                " another with --run"
            )
    results = folder.new_evaluation()
    try:
        if is_path(model):
            own_store = results / "store"
            version = copy_model(model, own_store)
            settings = dataclasses.replace(settings, store=str(own_store))
        else:
            version = chosen_version(open_store(settings, folder), model)
        with doing(console, "looking at the inputs"):
            refuse_faults(evaluation_findings(resolved, open_store(settings, folder), version))
    except ConfigurationError:
        folder.drop_evaluation(results)
        raise
    with Interruption() as interruption:
        place = results if settings.run is None else folder.logs
        log_to_file(place / "deepracer.log", settings.run, settings.log_format)
        if settings.live_video is not None:
            where = addresses(settings.live_video, workers=1)
            console.print(f"Live video: {where}", highlight=False, soft_wrap=True)
        with doing(console, f"model v{version} drives {settings.evaluation_trials} laps"):
            found = run_evaluation(settings, folder, version, interruption, results)
        if found is None:
            return interruption.exit_code
    print_evaluation(found, settings.track, console)
    console.print(f"The driven lines: {found.picture}", highlight=False, soft_wrap=True)
    if video:
        with Interruption() as interruption:
            film_evaluation(settings, folder, found, interruption, console)
            if interruption.came:
                return interruption.exit_code
    console.print(f"Everything of it is in {found.folder}", highlight=False, soft_wrap=True)
    return exit_codes.DONE


def open_store(settings: JobSettings, folder: RunFolder) -> ModelStore:
    """The model store of a run.

    Raises:
        ConfigurationError: its address cannot be used, or it cannot be reached.
    """
    try:
        return open_model_store(settings.store or str(folder.store))
    except StoreError as error:
        raise ConfigurationError(f"store: {error}") from error


def chosen_version(store: ModelStore, model: str) -> int:
    """The version that `best`, `latest` or a number means.

    Raises:
        ConfigurationError: there is none, or the store cannot be read.
    """
    try:
        return choose_version(store, model)
    except StoreError as error:
        raise ConfigurationError(f"store: {error}") from error


def best_version(settings: JobSettings, folder: RunFolder) -> int | None:
    """The best model of a run, the newest when none was judged yet, None when there is none.

    Raises:
        ConfigurationError: the store cannot be read.
    """
    store = open_store(settings, folder)
    try:
        return store.best() or store.latest()
    except StoreError as error:
        raise ConfigurationError(f"store: {error}") from error


def run_evaluation(
    settings: JobSettings,
    folder: RunFolder,
    version: int,
    interruption: Interruption,
    place_of_results: Path | None = None,
) -> Evaluation | None:
    """Let one model version drive its trials.

    Args:
        settings: track, trials, seed, and so on.
        folder: of the run, which the results go to.
        version: of the model.
        interruption: ends it early.
        place_of_results: folder that the results go to; a new one without.

    Returns:
        What it found, or None when it was interrupted.

    Raises:
        ConfigurationError: the model cannot be loaded.
        JobFailed: a process of the simulation died.
    """
    # The model's own file: the user's may have changed since it was trained.
    try:
        stored = open_store(settings, folder).load(version, names=["model_metadata.json"])
    except StoreError as error:
        raise ConfigurationError(f"store: {error}") from error
    place_of_results = place_of_results or folder.new_evaluation()
    results = place_of_results / "results.json"
    metadata = place_of_results / "model_metadata.json"
    metadata.write_bytes(stored.files[metadata.name])
    # A training may go on meanwhile, whose workers have the ports.
    telemetry = dataclasses.replace(telemetry_settings(settings), metrics_port=0)
    with claim_workplace() as workplace:
        arguments = evaluation_arguments(settings, folder, workplace, version, metadata, results)
        launched = LaunchedProcess(
            ros2_launch(*simulation_launch(settings.simulator, arguments, workplace)),
            {**os.environ, **workplace.environment(), **telemetry.environment()},
            place_of_results / "launch.log",
            keep_open=(workplace.lock,),
        )
        try:
            while launched.exit_code is None and not interruption.wait(_LOOK_S):
                pass
        finally:
            launched.stop()
    if not results.exists():
        if interruption.came:
            return None
        raise launch_failure("the evaluation ended", launched)
    # A video of it can be made later on.
    write_settings(place_of_results / "job.yaml", settings)
    trials = read_results(results)
    for trial in trials:
        log.info("evaluation version=%d trial=%s", version, trial.to_json())
    found = Evaluation(version, trials, place_of_results)
    track = load_track(settings.track)
    if trials and trials[0].reversed:
        track = track.reversed()
    title = f"Model v{version} on {track.name}"
    lines = [
        PlottedLine(line, _in_words(trial), _is_lap(trial))
        for line, trial in zip(read_lines(results), trials, strict=False)
    ]
    write_picture(found.picture, draw_lines(track, lines, title))
    return found


def film_evaluation(
    settings: JobSettings,
    folder: RunFolder,
    evaluation: Evaluation,
    interruption: Interruption,
    console: Console,
) -> None:
    """Make a video of an evaluation, beside its other results.

    Args:
        settings: that it was driven with.
        folder: of the run.
        evaluation: what it found.
        interruption: ends the work early.
        console: where it is shown how it gets on.

    Raises:
        ConfigurationError: the store cannot be read.
        JobFailed: Gazebo died.
    """
    # Only those who want a video wait for what makes it.
    from deepracer.video.film import make_film
    from deepracer.video.footage import trace_of_evaluation, trials_footage
    from deepracer.video.selection import Selection

    episodes = trace_of_evaluation(settings, folder, evaluation.results)
    if not episodes:
        console.print("There is no video: the store has no trace of it.", style="yellow")
        return
    footage = trials_footage(settings, episodes, evaluation.version, Selection(), "evaluation")
    if make_film(footage, evaluation.video, interruption, console):
        console.print(f"The video: {evaluation.video}", highlight=False, soft_wrap=True)


def print_evaluation(evaluation: Evaluation, track: str, console: Console) -> None:
    """Print the laps as a table and, below it, what they come to."""
    laps = [trial.duration_s for trial in evaluation.trials if _is_lap(trial)]
    fastest = min(filter(_is_lap, evaluation.trials), key=lambda lap: lap.duration_s, default=None)
    table = Table(
        title=f"Model v{evaluation.version} on {track}",
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=None,
        pad_edge=False,
    )
    has_resets = any(trial.reset_count for trial in evaluation.trials)
    for name in ("trial", "time", "progress", "steps", "reward"):
        table.add_column(name, justify="right")
    if has_resets:
        table.add_column("resets", justify="right")
        table.add_column("penalty", justify="right")
    table.add_column("ended with")
    for number, trial in enumerate(evaluation.trials, start=1):
        table.add_row(
            str(number),
            lap_text(trial.duration_s),
            f"{trial.progress:.1f} %",
            str(trial.steps),
            f"{trial.reward:.1f}",
            *([str(trial.reset_count), f"{trial.penalty_s:g} s"] if has_resets else []),
            trial.status.value.replace("_", " ") + (" (fastest)" if trial is fastest else ""),
            style="green" if _is_lap(trial) else "yellow",
        )
    console.print(table)
    off_tracks = sum(trial.off_track_count for trial in evaluation.trials)
    crashes = sum(trial.crash_count for trial in evaluation.trials)
    words = [f"{len(laps)} of {len(evaluation.trials)} laps complete", f"{off_tracks} off track"]
    if crashes:
        words.append(f"{crashes} crashed")
    if laps:
        words += [f"best {lap_text(min(laps))}", f"mean {lap_text(fmean(laps))}"]
    console.print(", ".join(words), style="bold", highlight=False)


def _in_words(trial: EpisodeRecord) -> str:
    """`15.47 s, lap complete`, as the picture's legend has it."""
    ended = trial.status.value.replace("_", " ")
    where = "" if _is_lap(trial) else f" at {trial.progress:.1f} %"
    return f"{lap_text(trial.duration_s)}, {ended}{where}"


def _is_lap(trial: EpisodeRecord) -> bool:
    return trial.status is EpisodeStatus.LAP_COMPLETE
