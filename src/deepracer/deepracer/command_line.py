"""The command `deepracer`."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from deepracer_core.credentials import redact
from deepracer_core.errors import ConfigurationError
from deepracer_core.randomisation import RANDOMISED
from deepracer_core.telemetry.settings import read_settings
from deepracer_core.track_library import (
    imported_folder,
    load_track,
    shipped_names,
    track_names,
)
from deepracer_gazebo.track_import import describe, describe_width, import_track
from rich.console import Console
from rich.table import Table

from deepracer import exit_codes
from deepracer.evaluate import evaluate
from deepracer.export import PACKAGE_NAME, export
from deepracer.failure import JobFailed
from deepracer.log import start_log
from deepracer.model_source import is_path
from deepracer.preflight import job_findings
from deepracer.project_files import find_settings_file
from deepracer.run_folder import LATEST, RunFolder, run_folder
from deepracer.setting_options import takes_settings
from deepracer.settings import CAMERA_FIELDS, RACE_FIELDS
from deepracer.settings_sources import SETTING_NAMES, ResolvedSettings, resolve_settings
from deepracer.smoke import smoke
from deepracer.train import train
from deepracer.video.priority import again_in_own_session
from deepracer.video.selection import Selection

app = typer.Typer(
    help="Train a simulated AWS DeepRacer car to drive, and see how well it does.",
    epilog="`deepracer COMMAND --help` explains a command."
    " Exit codes: 0 done, 1 a process of the job failed, 2 something given cannot be used,"
    " 3 smoke found a part that does not work, 4 no model was learnt, 130 Ctrl-C, 143 SIGTERM.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: option names as long as these leave Typer's panels no room for the text.
    rich_markup_mode=None,
)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Settings file, YAML. A value there wins over the default, an environment variable"
        " (DEEPRACER_TRACK, ...) over the file, an option over all. [default: config/job.yaml]",
        show_default=False,
    ),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show the log, too: each setting and its source.")
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="RUN[:VERSION]",
        help="Start a new run from another run's model, with its optimiser and counters: best, last"
        " or the number of a version. [default: from nothing; of a run, its best]",
        show_default=False,
    ),
]
ModelOption = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        help="Which drives: best, latest, the number of a version; or somebody's: the folder or"
        " s3:// address of a store, a folder or archive of one version.",
    ),
]
VideoOption = Annotated[bool, typer.Option("--video", help="Make a video of the evaluation.")]


@app.command("train")
@takes_settings(*SETTING_NAMES)
def train_command(
    given: dict[str, Any],
    video: VideoOption = False,
    source: SourceOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Train a model for a while, then let the best one race.

    Starts Gazebo, the ROS nodes, Redis (unless one is configured) and the trainer, shows how they
    get on, and stops everything at the end of the job or on Ctrl-C. A run that exists is resumed.
    """
    start_log(verbose)
    raise typer.Exit(train(_resolve(given, config), Console(), source, video=video))


