"""`deepracer video` as a person calls it, with a real Gazebo."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from deepracer.run_folder import RunFolder
from deepracer.settings import JobSettings
from deepracer.settings_sources import write_settings
from deepracer.video.priority import Pace
from deepracer_core.model_store import open_storage
from deepracer_core.object_places import GivenPlace, Spread
from deepracer_core.obstacles import Obstacles
from deepracer_core.recordings import Recordings
from deepracer_gazebo.object_models import _CARDBOARD
from driven import drive_traces, training, write_down

COMMAND = [sys.executable, "-c", "from deepracer.command_line import main; main()", "video"]
LOWEST = """
import os
from deepracer.video.priority import again_in_own_session, yield_to_all_others
code = again_in_own_session()
if code is not None:
    raise SystemExit(code)
yield_to_all_others()
group = open("/proc/self/autogroup").read() if os.path.exists("/proc/self/autogroup") else ""
print(os.nice(0), os.sched_getscheduler(0) == os.SCHED_IDLE, *group.split())
raise SystemExit(7)
"""


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    def start(*arguments: object, command: list[str] = COMMAND) -> subprocess.Popen[str]:
        kept = {key: os.environ[key] for key in os.environ if key not in ("DEEPRACER_TRACKS",)}
        return subprocess.Popen(
            [*command, *map(str, arguments)],
            env={**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "COLUMNS": "200"},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def own_run(recorded: RunFolder, tmp_path: Path) -> RunFolder:
    return RunFolder(shutil.copytree(recorded.path, tmp_path / "runs" / "mine"))


def test_a_recorded_episode_becomes_a_film(start, own_run, track):
    storage = open_storage(str(own_run.store))
    # A box in the lane ahead of the car; the settings of the run have become others since.
    box = Obstacles(Spread(1, given=(GivenPlace(1.0 / track.length, 1),)))
    for key in list(storage.keys("")):
        storage.delete(key)
    write_down(training(storage), drive_traces(track, 2, scenes=box))
    settings = JobSettings(
        track=track.name,
        runs_folder=own_run.path.parent,
        race_type="object_avoidance",
        number_of_obstacles=3,
    )
    write_settings(own_run.settings_file, settings)
    (episode, *_) = Recordings(storage).training()
    made = start("mine", "--episodes", episode.number)
    out, errors = made.communicate(timeout=300)
    assert made.returncode == 0, errors
    path = own_run.videos / f"episodes-{episode.number}.mp4"
    assert out.splitlines()[-1] == f"The video: {path}"
    assert [each.name for each in own_run.videos.iterdir()] == [path.name]
    with av.open(str(path)) as container:
        (stream,) = container.streams
        assert (stream.width, stream.height, stream.average_rate) == (1280, 720, 15)
        assert stream.frames == len(episode.times) + 15
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    first, last = pictures[0].astype(int), pictures[-1].astype(int)
    behind = first[380:560, 540:740]
    blue = (behind[..., 2] > behind[..., 0] + 60) & (behind[..., 2] > behind[..., 1] + 40)
    assert blue.sum() > 4000, "the chase camera sees the car"
    eye = first[455:685, 935:1245]
    assert eye.std(axis=(0, 1)).min() > 10, "the car's own camera sees the road"
    free = first[110:580, 30:900]
    brown = np.array(_CARDBOARD) / max(_CARDBOARD)
    shade = free / np.maximum(free.max(axis=-1, keepdims=True), 1)
    box = (np.abs(shade - brown).max(axis=-1) < 0.04) & (free.max(axis=-1) > 60)
    assert box.sum() > 300, "the box stands on the road"
    result = last[140:240, 300:600]
    red = (result[..., 0] > 180) & (result[..., 1] < 100)
    assert red.sum() > 200, "the result is told"


def test_ctrl_c_leaves_nothing(start, own_run):
    before = sorted(Path("/tmp").glob("deepracer-video-*"))
    made = start("mine", "--last", "6")
    assert made.stdout.readline() == "video: starting a Gazebo of its own ...\n"
    made.send_signal(signal.SIGINT)
    out, errors = made.communicate(timeout=120)
    assert made.returncode == 130, errors
    assert "Stopped by Ctrl-C; there is no video." in out
    assert not own_run.videos.exists()
    assert sorted(Path("/tmp").glob("deepracer-video-*")) == before


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["other"], "there is no run 'other' in {runs}; there are mine"),
        (["mine", "--episodes", "99"], "there is no episode 99; there are 0-5"),
        (["mine", "--evaluation", "1"], "--evaluation: expected one of this run, got '1'"),
        (["mine", "--best", "--last", "2"], "expected one of --episodes, --best and --last"),
        (["mine", "--output", "{runs}"], "is a folder: name a file with --output"),
    ],
)
def test_what_is_not_there_is_named(start, own_run, arguments, complaint):
    runs = own_run.path.parent
    made = start(*(word.format(runs=runs) for word in arguments))
    _, errors = made.communicate(timeout=120)
    assert made.returncode == 2
    assert complaint.format(runs=runs) in errors.replace("\n", "")


def test_the_work_yields_to_all_others(start):
    made = start(command=[sys.executable, "-c", LOWEST])
    out, errors = made.communicate(timeout=120)
    assert made.returncode == 7, errors
    nice, is_idle, *group = out.split()
    assert (nice, is_idle) == ("19", "True")
    grouped = Path("/proc/sys/kernel/sched_autogroup_enabled")
    if grouped.exists() and grouped.read_text().strip() == "1":
        assert group[-2:] == ["nice", "19"]


def test_the_work_rests_only_while_others_want_the_processor():
    now = waited = 0.0
    pace = Pace(waited_s=lambda: waited, clock=lambda: now)
    now += 0.1
    assert pace.rest_s() == 0.0
    pace.begin()
    now, waited = now + 0.1, waited + 0.02
    assert pace.rest_s() == pytest.approx(0.3)
    pace.begin()
    now += 0.1
    assert pace.rest_s() == 0.0
