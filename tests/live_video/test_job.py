"""A job passes live video on: to each worker its own, to the display the address."""

import io
import json
import re
from pathlib import Path

import pytest
from deepracer.dashboard import JobView
from deepracer.display import LiveDisplay, PlainDisplay
from deepracer.job_progress import JobProgress
from deepracer.launch_arguments import RedisPlace, simulation_launch, worker_arguments
from deepracer.launch_log import first_end
from deepracer.preflight import job_findings
from deepracer.run_folder import RunFolder
from deepracer.settings import JobSettings
from deepracer.settings_sources import resolve_settings
from deepracer.workplace import Workplace
from rich.console import Console

ADDRESS = "http://127.0.0.1:8080/"


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(domain_id=1, gazebo_port=11401, folder=tmp_path, lock=0)


def arguments(settings: JobSettings, workplace: Workplace, worker: int) -> dict[str, object]:
    redis = RedisPlace("redis://127.0.0.1:6379", None)
    folder = RunFolder(workplace.folder / "run")
    return worker_arguments(settings, folder, redis, workplace, worker)


def test_each_worker_is_told_its_own_place(workplace):
    shown = JobSettings(live_video="8080", workers=2)
    given = [arguments(shown, workplace, worker)["live_video"] for worker in range(2)]
    assert given == ["127.0.0.1:8080", "127.0.0.1:8081"]
    sent = JobSettings(live_video="kinesis:cars", workers=2)
    given = [arguments(sent, workplace, worker)["live_video"] for worker in range(2)]
    assert given == ["kinesis:cars", None]
    assert arguments(JobSettings(), workplace, 0)["live_video"] is None


def test_a_flat_worker_has_live_video_beside_it(workplace):
    shown = JobSettings(simulator="flat", live_video="8080", workers=3, track="pond_oval")
    file, told = simulation_launch("flat", arguments(shown, workplace, 1), workplace)
    assert file == "flat.launch.py"
    worker = json.loads(Path(told["parameters"]).read_text())
    video = json.loads(Path(told["live_video_parameters"]).read_text())
    assert video["frame_feed"] == worker["frame_feed"]
    assert Path(video["frame_feed"]).parent == workplace.folder
    assert (video["live_video"], video["track"]) == ("127.0.0.1:8081", "pond_oval")
    assert (video["worker"], video["workers"], video["mode"]) == (1, 3, "training")
    assert "live_video" not in worker
    _, told = simulation_launch("flat", arguments(JobSettings(), workplace, 0), workplace)
    assert set(told) == {"parameters"}
    assert "frame_feed" not in json.loads(Path(told["parameters"]).read_text())


def view(**values: object) -> JobView:
    given = {"elapsed_s": 1.0, "duration_s": 60.0, "now": 1000.0, "progress": JobProgress()}
    return JobView(run="r", track="t", phase="starting", **{**given, **values})


def test_the_display_has_the_address_whole():
    console = Console(file=io.StringIO(), force_terminal=True, width=40, height=40)
    display = LiveDisplay(console)
    display.show(view(live_video=ADDRESS))
    display.close()
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())
    assert f"live video  {ADDRESS}" in text


def test_plain_lines_have_it_until_the_first_episode():
    console = Console(file=io.StringIO(), width=400)
    PlainDisplay(console).show(view(live_video=ADDRESS, waiting="waiting for Redis"))
    assert f"waiting for Redis  live video: {ADDRESS}" in console.file.getvalue()


def test_check_says_where_it_goes(free_port, tmp_path):
    resolved = resolve_settings({"live_video": str(free_port)}, {})
    found = {each.subject: each for each in job_findings(resolved, None)}["live_video"]
    assert found.good
    assert found.detail == f"http://127.0.0.1:{free_port}/"


def test_its_end_is_not_what_a_worker_ended_of(tmp_path):
    log = tmp_path / "worker-0.log"
    died = "[ERROR] [{}]: process has died [pid 4, exit code {}, cmd 'x']."
    log.write_text(died.format("live_video-3", -9) + "\n" + died.format("agent-5", 1) + "\n")
    assert (first_end(log).name, first_end(log).exit_code) == ("agent", 1)
    log.write_text(died.format("flat_live_video-2", 2) + "\n")
    assert first_end(log) is None
