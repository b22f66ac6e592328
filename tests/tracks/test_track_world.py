"""The generator: from a definition to a route, a model and a world, always the same bytes."""

import io
import math
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import shapely
from deepracer_core.errors import ConfigurationError
from deepracer_core.route import check_route
from deepracer_core.track import Track
from deepracer_core.track_library import load_track, share_folder
from deepracer_gazebo.track_definition import Corner, TrackDefinition, load_definition, route_rows
from deepracer_gazebo.track_world import generate, main, track_files

from deepracer_gazebo import ground_texture, track_mesh

TRIANGLE = """
description: Three corners
width: 0.8
points:
  - {x: 0.0, y: 0.0, radius: 1.0}
  - {x: 8.0, y: 0.0, radius: 1.0, width: 1.2}
  - {x: 4.0, y: 6.0, radius: 1.0}
"""


def definition(folder: Path, text: str = TRIANGLE, name: str = "triangle") -> Path:
    path = folder / f"worlds/definitions/{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_committed_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    share = share_folder()
    shutil.copytree(share / "worlds/definitions", tmp_path / "worlds/definitions")
    generate(tmp_path)
    written = contents(tmp_path)
    assert len(written) > 10
    for name, data in written.items():
        assert (share / name).read_bytes() == data, f"{name} differs: run generate_tracks"


def test_the_route_is_in_the_public_format() -> None:
    for path in (share_folder() / "worlds/definitions").glob("*.yaml"):
        rows = np.load(share_folder() / f"models/{path.stem}/{path.stem}.npy", allow_pickle=False)
        assert rows.dtype == np.float64
        assert rows.shape[1] == 6
        np.testing.assert_array_equal(rows[0], rows[-1])
        steps = np.hypot(*np.diff(rows[:, :2], axis=0).T)
        assert steps.min() > 0.09
        assert steps.max() < 0.16


def test_the_default_track_is_gentle() -> None:
    track = load_track("meadow_loop")
    ring = shapely.LinearRing(track.center)
    assert ring.is_ccw
    headings = np.unwrap(
        np.append(*(lambda h: (h, h[0] + math.tau))(track.project(track.center).heading))
    )
    turns = np.diff(headings) / (track.length / len(track.center))
    assert 1.0 / turns.max() > 1.0
    assert 1.0 / turns.min() < -1.0
    assert np.abs(turns[:10]).max() < 1e-3
    assert np.abs(turns[-10:]).max() < 1e-3
    widths = [track.width_at(distance) for distance in np.arange(0.0, track.length, 0.01)]
    assert min(widths) == pytest.approx(0.76, abs=2e-3)
    assert max(widths) == pytest.approx(0.76, abs=2e-3)


def test_bends_and_straights_are_as_defined(tmp_path: Path) -> None:
    rows = route_rows(load_definition(definition(tmp_path)))
    track = Track.from_route(rows, "triangle")
    side = math.hypot(4.0, 6.0)
    base, top = math.atan2(6.0, 4.0), math.pi - 2.0 * math.atan2(6.0, 4.0)
    exact = 8.0 + 2.0 * side
    for corner in (base, base, top):
        exact += (math.pi - corner) - 2.0 / math.tan(0.5 * corner)
    assert track.length == pytest.approx(exact, rel=2e-3)
    assert track.pose_at(0.0) == (4.0, 0.0, 0.0)
    corner = track.project([[8.0, 0.0]]).distance[0]
    assert track.width_at(corner) == pytest.approx(1.2, abs=0.03)
    assert track.width_at(track.project([[4.0, 6.0]]).distance[0]) == pytest.approx(0.8, abs=0.03)


def test_a_clockwise_track_has_its_inner_border_inside(tmp_path: Path) -> None:
    lines = TRIANGLE.strip().split("\n")
    turned = "\n".join(lines[:3] + lines[:2:-1])
    rows = route_rows(load_definition(definition(tmp_path, turned)))
    assert not shapely.LinearRing(rows[:, :2]).is_ccw
    assert shapely.Polygon(rows[:, 4:]).contains(shapely.Polygon(rows[:, 2:4]))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("radius: 1.0}", "radius: 9.0}", "points 1 and 2: 8.00 m apart, but their bends need"),
        ("radius: 1.0}", "radius: 0.4}", r"point 1: radius: expected more than half of the width"),
        ("radius: 1.0}", "radius: wide}", r"point 1: radius: expected metres, .*got 'wide'"),
        ("x: 4.0, ", "", r"point 3: x: expected metres, .*got None"),
        ("x: 4.0", "x: .nan", r"point 3: x: expected metres, .*got nan"),
        ("description", "descriptions", r"unknown field 'descriptions'"),
        ("width: 0.8\n", "", r"point 1: width: expected metres, .*got None"),
        ("width: 0.8", "width: [", "expected a track definition"),
        (TRIANGLE, "points: 7", "points: expected a list of 3 or more, got 7"),
        (TRIANGLE, "meadow", r"expected fields .*got 'meadow'"),
    ],
)
def test_a_wrong_definition_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = definition(tmp_path, TRIANGLE.replace(old, new))
    with pytest.raises(ConfigurationError, match=words) as error:
        route_rows(load_definition(path))
    assert "triangle" in str(error.value)


