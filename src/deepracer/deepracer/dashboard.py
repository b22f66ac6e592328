"""The live display of a training job: what it looks like, as a picture of one moment."""

from dataclasses import dataclass

from deepracer_core.episode import EpisodeStatus
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deepracer.chart import braille_chart
from deepracer.job_progress import JobProgress

_AXIS_WIDTH = 7
_WIDE = 70
_EDGES = 6  # the panel's border and padding, left and right
_LAP_MARK = ("●", "green")
_OFF_MARK = ("\N{MULTIPLICATION SIGN}", "red")
_OTHER_MARK = ("·", "yellow")
_MARKS = {
    EpisodeStatus.LAP_COMPLETE: _LAP_MARK,
    EpisodeStatus.OFF_TRACK: _OFF_MARK,
    EpisodeStatus.CRASHED: _OFF_MARK,
}


@dataclass(frozen=True, slots=True)
class JobView:
    """One moment of a job.

    Attributes:
        run: name of the run.
        track: name of the track.
        phase: what is being done, in a few words.
        elapsed_s: seconds since the job's time began to count.
        duration_s: seconds that the job is to last.
        now: seconds of the Unix clock.
        progress: sums over the episodes so far.
        waiting: what is waited for, or None once episodes flow.
        problem: what is wrong at the moment, or None.
        live_video: where it can be watched, or None.
    """

    run: str
    track: str
    phase: str
    elapsed_s: float
    duration_s: float
    now: float
    progress: JobProgress
    waiting: str | None = None
    problem: str | None = None
    live_video: str | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A view as something that Rich can print, at any width from 60 columns."""

    view: JobView

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw into the width and, on a low terminal, the height that there is."""
        view = self.view
        inner = options.max_width - _EDGES
        chart_rows = min(max(console.size.height - 19, 2), 6)
        parts: list[RenderableType] = [_clock(view), Text()]
        if view.waiting is not None:
            parts += [Text(view.waiting, style="cyan", no_wrap=True, overflow="ellipsis")]
        elif view.progress.episodes:
            parts += [
                _numbers(view, inner),
                Text(),
                *_curve(view.progress, inner, chart_rows),
                Text(),
            ]
            parts += [_last_episodes(view.progress, inner)]
        if view.live_video is not None:
            # Whole, also where it is too long: it is there to be copied.
            address = Text.assemble(("live video  ", "dim"), view.live_video, overflow="fold")
            parts += [Text(), address]
        if view.problem is not None:
            parts += [Text(), Text(view.problem, style="bold yellow")]
        yield Panel(
            Padding(Group(*parts), (1, 1, 0 if view.waiting is None else 1, 1)),
            title=Text.assemble(("DeepRacer", "bold")),
            title_align="left",
            subtitle=Text.assemble(("run ", "dim"), view.run, (" · track ", "dim"), view.track),
            subtitle_align="right",
            border_style="cyan",
        )


def clock_text(seconds: float) -> str:
    """Minutes and seconds, `12:05`, with hours when there are any."""
    minutes, rest = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def lap_text(seconds: float | None) -> str:
    """A lap time, `11.43 s`, or a dash."""
    return "-" if seconds is None else f"{seconds:.2f} s"


def _clock(view: JobView) -> Table:
    left_s = max(view.duration_s - view.elapsed_s, 0.0)
    line = Table.grid(padding=(0, 2), expand=True)
    line.add_column(min_width=len("driving at random"))
    line.add_column(ratio=1)
    line.add_column(justify="right")
    line.add_row(
        Text(view.phase, style="bold"),
        Padding(
            ProgressBar(
                total=view.duration_s,
                completed=min(view.elapsed_s, view.duration_s),
                complete_style="cyan",
                finished_style="green",
            ),
            (0, 0),
        ),
        Text.assemble(clock_text(left_s), (f" left of {clock_text(view.duration_s)}", "dim")),
    )
    return line


def _numbers(view: JobView, width: int) -> Table:
    progress = view.progress
    cells = (
        ("iteration", _whole(progress.iteration)),
        ("episodes", _whole(progress.episodes)),
        ("progress", _number(progress.mean_progress, "{:.1f} %")),
        ("model", f"v{progress.policy_version}" if progress.policy_version else "random"),
        ("steps/s", _number(progress.steps_per_second(view.now), "{:.0f}")),
        ("reward", _number(progress.mean_reward, "{:.1f}")),
        ("laps", _whole(progress.laps)),
        ("steps", _whole(progress.steps)),
        ("best lap", lap_text(progress.best_lap_s)),
        ("best model", "-" if progress.best_version is None else f"v{progress.best_version}"),
        ("evaluated", _number(progress.best_completion, "{:.1f} %")),
        ("dropped", _whole(progress.dropped_segments)),
    )
    groups = 3 if width >= _WIDE else 2
    table = Table.grid(padding=(0, 1), expand=True)
    for group in range(groups):
        table.add_column(style="dim", no_wrap=True)
        table.add_column(justify="right", no_wrap=True, ratio=1)
        if group < groups - 1:
            table.add_column(width=2)
    for first in range(0, len(cells), groups):
        texts: list[str] = []
        for name, value in cells[first : first + groups]:
            texts += [name, value, ""]
        table.add_row(*texts[:-1])
    return table


def _curve(progress: JobProgress, width: int, rows: int) -> list[Text]:
    values = progress.progress_by_version()
    columns = width - _AXIS_WIDTH
    lines = [Text("mean progress of a lap, by model version", style="dim")]
    drawn = braille_chart(values, columns, rows, 0.0, 100.0)
    for row, dots in enumerate(drawn):
        label = "100 %" if row == 0 else "0 %" if row == rows - 1 else ""
        lines.append(Text.assemble((f"{label:>5} ", "dim"), ("│", "dim"), (dots, "green")))
    newest = f"v{progress.policy_version}"
    axis = "random" + newest.rjust(columns - len("random")) if len(values) > 1 else "random"
    lines.append(Text(" " * _AXIS_WIDTH + axis, style="dim"))
    return lines


def _last_episodes(progress: JobProgress, width: int) -> Text:
    line = Text.assemble(("last episodes  ", "dim"))
    for status in progress.last_statuses:
        line.append(*_MARKS.get(status, _OTHER_MARK))
    if width < _WIDE:
        return line
    legend = (_LAP_MARK, (" lap  ", "dim"), _OFF_MARK, (" off track  ", "dim"))
    return line.append("   ").append_text(Text.assemble(*legend, _OTHER_MARK, (" other", "dim")))


def _whole(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
