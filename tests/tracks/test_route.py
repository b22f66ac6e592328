"""Route files: what is read, what is refused, and what the refusal says."""

from pathlib import Path

import numpy as np
import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.route import TrackError
from deepracer_core.track import Track


def save(folder: Path, rows: np.ndarray, name: str = "somewhere") -> Path:
    path = folder / f"{name}.npy"
    np.save(path, rows)
    return path


def test_a_file_becomes_a_track_of_its_name(tmp_path: Path, plain_rows: np.ndarray) -> None:
    track = Track.load(save(tmp_path, plain_rows))
    assert track.name == "somewhere"
    assert track.closed
    np.testing.assert_array_equal(track.center, plain_rows[:-1, :2])
    np.testing.assert_array_equal(track.inner, plain_rows[:-1, 2:4])
    np.testing.assert_array_equal(track.outer, plain_rows[:-1, 4:])


def test_repeated_rows_and_an_open_end_change_nothing(plain_rows: np.ndarray) -> None:
    plain = Track.from_route(plain_rows, "plain")
    doubled = np.repeat(plain_rows, 3, axis=0)
    for rows in (doubled, plain_rows[:-1], np.vstack((plain_rows, plain_rows[:1]))):
        track = Track.from_route(rows, "same")
        assert track.closed
        np.testing.assert_array_equal(track.center, plain.center)
        assert track.length == plain.length


def test_whole_numbers_and_single_precision_are_metres_too() -> None:
    square = [[0, 0], [8, 0], [8, 8], [0, 8]]
    inner = [[1, 1], [7, 1], [7, 7], [1, 7]]
    outer = [[-1, -1], [9, -1], [9, 9], [-1, 9]]
    rows = np.hstack((square, inner, outer))
    for kind in (np.int64, np.float32):
        track = Track.from_route(np.vstack((rows, rows[:1])).astype(kind), "square")
        assert track.length == 32.0
        assert track.center.dtype == np.float64


def test_a_course_with_two_ends_stays_open(plain_rows: np.ndarray) -> None:
    track = Track.from_route(plain_rows[:60], "half")
    assert not track.closed
    assert len(track.waypoints) == 60
    assert track.reversed().waypoints == track.waypoints[::-1]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda rows: rows[:, :4], r"expected shape \(N, 6\).*got \(119, 4\)"),
        (lambda rows: rows.ravel(), r"expected shape \(N, 6\).*got \(714,\)"),
        (lambda rows: rows[:0], "expected 2 or more distinct waypoints, got 0"),
        (lambda rows: rows[:1], "expected 2 or more distinct waypoints, got 1"),
        (lambda rows: np.repeat(rows[:1], 9, axis=0), "distinct waypoints, got 1"),
        (lambda rows: rows[[0, 9, 0]], "expected 3 or more distinct waypoints, got 2"),
        (lambda rows: np.where(rows == rows[5, 3], np.nan, rows), "finite metres.*nan.* in row 5"),
        (lambda rows: np.where(rows == rows[7, 0], np.inf, rows), "finite metres.*inf.* in row 7"),
        (lambda rows: rows.astype(str), "expected real numbers .*got <U"),
        (lambda rows: rows + 1j, "expected real numbers .*got complex128"),
        (lambda rows: rows[:, [0, 1, 2, 3, 2, 3]], "at waypoint 0 the inner and the outer one are"),
        (lambda rows: twisted(rows, slice(2, 4)), "the inner border crosses itself"),
        (lambda rows: twisted(rows, slice(4, 6)), "the outer border crosses itself"),
        (lambda rows: swapped(rows), "the inner border crosses the outer one"),
    ],
)
def test_nonsense_is_refused_by_name(
    tmp_path: Path, plain_rows: np.ndarray, spoil, words: str
) -> None:
    path = save(tmp_path, spoil(plain_rows))
    with pytest.raises(TrackError, match=words) as error:
        Track.load(path)
    assert str(path) in str(error.value)
    assert isinstance(error.value, ConfigurationError)


def twisted(rows: np.ndarray, border: slice) -> np.ndarray:
    """The rows with two points of one border exchanged."""
    rows = rows.copy()
    rows[[20, 24], border] = rows[[24, 20], border]
    return rows


def swapped(rows: np.ndarray) -> np.ndarray:
    """The rows with the borders exchanged on a part of the lap."""
    rows = rows.copy()
    rows[30:40] = rows[30:40][:, [0, 1, 4, 5, 2, 3]]
    return rows


def test_files_that_are_no_route_are_refused(tmp_path: Path, plain_rows: np.ndarray) -> None:
    with pytest.raises(TrackError, match=r"nowhere\.npy: no such file"):
        Track.load(tmp_path / "nowhere.npy")
    with pytest.raises(TrackError, match="expected a NumPy file"):
        Track.load(tmp_path)
    for name, data in (("text", b"0 0 0 0 0 0\n"), ("empty", b""), ("cut", b"\x93NUMPY\x01\x00")):
        path = tmp_path / f"{name}.npy"
        path.write_bytes(data)
        with pytest.raises(TrackError, match=rf"{name}.npy: expected a NumPy file"):
            Track.load(path)
    several = tmp_path / "several.npz"
    np.savez(several, rows=plain_rows)
    with pytest.raises(TrackError, match="expected one NumPy array"):
        Track.load(several)


def test_pickled_objects_are_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "objects.npy"
    np.save(path, np.array([{"x": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(TrackError, match="expected a NumPy file"):
        Track.load(path)
