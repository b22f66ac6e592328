"""The tracks that come with the project: as varied as promised, and as documented."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import shapely
from deepracer_core.simulation import MAX_STEERING_ANGLE, WHEELBASE
from deepracer_core.track import Track
from deepracer_core.track_library import load_track, share_folder, shipped_names
from deepracer_gazebo.track_import import describe_width

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(params=shipped_names())
def shipped(request: pytest.FixtureRequest) -> Track:
    return load_track(request.param)


def turns(track: Track) -> np.ndarray:
    """Curvature of the centre line at each waypoint, left positive, 1/m: float64[N]."""
    headings = track.project(track.center).heading
    around = np.diff(headings, prepend=headings[-1])
    return np.remainder(around + math.pi, math.tau) - math.pi


def test_there_are_enough_of_all_kinds() -> None:
    tracks = [load_track(name) for name in shipped_names()]
    assert len(tracks) >= 12
    assert {track.name for track in tracks} == {
        path.stem for path in (share_folder() / "worlds/definitions").glob("*.yaml")
    }
    assert min(track.length for track in tracks) < 20.0
    assert max(track.length for track in tracks) > 50.0
    assert min(track.widths[0] for track in tracks) == pytest.approx(0.6, abs=0.01)
    assert max(track.widths[1] for track in tracks) == pytest.approx(1.2, abs=0.01)
    assert any(track.widths[1] > 1.9 * track.widths[0] for track in tracks)
    assert any(not shapely.LinearRing(track.center).is_ccw for track in tracks)


def test_it_can_be_driven(shipped: Track) -> None:
    assert shipped.closed
    assert 12.0 <= shipped.length <= 60.0
    # From a waypoint to a border of straight pieces it is a millimetre less than to the arc.
    assert 0.595 < shipped.widths[0] <= shipped.widths[1] < 1.201
    tightest = shipped.length / len(shipped.center) / np.abs(turns(shipped)).max()
    assert tightest > 1.5 * WHEELBASE / math.tan(MAX_STEERING_ANGLE)
    assert shapely.Polygon(shipped.outer, [shipped.inner]).is_valid
    assert np.hypot(*shipped.center.T).max() < 50.0


def test_the_start_line_is_on_a_straight(shipped: Track) -> None:
    near = round(0.5 / (shipped.length / len(shipped.center)))
    bends = np.abs(turns(shipped))
    assert bends[: near + 1].max() < 1e-3
    assert bends[-near:].max() < 1e-3


def test_the_hourglass_nearly_touches_itself() -> None:
    track = load_track("heath_hourglass")
    inner = shapely.LinearRing(track.inner)
    # One side of the waist is below the other.
    upper, lower = (inner.intersection(shapely.box(-1, min(y, 0), 1, max(y, 0))) for y in (1, -1))
    assert 0.08 < upper.distance(lower) < 0.12


def test_the_documentation_has_every_track(shipped: Track) -> None:
    text = (DOCS / "tracks.md").read_text()
    row = re.search(rf"^\| `{shipped.name}` \| (\S+) m \| ([^|]+) \| ", text, re.MULTILINE)
    assert row is not None, f"{shipped.name} is not in the table"
    assert float(row[1]) == pytest.approx(shipped.length, abs=0.005)
    assert row[2] == describe_width(shipped)
    assert f"images/{shipped.name}.png" in text
    assert (DOCS / f"images/{shipped.name}.png").is_file()
