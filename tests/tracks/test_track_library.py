"""Tracks are found by name, in an installed workspace and in the repository."""

import shutil
from pathlib import Path

import pytest
from deepracer_core.errors import ConfigurationError

from deepracer_core import track_library


def test_the_default_track_is_there() -> None:
    assert "meadow_loop" in track_library.track_names()
    assert track_library.world_path("meadow_loop").is_file()
    track = track_library.load_track("meadow_loop")
    assert track.name == "meadow_loop"
    assert 15.0 < track.length < 20.0


def test_an_unknown_name_gets_the_nearest_one() -> None:
    for find in (track_library.route_path, track_library.world_path, track_library.load_track):
        with pytest.raises(ConfigurationError, match=r"'medow_lop' \(nearest: 'meadow_loop'\)"):
            find("medow_lop")


def test_no_name_leads_out_of_the_library() -> None:
    for name in ("", ".", "../meadow_loop", "meadow_loop/../meadow_loop"):
        with pytest.raises(ConfigurationError, match="unknown track"):
            track_library.world_path(name)


def test_the_installed_workspace_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share/deepracer"
    (share / "worlds").mkdir(parents=True)
    (share / "models/other").mkdir(parents=True)
    shutil.copy(track_library.route_path("meadow_loop"), share / "models/other/other.npy")
    (share / "worlds/other.world").write_text("<sdf/>")
    (share / "worlds/no_route.world").write_text("<sdf/>")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/nowhere:{tmp_path}")
    assert track_library.track_names() == ["other"]
    assert track_library.load_track("other").name == "other"
    monkeypatch.delenv("AMENT_PREFIX_PATH")
    assert "meadow_loop" in track_library.track_names()
