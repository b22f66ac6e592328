"""Progress and lap times against the plainest calculation: where the trace crosses the line.

Of the trace alone: its rows are joined by straight edges, and the line is the one across the road
that the car stood on at first. Nothing of the track's geometry is asked.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from math import cos, hypot, radians, sin
from pathlib import Path

import pytest
from deepracer_core.car_geometry import steering_angle
from deepracer_core.episode import CarState, EpisodeStatus
from deepracer_core.simulation import CONTROL_RATE
from deepracer_core.starts import StartPositions
from deepracer_core.trace import TRACE_HEADER, trace_rows
from deepracer_core.track_library import load_track
from deepracer_core.trial import TrialRules
from deepracer_gazebo.client import GazeboSimulator
from driven import race, rules

STEP_S = 1.0 / CONTROL_RATE
STEERING_LAG = 0.35
"""Share of the way to the wanted steering angle in a step: the car weaves a little."""

TRACKS = ["meadow_loop", "pond_oval", "gorge_narrows", "orchard_hairpins", "snail_shell"]


class GazeboCar(rules.KinematicCar):
    """The real car, in Gazebo; its camera is not asked."""

    def __init__(self, simulator: GazeboSimulator) -> None:
        super().__init__()
        self._simulator = simulator
        self._frame = simulator.reset(0.0, 0.0, 0.0)

    def reset(self, x: float, y: float, yaw: float) -> CarState:
        self._frame = self._simulator.reset(x, y, yaw)
        self.frames += 1
        return self.state

    def step(self, command) -> CarState:
        self._frame = self._simulator.step(command.steering_angle, command.speed)
        self.frames += 1
        return self.state

    @property
    def state(self) -> CarState:
        frame = self._frame
        x, y = frame.position[:2].tolist()
        speed = hypot(*frame.linear_velocity[:2])
        return CarState(
            frame.time_ns, x, y, frame.yaw, speed, steering_angle(*frame.steering_angles)
        )


@pytest.fixture(scope="module")
def gazebo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GazeboSimulator]:
    """Real Gazebo with the default track."""
    socket: Path = tmp_path_factory.mktemp("laps") / "sim.sock"
    options = ["--track", "meadow_loop", "--socket", str(socket)]
    server = subprocess.Popen(
        [sys.executable, "-m", "deepracer_gazebo.server", *options],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        # One that cannot start says why on its error output, and this line is empty.
        assert "is ready" in server.stdout.readline(), "no Gazebo server: run the set-up first"
        with GazeboSimulator(socket, 120) as simulator:
            yield simulator
    finally:
        server.terminate()
        server.wait(timeout=30)


def crossing(rows: list[dict[str, str]], half_width: float) -> float:
    """Seconds from the first row until the line is crossed forwards, having been left."""
    x, y, yaw = (float(rows[0][name]) for name in ("X", "Y", "yaw"))
    ahead = cos(radians(yaw)), sin(radians(yaw))

    def from_the_line(row: dict[str, str]) -> tuple[float, float]:
        """Metres past the line, and beside the middle of the road."""
        dx, dy = float(row["X"]) - x, float(row["Y"]) - y
        return dx * ahead[0] + dy * ahead[1], dy * ahead[0] - dx * ahead[1]

    times = []
    for row, following in pairwise(rows):
        (before, beside), (after, _) = from_the_line(row), from_the_line(following)
        if before < 0.0 <= after and abs(beside) < half_width:
            share = -before / (after - before)
            t, t_following = float(row["tstamp"]), float(following["tstamp"])
            times.append(t + share * (t_following - t) - float(rows[0]["tstamp"]))
    assert len(times) == 1, "it crosses the line once, at the end"
    return times[0]


def drive(track, first: float, speed: float, car=None, **options):
    """Laps of a car that begins at a share of the lap: the rows of their traces, their records."""
    held = [0.0]

    def driver(_, state, judgement):
        wanted = rules.follow_center(track, state, speed)
        held[0] += STEERING_LAG * (wanted.steering_angle - held[0])
        return rules.Command(held[0], speed)

    driven = race(
        track,
        driver,
        mode="evaluation",
        starts=StartPositions(track, advance=0.0, first=first),
        **options,
    )
    driven.car = car or driven.car
    for _ in driven.frames():
        pass
    columns = TRACE_HEADER.split(",")
    laps = [
        [dict(zip(columns, row.split(","), strict=True)) for row in trace_rows(trace, number, True)]
        for number, trace in enumerate(driven.traces)
    ]
    return laps, driven.records


def check_lap(track, speed, rows, record):
    """The trace and the record of a lap against each other."""
    assert record.status is EpisodeStatus.LAP_COMPLETE

    progress = [float(row["progress"]) for row in rows]
    assert all(before < after for before, after in pairwise(progress))
    assert (progress[0], progress[-1]) == (0.0, 100.0)
    # One step of the car's is all that was left before the last.
    assert progress[-2] >= 100.0 * (1.0 - 1.5 * speed * STEP_S / track.length)

    crossed_s = crossing(rows, half_width=0.5 * track.widths[1])
    assert record.duration_s == pytest.approx(crossed_s, abs=STEP_S)
    assert record.duration_s == pytest.approx(
        float(rows[-1]["tstamp"]) - float(rows[0]["tstamp"]), abs=1e-6
    )
    driven_m = sum(
        hypot(float(b["X"]) - float(a["X"]), float(b["Y"]) - float(a["Y"]))
        for a, b in pairwise(rows)
    )
    assert driven_m == pytest.approx(speed * record.duration_s, rel=0.02)


@pytest.mark.parametrize("name", TRACKS)
@pytest.mark.parametrize("direction", ["forward", "reversed"])
@pytest.mark.parametrize(("first", "speed"), [(0.0, 0.9), (0.0, 0.37), (0.43, 1.1)])
def test_a_lap_is_over_within_a_step_of_the_line(name, direction, first, speed):
    track = load_track(name)
    track = track if direction == "forward" else track.reversed()
    (rows,), (record,) = drive(track, first, speed, trials=1)
    check_lap(track, speed, rows, record)


@pytest.mark.parametrize("direction", ["forward", "reversed"])
@pytest.mark.parametrize("first", [0.0, 0.43])
def test_a_lap_in_gazebo_is_over_within_a_step_of_the_line(gazebo, direction, first):
    track = load_track("meadow_loop")
    track = track if direction == "forward" else track.reversed()
    (rows,), (record,) = drive(track, first, 1.0, car=GazeboCar(gazebo), trials=1)
    check_lap(track, 1.0, rows, record)


@pytest.mark.parametrize("direction", ["forward", "reversed"])
def test_each_lap_of_a_race_that_goes_on_is_timed_by_itself(direction):
    track = load_track("meadow_loop")
    track = track if direction == "forward" else track.reversed()
    rules_of_trials = TrialRules(is_continuous=True)
    laps, records = drive(track, 0.43, 1.1, trials=3, trial_rules=rules_of_trials)

    assert [record.status for record in records] == [EpisodeStatus.LAP_COMPLETE] * 3
    for rows, record in zip(laps, records, strict=True):
        assert record.duration_s == pytest.approx(crossing(rows, 0.38), abs=STEP_S)
    for rows, following in pairwise(laps):
        assert rows[-1]["tstamp"] == following[0]["tstamp"]
    whole = float(laps[-1][-1]["tstamp"]) - float(laps[0][0]["tstamp"])
    assert sum(record.duration_s for record in records) == pytest.approx(whole, abs=1e-3)
