"""Showing a job's views: redrawn in place on a terminal, as plain lines elsewhere."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from rich.console import Console
from rich.live import Live

from deepracer.dashboard import Dashboard, JobView, clock_text, lap_text

PLAIN_PERIOD_S = 10.0
"""Seconds between two plain lines when no iteration ends."""


class Display(Protocol):
    """Something that a job's views are shown on."""

    def show(self, view: JobView) -> None:
        """Show the newest view."""

    def close(self) -> None:
        """Leave the last view standing. Closing twice is allowed."""


@contextlib.contextmanager
def doing(console: Console, what: str) -> Iterator[None]:
    """Say what is being done: a spinner on a terminal, a line elsewhere."""
    if console.is_terminal:
        with console.status(f"{what} ..."):
            yield
    else:
        console.print(f"{what} ...", highlight=False, soft_wrap=True)
        yield


def open_display(console: Console) -> Display:
    """A live display on a terminal that can draw it, plain lines otherwise."""
    utf8 = console.encoding.lower().replace("-", "") == "utf8"
    if console.is_terminal and not console.is_dumb_terminal and utf8:
        return LiveDisplay(console)
    return PlainDisplay(console)


class LiveDisplay:
    """Redraws the dashboard where it stands."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, redirect_stderr=False)
        self._live.start()

    def show(self, view: JobView) -> None:
        """Redraw."""
        self._live.update(Dashboard(view), refresh=True)

    def close(self) -> None:
        """Leave the last picture on the terminal and give the cursor back."""
        self._live.stop()


class PlainDisplay:
    """A line for each iteration, each ten seconds, and whenever something is wrong."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: tuple[object, ...] = ()
        self._told_at = float("-inf")

    def show(self, view: JobView) -> None:
        """Print a line if there is news."""
        news = (view.progress.iteration, view.problem, view.waiting is None, view.phase == "done")
        if news == self._told and view.now - self._told_at < PLAIN_PERIOD_S:
            return
        self._told, self._told_at = news, view.now
        self._console.print(
            plain_line(view), highlight=False, markup=False, soft_wrap=True, emoji=False
        )

    def close(self) -> None:
        """Nothing is left open."""


def plain_line(view: JobView) -> str:
    """A view as one line: the local time, the phase, then `name=value` pairs."""
    clock = datetime.fromtimestamp(view.now).astimezone().strftime("%H:%M:%S")
    words = [clock, view.phase, f"left={clock_text(view.duration_s - view.elapsed_s)}"]
    progress = view.progress
    if progress.episodes:
        speed = progress.steps_per_second(view.now)
        words += [
            f"iteration={progress.iteration}",
            f"model=v{progress.policy_version}",
            f"episodes={progress.episodes}",
            f"steps={progress.steps}",
            f"steps/s={'-' if speed is None else format(speed, '.0f')}",
            f"reward={progress.mean_reward:.1f}",
            f"progress={progress.mean_progress:.1f}%",
            f"laps={progress.laps}",
            f"best_lap={'-' if progress.best_lap_s is None else lap_text(progress.best_lap_s)}",
        ]
        if progress.best_version is not None:
            words += [f"best=v{progress.best_version} evaluated={progress.best_completion:.1f}%"]
    if view.waiting is not None:
        words.append(view.waiting)
        if view.live_video is not None:
            words.append(f"live video: {view.live_video}")
    if view.problem is not None:
        words.append(f"! {view.problem}")
    return "  ".join(words)
