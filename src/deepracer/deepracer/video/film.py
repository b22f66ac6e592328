"""Makes a film of recorded episodes: drives them once more, composes the pictures, encodes them."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from deepracer_core.race_objects import RaceType
from deepracer_core.recorded_trace import RecordedEpisode
from deepracer_core.simulation import CONTROL_RATE
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from deepracer.dashboard import lap_text
from deepracer.display import doing
from deepracer.interruption import Interruption
from deepracer.track_drawing import speed_scale
from deepracer.video.film_file import FilmFile
from deepracer.video.footage import Footage
from deepracer.video.picture import HEIGHT, WIDTH, Caption, EpisodePictures, Moment, Result
from deepracer.video.scenes import race_of
from deepracer.video.studio import Stopped, Studio, open_studio

RESULT_PICTURES = CONTROL_RATE
"""How long an episode's result stands at its end: a second."""


def make_film(footage: Footage, path: Path, interruption: Interruption, console: Console) -> bool:
    """Make a film.

    Args:
        footage: what it shows.
        path: its file, which is there when all of it is.
        interruption: ends the work early.
        console: where it is shown how it gets on.

    Returns:
        False when it was ended early.

    Raises:
        ConfigurationError: the file cannot be written, or episodes are of several races.
        JobFailed: Gazebo died.
    """
    race, objects = race_of(footage.episodes)
    raced = footage.settings.race_type != RaceType.TIME_TRIAL.value
    if raced and not all(each.objects for each in footage.episodes):
        console.print(
            "What else was on the road is not in the whole video: the trace has no record of it.",
            style="yellow",
        )
    pictures = sum(len(each.times) + RESULT_PICTURES for each in footage.episodes)
    try:
        with contextlib.ExitStack() as stack:
            size = {"width": WIDTH, "height": HEIGHT, "rate": CONTROL_RATE}
            film = stack.enter_context(FilmFile(path, **size, title=_title(footage)))
            with doing(console, "video: starting a Gazebo of its own"):
                studio = stack.enter_context(
                    open_studio(footage.track.name, race, objects, interruption)
                )
            advance = stack.enter_context(_progress(console, pictures))
            for index in range(len(footage.episodes)):
                _shoot(footage, index, studio, film, advance)
    except Stopped:
        return False
    return True


def _shoot(
    footage: Footage, index: int, studio: Studio, film: FilmFile, advance: Callable[[int], None]
) -> None:
    episode = footage.episodes[index]
    track = footage.direction(episode)
    speeds = np.concatenate([each.speeds for each in footage.episodes])
    drove = "" if footage.version is None else f" · model v{footage.version}"
    composed = EpisodePictures(
        Caption(track, track.name, footage.captions[index] + drove, speed_scale(speeds))
    )
    moments = _moments(episode)
    for images, moment in zip(studio.photographs(episode), moments, strict=True):
        film.add(composed.compose(images, moment))
        advance(1)
    # `images` and `moment` are those of the end now.
    with_result = composed.compose(images, moment, _result(episode))
    for _ in range(RESULT_PICTURES):
        film.add(with_result)
    advance(RESULT_PICTURES)


def _moments(episode: RecordedEpisode) -> list[Moment]:
    columns = (
        episode.x,
        episode.y,
        episode.yaw,
        episode.speeds,
        episode.steering,
        episode.progress,
        np.cumsum(episode.rewards),
        episode.clock,
    )
    numbers = np.column_stack(columns).tolist()
    return [
        Moment(*row, status=status) for row, status in zip(numbers, episode.statuses, strict=True)
    ]


def _result(episode: RecordedEpisode) -> Result:
    title = episode.status.value.replace("_", " ").capitalize()
    if episode.is_lap:
        penalty_s = float(episode.penalties[-1])
        of_it = f", {penalty_s:g} s of them penalties" if penalty_s else ""
        return Result(title, lap_text(episode.duration_s) + of_it, is_lap=True)
    progress, duration = episode.progress[-1], lap_text(episode.duration_s)
    return Result(title, f"at {progress:.1f} % after {duration}", is_lap=False)


def _title(footage: Footage) -> str:
    return f"DeepRacer: {footage.track.name}, {footage.captions[0]}"


@contextlib.contextmanager
def _progress(console: Console, pictures: int) -> Iterator[Callable[[int], None]]:
    """Show how many of the pictures are there: a bar on a terminal, a line elsewhere."""
    if not console.is_terminal:
        seconds = pictures / CONTROL_RATE
        console.print(f"video: {pictures} pictures, {seconds:.0f} s ...", highlight=False)
        yield lambda count: None
        return
    columns = (
        TextColumn("video"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} pictures"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("video", total=pictures)
        yield lambda count: progress.advance(task, count)
