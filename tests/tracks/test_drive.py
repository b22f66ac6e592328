"""Every track, and imported ones, in real Gazebo: the car stands on it, sees it, drives it.

Public route files are no part of the repository: those in `shared/tracks/` beside it are tried.
"""

import contextlib
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.car_geometry import wheel_centers
from deepracer_core.simulation import CONTROL_RATE, MAX_STEERING_ANGLE, WHEELBASE
from deepracer_core.track import Track
from deepracer_core.track_library import load_track, shipped_names
from deepracer_gazebo.client import GazeboSimulator
from deepracer_gazebo.track_import import import_track

SPEED = 1.0
LOOK_AHEAD = 0.35

IMPORTED = "imported"
QUICK = ("meadow_loop", "heath_hourglass")
SLOW = [name for name in shipped_names() if name not in QUICK]
PUBLIC_ROUTES = Path(__file__).resolve().parents[3] / "shared" / "tracks"
PUBLIC = [
    pytest.param(path, id=path.stem, marks=pytest.mark.slow)
    for path in sorted(PUBLIC_ROUTES.glob("*.npy"))
] or [pytest.param(None, id="public", marks=pytest.mark.skip(reason=f"no {PUBLIC_ROUTES}/*.npy"))]
TRACKS = [
    *QUICK,
    IMPORTED,
    *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW),
    *PUBLIC,
]


@pytest.fixture(scope="module", params=TRACKS)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, real_rows: np.ndarray
) -> Iterator[tuple[Track, GazeboSimulator]]:
    """A track and a simulator of its world."""
    folder = tmp_path_factory.mktemp("drive")
    socket = folder / "sim.sock"
    name = route = request.param
    if name == IMPORTED:
        route = folder / f"{IMPORTED}.npy"
        np.save(route, real_rows)
    with pytest.MonkeyPatch.context() as patch:
        if isinstance(route, Path):
            patch.setenv("DEEPRACER_TRACKS", str(folder / "tracks"))
            name = import_track(route).name
        with running_server(name, socket), GazeboSimulator(socket, 120) as simulator:
            yield load_track(name), simulator


@contextlib.contextmanager
def running_server(track: str, socket: Path) -> Iterator[None]:
    """Gazebo with a track's world."""
    server = subprocess.Popen(
        [sys.executable, "-m", "deepracer_gazebo.server", "--track", track, "--socket", socket],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        # One that cannot start says why on its error output, and this line is empty.
        assert "is ready" in server.stdout.readline(), "no Gazebo server: run the set-up first"
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)


def share(image: np.ndarray, low: tuple[int, int, int], high: tuple[int, int, int]) -> float:
    """How much of a picture has a colour from low to high."""
    return float(((image >= low) & (image <= high)).all(axis=2).mean())


@pytest.mark.parametrize("is_reversed", [False, True])
def test_the_car_stands_on_the_road_and_sees_it(
    place: tuple[Track, GazeboSimulator], is_reversed: bool
) -> None:
    track, simulator = place
    track = track.reversed() if is_reversed else track
    orange_places = 0
    for distance in np.linspace(0.0, track.length, 20, endpoint=False):
        x, y, yaw = track.pose_at(distance)
        frame = simulator.reset(x, y, yaw)
        assert frame.position[:2] == pytest.approx((x, y), abs=1e-3)
        assert abs(frame.position[2]) < 5e-3
        assert frame.contacts == ()
        assert track.contains(wheel_centers(*frame.position[:2].tolist(), frame.yaw)).all()
        image = frame.image
        assert share(image[-40:, 40:120], (40, 40, 40), (120, 120, 120)) > 0.5, "asphalt ahead"
        # Half a metre away, beside the widest roads, a border is a line of one or two pixels.
        assert share(image, (190, 190, 190), (255, 255, 255)) > 0.002, "a white border"
        assert share(image, (20, 70, 10), (110, 170, 90)) > 0.03, "a green field"
        assert share(image[:20], (120, 160, 200), (200, 230, 255)) > 0.95, "sky above"
        orange_places += share(image, (190, 90, 0), (255, 190, 80)) > 0.002
    assert orange_places > 15, "a dashed orange line"


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_centre_line_follower_drives_a_lap(
    place: tuple[Track, GazeboSimulator], is_reversed: bool
) -> None:
    track, simulator = place
    track = track.reversed() if is_reversed else track
    frame = simulator.reset(*track.pose_at(0.0))
    distance, driven, offsets = 0.0, 0.0, []
    steps = 0
    limit = int(1.2 * track.length / SPEED * CONTROL_RATE) + 15
    while driven < track.length and steps < limit:
        frame = simulator.step(steering(track, frame, distance), SPEED)
        found = track.project_near(frame.position[:2], distance, 0.3)
        gain = math.remainder(found.distance - distance, track.length)
        assert gain > -1e-3
        distance, driven, steps = found.distance, driven + gain, steps + 1
        offsets.append(abs(found.offset))
    assert driven >= track.length
    assert max(offsets) < 0.1
    assert steps == pytest.approx(track.length / SPEED * CONTROL_RATE, rel=0.05)


def steering(track: Track, frame, distance: float) -> float:
    """Pure pursuit of a point on the centre line (Coulter 1992), radians."""
    x, y, _ = track.pose_at(distance + LOOK_AHEAD)
    away_x, away_y = x - frame.position[0], y - frame.position[1]
    left = away_y * math.cos(frame.yaw) - away_x * math.sin(frame.yaw)
    angle = math.atan(2.0 * WHEELBASE * left / (away_x**2 + away_y**2))
    return min(max(angle, -MAX_STEERING_ANGLE), MAX_STEERING_ANGLE)