def test_a_road_that_runs_into_itself_is_refused() -> None:
    places = [(-4.0, -1.6), (0.0, -0.36), (4.0, -1.6), (4.0, 1.6), (0.0, 0.36), (-4.0, 1.6)]
    corners = tuple(Corner(x, y, radius=1.0, width=1.2) for x, y in places)
    with pytest.raises(ConfigurationError, match=r"waist: .*the inner border crosses"):
        route_rows(TrackDefinition("waist", "", corners))


def test_the_road_covers_what_lies_between_the_borders(plain_rows: np.ndarray) -> None:
    route = check_route(plain_rows, "plain")
    road = shapely.Polygon(route.outer, [route.inner])

    def area(mesh: track_mesh.Mesh) -> shapely.Geometry:
        triangles = shapely.polygons(mesh.vertices[mesh.triangles])
        assert shapely.is_ccw(shapely.get_exterior_ring(triangles)).all()
        assert shapely.union_all(triangles).area == pytest.approx(shapely.area(triangles).sum())
        return shapely.union_all(triangles)

    assert area(track_mesh.asphalt(route)).symmetric_difference(road).area < 1e-9
    borders, dashes = area(track_mesh.border_lines(route)), area(track_mesh.center_dashes(route))
    assert borders.difference(road.buffer(1e-6)).area < 1e-9
    assert borders.area == pytest.approx(0.05 * road.boundary.length, rel=0.03)
    assert borders.boundary.length == pytest.approx(2.0 * road.boundary.length, rel=0.03)
    center = shapely.LinearRing(route.center)
    assert dashes.area == pytest.approx(0.04 * 0.5 * center.length, rel=0.02)
    assert dashes.hausdorff_distance(center) < 0.15


def test_a_clockwise_road_faces_up_too(plain_rows: np.ndarray) -> None:
    route = check_route(plain_rows[::-1], "clockwise")
    for mesh in (track_mesh.asphalt(route), track_mesh.border_lines(route)):
        rings = shapely.get_exterior_ring(shapely.polygons(mesh.vertices[mesh.triangles]))
        assert shapely.is_ccw(rings).all()


def test_model_and_world_say_what_gazebo_needs(plain_rows: np.ndarray) -> None:
    files = dict(track_files("plain", "A test", plain_rows))
    world = ElementTree.fromstring(files["worlds/plain.world"])
    step = float(world.findtext("world/physics/max_step_size"))
    assert (1.0 / 15.0) / step == pytest.approx(20.0, abs=1e-9)
    assert world.findtext("world/physics/real_time_update_rate") == "0"
    assert world.findtext("world/scene/shadows") == "false"
    uris = [element.text for element in world.iterfind("world/include/uri")]
    assert uris == ["model://field", "model://plain", "model://deepracer"]
    assert world.findtext("world/plugin/car") == "deepracer"
    assert world.find("world/plugin").get("filename") == "libdeepracer_plugin.so"
    model = ElementTree.fromstring(files["models/plain/model.sdf"])
    assert model.findtext("model/static") == "true"
    for uri in model.iterfind(".//mesh/uri"):
        assert uri.text.replace("model://", "models/") in files
    np.testing.assert_array_equal(np.load(io.BytesIO(files["models/plain/plain.npy"])), plain_rows)


def test_textures_are_seamless_and_small() -> None:
    levels = ground_texture.noise(3, cells=(4, 32))
    across = np.abs(np.diff(levels, axis=1)).mean()
    assert np.abs(levels[:, 0] - levels[:, -1]).mean() == pytest.approx(across, rel=0.3)
    cv2 = pytest.importorskip("cv2")
    data = ground_texture.png(levels, dark=(10, 20, 30), light=(40, 80, 120))
    assert len(data) < 40_000
    picture = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), 1), cv2.COLOR_BGR2RGB)
    assert picture.shape == (256, 256, 3)
    assert picture.min(axis=(0, 1)).tolist() == [10, 20, 30]
    assert picture.max(axis=(0, 1)).tolist() == [40, 80, 120]


def test_the_command_says_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    definition(tmp_path)
    assert main(["--root", str(tmp_path), "triangle"]) == 0
    assert capsys.readouterr().out.startswith("triangle: 18.23 m, ")
    assert (tmp_path / "worlds/triangle.world").is_file()
    assert main(["--root", str(tmp_path), "square"]) == 2
    assert "no definition of 'square', only ['triangle']" in capsys.readouterr().err
