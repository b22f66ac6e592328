"""What a job leaves behind, and how to go on: the last thing that a person sees of it."""

import os
import shlex
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deepracer.dashboard import lap_text
from deepracer.evaluate import Evaluation, print_evaluation
from deepracer.export import CarPackage
from deepracer.job_progress import JobProgress
from deepracer.run_folder import RunFolder
from deepracer.settings import JobSettings


def print_summary(
    settings: JobSettings,
    folder: RunFolder,
    progress: JobProgress,
    evaluation: Evaluation | None,
    package: CarPackage | None,
    console: Console,
) -> None:
    """Print what was done, how the evaluation went, where everything is, and what can be done next.

    Args:
        settings: the job's.
        folder: of the run.
        progress: sums over its episodes.
        evaluation: None when there was none.
        package: of the best model for the car; None when there is none.
        console: where it is printed.
    """
    console.print()
    console.print(_done(progress), highlight=False, soft_wrap=True)
    if evaluation is not None:
        console.print()
        print_evaluation(evaluation, settings.track, console)
    console.print()
    console.print(_places(settings, folder, evaluation, package))
    console.print()
    console.print(_next_steps(settings, folder, has_model=progress.policy_version > 0))


def _done(progress: JobProgress) -> Text:
    if not progress.episodes:
        return Text("Training: no episode was driven to its end", style="yellow")
    laps = f"{progress.laps} complete laps" if progress.laps != 1 else "1 complete lap"
    best = f", the best in {lap_text(progress.best_lap_s)}" if progress.laps else ""
    return Text.assemble(
        ("Training", "bold"),
        f": {progress.episodes} episodes, {progress.steps} steps, {laps}{best};"
        f" model v{progress.policy_version} drove last",
    )


def _places(
    settings: JobSettings,
    folder: RunFolder,
    evaluation: Evaluation | None,
    package: CarPackage | None,
) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Run", _short(folder.path))
    table.add_row("Models", settings.store or _short(folder.store))
    table.add_row("Logs", _short(folder.logs))
    if evaluation is not None:
        table.add_row("Evaluation", _short(evaluation.folder))
    if package is not None:
        table.add_row(f"v{package.version} for the car", _short(package.path))
    return table


def _next_steps(settings: JobSettings, folder: RunFolder, has_model: bool) -> Table:
    where = ""
    if settings.runs_folder.absolute() != Path("runs").absolute():
        where = f" --runs-folder {shlex.quote(_short(folder.path.parent))}"
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(style="dim")
    if "MAKELEVEL" in os.environ:
        table.add_row(". setup/environment.sh", "once in a shell; then")
    if has_model:
        table.add_row(f"deepracer evaluate --run {folder.name}{where}", "let its best model race")
    table.add_row(f"deepracer train --run {folder.name}{where}", "train on from its newest model")
    return table


def _short(path: Path) -> str:
    """A path as it is seen from the working folder, when it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
