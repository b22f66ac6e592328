"""The display says what the episodes' records say, on a terminal and without one."""

import io

import pytest
from deepracer.chart import braille_chart
from deepracer.dashboard import Dashboard, JobView, clock_text
from deepracer.display import LiveDisplay, PlainDisplay, open_display
from deepracer.job_progress import JobProgress
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from rich.console import Console


def record(number: int, progress: float, **values) -> EpisodeRecord:
    complete = progress >= 100.0
    return EpisodeRecord(
        **{
            "worker": 0,
            "number": number,
            "mode": "training",
            "policy_version": number // 5,
            "status": EpisodeStatus.LAP_COMPLETE if complete else EpisodeStatus.OFF_TRACK,
            "steps": 100,
            "progress": progress,
            "reward": progress / 2,
            "duration_s": 100 / 15,
            "start_distance": 0.0,
            "wall_clock": 1000.0 + number,
            **values,
        }
    )


def progress_of(*records: EpisodeRecord) -> JobProgress:
    progress = JobProgress()
    for each in records:
        progress.add(each)
    return progress


def view(progress: JobProgress, **values) -> JobView:
    return JobView(
        **{
            "run": "test-run",
            "track": "meadow_loop",
            "phase": "learning",
            "elapsed_s": 120.0,
            "duration_s": 600.0,
            "now": 1020.0,
            "progress": progress,
            **values,
        }
    )


def terminal(width: int, height: int = 24) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=width, height=height, color_system=None
    )


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_sums_over_episodes():
    progress = progress_of(
        record(0, 10.0),
        record(5, 100.0, duration_s=14.0),
        record(6, 100.0, duration_s=12.5),
        record(7, 50.0),
        record(8, 100.0, duration_s=9.0, mode="evaluation"),
    )
    assert progress.episodes == 4
    assert progress.steps == 400
    assert progress.laps == 3
    assert progress.best_lap_s == 9.0
    assert progress.policy_version == 1
    assert progress.mean_progress == pytest.approx(65.0)
    assert progress.mean_reward == pytest.approx(32.5)
    assert progress.progress_by_version() == [10.0, pytest.approx(250 / 3)]


def test_a_worker_that_was_never_told_of_a_model_counts_as_the_random_one():
    assert progress_of(record(0, 20.0, policy_version=None)).progress_by_version() == [20.0]


def test_speed_is_that_of_the_last_half_minute():
    progress = progress_of(*(record(number, 10.0) for number in range(100)))
    assert progress.steps_per_second(1099.0) == pytest.approx(100.0)
    assert progress.steps_per_second(1200.0) is None
    assert progress_of(record(0, 10.0)).steps_per_second(1000.0) is None


def test_the_iteration_is_the_trainers():
    progress = progress_of(record(10, 10.0))
    assert progress.iteration == 2
    progress.trainer = {"iteration": 7}
    assert progress.iteration == 7


@pytest.mark.parametrize("count", [1, 2, 40, 1000])
def test_a_chart_rises_with_its_values_and_fills_its_width(count):
    rows = braille_chart([100.0 * i / count for i in range(count)], 20, 4, 0.0, 100.0)
    assert [len(row) for row in rows] == [20] * 4
    filled = [sum(cell != "\u2800" for cell in column) for column in zip(*rows, strict=True)]
    assert filled == sorted(filled)
    assert filled[0] >= 1


def test_a_chart_clips_to_its_range():
    assert braille_chart([1e9], 3, 1, 0.0, 100.0) == ["\u28ff" * 3]


def test_clock_text():
    assert clock_text(725.4) == "12:05"
    assert clock_text(3725) == "1:02:05"
    assert clock_text(-3) == "0:00"


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_dashboard_fits_and_shows_everything(width):
    progress = progress_of(
        *(record(number, 5.0 * number) for number in range(20)),
        record(20, 100.0, duration_s=12.34),
    )
    console = terminal(width)
    console.print(Dashboard(view(progress, problem="Redis at redis://x does not answer")))
    text = printed(console)
    assert max(map(len, text.splitlines())) <= width
    for word in ("8:00", "10:00", "12.34 s", "v4", "21", "learning", "test-run", "meadow_loop"):
        assert word in text, word
    assert "Redis at redis://x does not answer" in text


def test_the_dashboard_fits_a_low_terminal():
    progress = progress_of(*(record(number, 5.0) for number in range(20)))
    console = terminal(80, 18)
    console.print(Dashboard(view(progress)))
    assert len(printed(console).splitlines()) <= 18


def test_before_there_is_data_it_says_what_it_waits_for():
    console = terminal(80)
    console.print(Dashboard(view(JobProgress(), waiting="starting Gazebo", phase="starting")))
    assert "starting Gazebo" in printed(console)
    assert "mean progress" not in printed(console)


def test_plain_lines_come_with_each_iteration_and_every_ten_seconds():
    console = Console(file=io.StringIO(), width=40)
    display = PlainDisplay(console)
    progress = progress_of(*(record(number, 50.0) for number in range(5)))
    display.show(view(progress, now=1020.0))
    display.show(view(progress, now=1021.0))
    display.show(view(progress, now=1031.0))
    progress.add(record(5, 100.0))
    display.show(view(progress, now=1032.0))
    display.show(view(progress, now=1033.0, problem="Redis is away"))
    display.close()
    lines = printed(console).splitlines()
    assert len(lines) == 4
    assert "iteration=0  model=v0  episodes=5  steps=500" in lines[0]
    assert "iteration=1" in lines[2]
    assert "best_lap=6.67 s" in lines[2]
    assert lines[3].endswith("! Redis is away")


def test_the_display_follows_the_output():
    assert isinstance(open_display(Console(file=io.StringIO())), PlainDisplay)
    console = Console(file=io.TextIOWrapper(io.BytesIO(), "utf-8"), force_terminal=True)
    display = open_display(console)
    assert isinstance(display, LiveDisplay)
    display.show(view(JobProgress()))
    display.close()
    display.close()
    ascii_only = Console(file=io.TextIOWrapper(io.BytesIO(), "ascii"), force_terminal=True)
    assert isinstance(open_display(ascii_only), PlainDisplay)
