"""Importing: any public route file becomes a track that is found and used like a shipped one."""

import importlib.util
import io
from pathlib import Path

import ament_index_python.packages
import numpy as np
import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.route import TrackError, check_route
from deepracer_core.track import Track
from deepracer_core.track_library import (
    load_track,
    route_path,
    share_folder,
    shipped_names,
    track_names,
    world_path,
)
from deepracer_gazebo.gazebo_resources import check_world, model_folders
from deepracer_gazebo.server import parse_arguments
from deepracer_gazebo.track_import import describe, import_track, main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where imported tracks go."""
    monkeypatch.setenv("DEEPRACER_TRACKS", str(tmp_path / "mine"))
    return tmp_path / "mine"


def save(folder: Path, rows: np.ndarray, name: str = "somewhere") -> Path:
    path = folder / f"{name}.npy"
    np.save(path, rows)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_routes_of_every_kind_become_tracks(
    tmp_path: Path, folder: Path, rows_of_a_kind: np.ndarray
) -> None:
    imported = import_track(save(tmp_path, rows_of_a_kind))
    assert "somewhere" in track_names()
    assert "somewhere" not in shipped_names()
    found, given = load_track("somewhere"), check_route(rows_of_a_kind, "given")
    assert found.closed == imported.closed == given.closed
    for line in ("center", "inner", "outer"):
        np.testing.assert_array_equal(getattr(found, line), getattr(given, line))
    written = np.load(route_path("somewhere"))
    assert (written[0] == written[-1]).all() == given.closed
    assert (np.hypot(*np.diff(written[:, :2], axis=0).T) > 0.0).all()
    check_world(world_path("somewhere"), [*model_folders(), folder / "models"])


@pytest.mark.parametrize("direction", [1, -1])
def test_exchanged_borders_of_a_circuit_are_put_right_and_it_says_so(
    tmp_path: Path,
    folder: Path,
    plain_rows: np.ndarray,
    straight_rows: np.ndarray,
    caplog: pytest.LogCaptureFixture,
    direction: int,
) -> None:
    rows = plain_rows[::direction]
    right = import_track(save(tmp_path, rows), "right")
    # A course with two ends has no inside.
    import_track(save(tmp_path, straight_rows[:, [0, 1, 4, 5, 2, 3]], "course"))
    assert caplog.text == ""
    exchanged = import_track(save(tmp_path, rows[:, [0, 1, 4, 5, 2, 3]], "wrong"))
    (message,) = caplog.messages
    assert "wrong.npy: expected the inner border inside the outer one" in message
    for track in (exchanged, load_track("wrong")):
        np.testing.assert_array_equal(track.inner, right.inner)
        np.testing.assert_array_equal(track.outer, right.outer)
        np.testing.assert_array_equal(track.center, right.center)


def test_the_name_is_the_files_or_the_given_one(
    tmp_path: Path, folder: Path, plain_rows: np.ndarray
) -> None:
    path = save(tmp_path, plain_rows, "2022_april-pro")
    assert import_track(path).name == "2022_april-pro"
    assert import_track(path, "spring").name == "spring"
    assert {"2022_april-pro", "spring"} < set(track_names())


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "-x", "ümlaut", "x.world", "a&b", "a\n"])
def test_a_name_that_cannot_be_is_refused(
    tmp_path: Path, folder: Path, plain_rows: np.ndarray, name: str
) -> None:
    with pytest.raises(ConfigurationError, match="expected letters, digits, _ and -"):
        import_track(save(tmp_path, plain_rows), name)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["meadow_loop", "field", "deepracer"])
def test_a_shipped_model_is_not_hidden(
    tmp_path: Path, folder: Path, plain_rows: np.ndarray, name: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"'{name}': one of the project's own models"):
        import_track(save(tmp_path, plain_rows), name)


def test_another_track_is_replaced_only_when_told(
    tmp_path: Path, folder: Path, plain_rows: np.ndarray
) -> None:
    path = save(tmp_path, plain_rows)
    import_track(path)
    first = contents(folder)
    import_track(path)
    assert contents(folder) == first
    save(tmp_path, 1.1 * plain_rows)
    with pytest.raises(ConfigurationError, match="there is another track 'somewhere'"):
        import_track(path)
    assert contents(folder) == first
    assert import_track(path, replace=True).length == pytest.approx(
        1.1 * Track.from_route(plain_rows, "plain").length
    )


def test_without_a_variable_tracks_are_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_rows: np.ndarray
) -> None:
    monkeypatch.delenv("DEEPRACER_TRACKS", raising=False)
    monkeypatch.chdir(tmp_path)
    import_track(save(tmp_path, plain_rows))
    assert world_path("somewhere") == tmp_path / "tracks/worlds/somewhere.world"
    assert load_track("somewhere").closed


def test_a_shipped_track_wins_over_one_of_the_same_name(
    tmp_path: Path, folder: Path, plain_rows: np.ndarray
) -> None:
    import_track(save(tmp_path, plain_rows))
    for kind, end in (("models", ""), ("worlds", ".world")):
        (folder / f"{kind}/somewhere{end}").rename(folder / f"{kind}/meadow_loop{end}")
    (folder / "models/meadow_loop/somewhere.npy").rename(
        folder / "models/meadow_loop/meadow_loop.npy"
    )
    assert world_path("meadow_loop").is_relative_to(share_folder())
    assert track_names().count("meadow_loop") == 1


def test_gazebo_is_given_the_imported_world_and_its_model(
    tmp_path: Path, folder: Path, plain_rows: np.ndarray
) -> None:
    import_track(save(tmp_path, plain_rows))
    world = folder / "worlds/somewhere.world"
    for choice in (["--track", "somewhere"], ["--world", str(world)]):
        options = parse_arguments([*choice, "--socket", str(tmp_path / "socket")])
        assert options.world == world
        assert folder / "models" in options.model_path
        check_world(options.world, model_folders(options.model_path))
    with pytest.raises(ConfigurationError, match=r"'somewhr' \(nearest: 'somewhere'\)"):
        parse_arguments(["--track", "somewhr", "--socket", str(tmp_path / "socket")])


def test_the_launch_file_offers_imported_tracks(
    tmp_path: Path, folder: Path, plain_rows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_track(save(tmp_path, plain_rows))
    monkeypatch.setattr(
        ament_index_python.packages, "get_package_share_directory", lambda _: str(share_folder())
    )
    path = Path(__file__).parents[2] / "launch/sim.launch.py"
    specification = importlib.util.spec_from_file_location("sim_launch", path)
    launch_file = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(launch_file)
    assert launch_file.track_names() == track_names()


def moved(rows: np.ndarray, border: slice, metres: float) -> np.ndarray:
    """The rows with some points of a border moved towards the centre line, or beyond it."""
    rows = rows.copy()
    inward = rows[40:60, :2] - rows[40:60, border]
    rows[40:60, border] += metres * inward / np.hypot(*inward.T)[:, None]
    return rows


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda rows: rows[:, :4], r"expected shape \(N, 6\).*got \(119, 4\)"),
        (lambda rows: rows[:1], "distinct waypoints, got 1"),
        (lambda rows: np.where(rows == rows[5, 3], np.nan, rows), "finite metres.*nan.* in row 5"),
        (lambda rows: rows[:, [0, 1, 4, 5, 4, 5]], "the inner and the outer one are both"),
        (lambda rows: moved(rows, slice(2, 4), 0.9), "the inner border crosses the outer one"),
        (
            lambda rows: moved(rows, slice(2, 4), 0.5),
            "centre line between the borders.* waypoint 4",
        ),
        (
            lambda rows: moved(rows, slice(4, 6), 0.5),
            "centre line between the borders.* waypoint 4",
        ),
        (lambda rows: 0.1 * rows, "at least 0.25 m wide .*got 0.076 m; are the numbers metres"),
        (lambda rows: 100 * rows, "within 90 m of the origin.*got .* m; are the numbers metres"),
    ],
)
def test_nonsense_is_refused_and_leaves_nothing(
    tmp_path: Path, folder: Path, plain_rows: np.ndarray, spoil, words: str
) -> None:
    path = save(tmp_path, spoil(plain_rows))
    with pytest.raises(TrackError, match=words) as error:
        import_track(path)
    assert str(path) in str(error.value)
    assert not folder.exists()


def test_a_road_that_crosses_itself_is_refused(tmp_path: Path, folder: Path) -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 120)
    lines = [
        np.column_stack((4.0 * np.sin(angle), 2.0 * np.sin(2.0 * angle + shift)))
        for shift in (0.0, 0.1, -0.1)
    ]
    with pytest.raises(TrackError, match="border crosses"):
        import_track(save(tmp_path, np.hstack(lines), "eight"))


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, folder: Path, plain_rows: np.ndarray
) -> None:
    folder.write_text("a file in the way")
    with pytest.raises(ConfigurationError, match=r"expected a folder .*\$DEEPRACER_TRACKS"):
        import_track(save(tmp_path, plain_rows))


def test_the_description_says_what_it_is(plain_rows: np.ndarray, straight_rows: np.ndarray) -> None:
    there = describe(Track.from_route(plain_rows, "plain"))
    assert there.startswith("plain: ")
    assert "m, counter-clockwise, 0.76 m wide, 118 waypoints" in there
    assert ", clockwise, " in describe(Track.from_route(plain_rows[::-1], "plain"))
    assert "two ends" in describe(Track.from_route(straight_rows, "course"))


def test_the_command_says_what_it_made(
    tmp_path: Path, folder: Path, plain_rows: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(tmp_path, plain_rows)
    assert main([str(path), "--name", "ring"]) == 0
    assert capsys.readouterr().out.startswith("ring: ")
    assert main([str(tmp_path / "nowhere.npy")]) == 2
    assert "nowhere.npy: no such file" in capsys.readouterr().err


def test_importing_again_elsewhere_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_rows: np.ndarray
) -> None:
    path = save(tmp_path, plain_rows)
    made = []
    for place in ("one", "other"):
        monkeypatch.setenv("DEEPRACER_TRACKS", str(tmp_path / place))
        import_track(path)
        made.append(contents(tmp_path / place))
    assert made[0] == made[1]
    assert np.load(io.BytesIO(made[0]["models/somewhere/somewhere.npy"])).shape == (119, 6)