@app.command("evaluate", short_help="Let a trained model race, and draw its lines.")
@takes_settings(
    "run",
    "runs_folder",
    "track",
    "simulator",
    "evaluation_trials",
    "store",
    "seed",
    "max_steps",
    "headless",
    "live_video",
    *CAMERA_FIELDS,
    *RACE_FIELDS,
    *RANDOMISED,
    run="Name of the run. [default: the latest one]",
    track="Track to drive on. [default: the one that the run was trained on]",
    evaluation_trials="Laps to drive. [default: 3]",
)
def evaluate_command(
    given: dict[str, Any],
    model: ModelOption = "best",
    video: VideoOption = False,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Let a model race, the latest run's best one by default, and draw the lines that it drives.

    Settings that are not given are those that the run was trained with.
    """
    start_log(verbose)
    resolved = _resolve(given, config)
    if resolved.settings.run is None and not is_path(model):
        resolved = _resolve(given | {"run": LATEST}, config)
    raise typer.Exit(evaluate(resolved, model, Console(), video=video))


@app.command("video")
@takes_settings(
    "runs_folder",
    "store",
    "track",
    store="Where the run's traces are. [default: where the run kept them]",
    track="Track that was driven on. [default: the one that the run or the evaluation had]",
)
def video_command(
    given: dict[str, Any],
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="Name of the run.", show_default=True)
    ] = LATEST,
    episodes: Annotated[
        str | None,
        typer.Option(
            metavar="LIST", help="Episodes, or trials of the evaluation, such as 12,40-45."
        ),
    ] = None,
    best: Annotated[
        bool, typer.Option("--best", help="The fastest lap, or else what came furthest.")
    ] = False,
    last: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="So many, the newest ones.")
    ] = None,
    evaluation: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Take them from an evaluation: latest, or when it began, as its trace is called"
            " (20261121074643). [default: from the training]",
        ),
    ] = None,
    worker: Annotated[
        int, typer.Option(metavar="NUMBER", help="Which worker's training, of several.")
    ] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.mp4", help="Where the video goes. [default: videos/ of the run's folder]"
        ),
    ] = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Make a video of a run: what the car saw, the car from behind, a map and the numbers.

    What its trace recorded is driven once more in a Gazebo of its own, at the lowest priority, so
    that it can be made while the run trains. Without a choice of episodes it is the best one of the
    training, or all trials of the evaluation. Boxes or cars at random places are not shown: the
    trace does not have them.
    """
    code = again_in_own_session()
    if code is not None:
        raise typer.Exit(code)
    start_log(verbose)
    # Only those who want a video wait for what makes it.
    from deepracer.video.command import video

    selection = Selection(episodes, best, last)
    resolved = _resolve(given | {"run": run}, config)
    raise typer.Exit(
        video(
            resolved,
            selection,
            evaluation=evaluation,
            worker=worker,
            output=output,
            console=Console(),
        )
    )


@app.command("export")
@takes_settings("run", "runs_folder", "store", run="Name of the run. [default: the latest one]")
def export_command(
    given: dict[str, Any],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Somebody's model instead of the run's: the folder or s3:// address of a store, a"
            " folder or archive of one version.",
        ),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION",
            help="Which of them: best, last or the number of a version. [default: best]",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option(metavar="PATH", help="The package; one that is there is replaced.")
    ] = Path(PACKAGE_NAME),
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Make of a model the package that the physical car takes, and check it.

    It holds model_metadata.json and agent/model.pb, a frozen TensorFlow graph, whose outputs are
    compared with the trained model's on random inputs before it is there.
    """
    start_log(verbose)
    if model is not None and given["run"] is not None:
        raise ConfigurationError("--model and --run: expected one of them, got both; leave one out")
    resolved = _resolve(given, config)
    if resolved.settings.run is None and model is None:
        resolved = _resolve(given | {"run": LATEST}, config)
    raise typer.Exit(export(resolved, model, version, output, Console()))


@app.command("smoke", short_help="Try all parts together until a model drives.")
@takes_settings("runs_folder", "track", "redis", "store", "seed", "headless")
def smoke_command(
    given: dict[str, Any], config: ConfigOption = None, verbose: VerboseOption = False
) -> None:
    """Try the whole cycle on real parts for about two minutes and say how each part does."""
    start_log(verbose)
    raise typer.Exit(smoke(_resolve(given, config), Console()))


@app.command("robomaker", short_help="Run the simulation that RoboMaker's variables ask for.")
def robomaker_command() -> None:
    """Run one simulation as a RoboMaker simulation application, told by environment variables.

    docs/robomaker.md has their names. Waits for the trainer, drives until that or the evaluation
    has ended, and says on the log what every value is and where it came from.
    """
    start_log(verbose=True, log_format=read_settings(os.environ).log_format)
    # Only those who simulate so wait for what it takes.
    from deepracer.robomaker.command import robomaker

    raise typer.Exit(robomaker(os.environ))


@app.command("check", short_help="Look at a job's settings and files; start nothing.")
@takes_settings(*SETTING_NAMES)
def check_command(
    given: dict[str, Any],
    source: SourceOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Look at everything that a job would be given, and start nothing."""
    start_log(verbose)
    resolved = _resolve(given, config)
    good = True
    console = Console(soft_wrap=True, highlight=False)
    for finding in job_findings(resolved, _named_run(resolved), source):
        good = good and finding.good
        mark = "[green]ok [/]" if finding.good else "[bold red]bad[/]"
        console.print(f"{mark}  {finding.subject:<16}", end="")
        console.print(finding.detail, markup=False)
    table = Table("setting", "value", "from", box=None, header_style="dim")
    for name in SETTING_NAMES:
        table.add_row(name, resolved.describe(name), resolved.sources[name])
    console.print(table)
    raise typer.Exit(exit_codes.DONE if good else exit_codes.UNUSABLE)


@app.command("tracks", short_help="List the tracks.")
def tracks_command() -> None:
    """List the tracks, those that come with the project and the imported ones."""
    shipped = shipped_names()
    table = Table("track", "length", "width", "", box=None, header_style="dim")
    for name in track_names():
        track = load_track(name)
        origin = "" if name in shipped else "imported"
        table.add_row(name, f"{track.length:.1f} m", describe_width(track), origin)
    Console().print(table)


@app.command("import-track", short_help="Make a track of a public route file.")
def import_track_command(
    route: Annotated[Path, typer.Argument(metavar="ROUTE.npy", help="Public route file.")],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the track. [default: that of the file]"),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite an imported track of that name.")
    ] = False,
) -> None:
    """Turn a public DeepRacer route file into a track that can be driven.

    It is kept in the folder that DEEPRACER_TRACKS names, tracks/ in the working folder without.
    """
    track = import_track(route, name, replace=replace)
    console = Console(soft_wrap=True, highlight=False)
    console.print(describe(track), markup=False)
    console.print(f"It is in {imported_folder()}; deepracer train --track {track.name}")


def main() -> None:
    """Run the command line; the one place where a program of it ends."""
    try:
        app()
    except ConfigurationError as error:
        _complain(error)
        sys.exit(exit_codes.UNUSABLE)
    except JobFailed as error:
        _complain(error)
        sys.exit(exit_codes.FAILED)
    except KeyboardInterrupt:
        sys.exit(exit_codes.INTERRUPTED)


def _resolve(given: dict[str, Any], config: Path | None) -> ResolvedSettings:
    """The settings; those of a run that exists stand below the settings file."""
    file = find_settings_file(config)
    files = [] if file is None else [file]
    resolved = resolve_settings(given, os.environ, *files)
    folder = _named_run(resolved)
    if folder is not None and folder.exists:
        resolved = resolve_settings(given, os.environ, folder.settings_file, *files)
    return resolved


def _named_run(resolved: ResolvedSettings) -> RunFolder | None:
    settings = resolved.settings
    return run_folder(settings.runs_folder, settings.run) if settings.run else None


def _complain(error: Exception) -> None:
    text = redact(f"deepracer: {error}")
    Console(stderr=True, soft_wrap=True).print(text, markup=False, style="red")
