"""The command `deepracer video`."""

from pathlib import Path

from deepracer_core.errors import ConfigurationError
from rich.console import Console

from deepracer import exit_codes
from deepracer.interruption import Interruption
from deepracer.run_folder import run_folder, run_names
from deepracer.settings_sources import ResolvedSettings
from deepracer.video.film import make_film
from deepracer.video.footage import evaluation_footage, training_footage
from deepracer.video.priority import yield_to_all_others
from deepracer.video.selection import Selection


def video(
    resolved: ResolvedSettings,
    selection: Selection,
    *,
    evaluation: str | None,
    worker: int,
    output: Path | None,
    console: Console,
) -> int:
    """Make a video of a run.

    Args:
        resolved: settings; `run` is given.
        selection: which episodes.
        evaluation: which evaluation they are from; None: from the training.
        worker: which worker's of the training.
        output: the file; in the run's folder when None.
        console: where it is shown how it gets on.

    Returns:
        The exit code.

    Raises:
        ConfigurationError: the run, its trace or an episode does not exist.
        JobFailed: Gazebo died.
    """
    yield_to_all_others()
    settings = resolved.settings
    assert settings.run is not None
    folder = run_folder(settings.runs_folder, settings.run)
    if not folder.exists and resolved.sources["store"] == "default":
        names = ", ".join(run_names(folder.path.parent)) or "none"
        raise ConfigurationError(
            f"there is no run {folder.name!r} in {folder.path.parent}; there are {names}: name one"
            " of them, or where its traces are with --store"
        )
    if evaluation is not None:
        footage = evaluation_footage(resolved, folder, selection, evaluation)
    else:
        footage = training_footage(resolved, folder, selection, worker)
    path = (output or folder.videos / f"{footage.name}.mp4").absolute()
    with Interruption() as interruption:
        if not make_film(footage, path, interruption, console):
            console.print(f"Stopped by {interruption.name}; there is no video.", style="yellow")
            return interruption.exit_code
    console.print(f"The video: {path}", highlight=False, soft_wrap=True)
    return exit_codes.DONE
