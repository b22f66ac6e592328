"""What only a directory can have: permissions, full disks, links."""

import errno
import os
from pathlib import Path

import pytest
from deepracer_core.model_store import (
    StoreConfigurationError,
    StoreUnavailable,
    open_model_store,
)

FILES = {"policy.tflite": b"policy"}


def test_the_directory_is_made_by_the_first_writer_only(tmp_path: Path) -> None:
    store = open_model_store(str(tmp_path / "a" / "b"))
    store.check()
    assert store.latest() is None
    assert store.versions() == []
    assert list(tmp_path.iterdir()) == []
    store.check(writing=True)
    assert (tmp_path / "a" / "b").is_dir()


def test_the_layout_is_plain_files(tmp_path: Path) -> None:
    open_model_store(str(tmp_path)).publish(12, FILES, {})
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        ".publishing",
        "latest.json",
        "model",
        "model/deepracer_checkpoints.json",
        "versions",
        "versions/00000012",
        "versions/00000012/manifest.json",
        "versions/00000012/policy.tflite",
    ]


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    store = open_model_store(str(tmp_path / "models"))
    for attempt in (
        store.check,
        lambda: store.check(writing=True),
        store.latest,
        lambda: store.publish(1, FILES, {}),
    ):
        with pytest.raises(StoreConfigurationError, match=r"models.*no file in the place of a dir"):
            attempt()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_a_directory_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreConfigurationError, match="owner or permissions"):
        open_model_store(str(tmp_path / "models")).check(writing=True)


def test_a_full_disk_is_an_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_model_store(str(tmp_path))
    store.publish(1, FILES, {})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(StoreUnavailable, match="No space left on device; free some space"):
            store.publish(2, FILES, {})
    assert store.latest() == 1
    store.publish(2, FILES, {})
    assert store.load(2).files == FILES
