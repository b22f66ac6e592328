"""What every model store does, over each of its back ends."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from deepracer_core.model_store import ModelCorrupt, ModelNotFound, ModelStore, VersionExists
from deepracer_core.model_store.local import LocalStorage
from deepracer_core.model_store.s3 import S3Storage
from deepracer_core.model_store.storage import Storage

FILES = {
    "policy.tflite": b"policy" * 1000,
    "weights.safetensors": b"",
    "model_metadata.json": b"{}",
}


@pytest.fixture(params=["directory", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "directory":
        return LocalStorage(tmp_path / "runs" / "models")
    bucket = request.getfixturevalue("bucket")
    endpoint_url = f"http://127.0.0.1:{request.getfixturevalue('moto_port')}"
    return S3Storage(bucket, "runs/models", endpoint_url)


@pytest.fixture
def store(storage: Storage) -> ModelStore:
    return ModelStore(storage)


def test_an_empty_store(store: ModelStore) -> None:
    assert store.latest() is None
    assert store.best() is None
    assert store.best_info() is None
    assert store.versions() == []
    assert store.recover() is None
    with pytest.raises(ModelNotFound, match="no complete version 1"):
        store.load(1)


def test_what_is_published_is_loaded(store: ModelStore) -> None:
    store.publish(1, FILES, {"iteration": 1, "metrics": {"reward": 1.5}})
    assert store.latest() == 1
    assert store.versions() == [1]
    assert store.info(1) == {"iteration": 1, "metrics": {"reward": 1.5}}
    loaded = store.load(1)
    assert loaded.version == 1
    assert loaded.files == FILES
    assert loaded.info == {"iteration": 1, "metrics": {"reward": 1.5}}


def test_only_the_files_that_are_asked_for(store: ModelStore) -> None:
    store.publish(1, FILES, {})
    assert store.load(1, ["model_metadata.json"]).files == {"model_metadata.json": b"{}"}
    with pytest.raises(ModelNotFound, match=r"no file optimizer; it has model_metadata\.json"):
        store.load(1, ["optimizer"])


def test_publishing_the_same_again_changes_nothing(store: ModelStore) -> None:
    store.publish(1, FILES, {"a": 1})
    store.publish(1, dict(reversed(FILES.items())), {"a": 1})
    assert store.load(1).files == FILES


@pytest.mark.parametrize(
    ("files", "info"),
    [
        ({**FILES, "policy.tflite": b"other"}, {"a": 1}),
        ({"policy.tflite": b""}, {"a": 1}),
        (FILES, {"a": 2}),
    ],
)
def test_a_version_never_changes(
    store: ModelStore, files: dict[str, bytes], info: dict[str, int]
) -> None:
    store.publish(1, FILES, {"a": 1})
    with pytest.raises(VersionExists, match="version 1 already, with other content"):
        store.publish(1, files, info)
    assert store.load(1).files == FILES
    assert store.info(1) == {"a": 1}


def test_the_pointer_never_goes_backwards(store: ModelStore) -> None:
    store.publish(5, FILES, {})
    store.publish(3, FILES, {})
    assert store.latest() == 5
    assert store.versions() == [3, 5]
    store.publish(5, FILES, {})
    store.publish(3, FILES, {})
    assert store.latest() == 5
    store.publish(6, FILES, {})
    assert store.latest() == 6


def test_the_best_version(store: ModelStore) -> None:
    store.publish(1, FILES, {})
    store.publish(2, FILES, {})
    store.set_best(2, {"progress": 80.0})
    assert (store.best(), store.best_info()) == (2, {"progress": 80.0})
    store.set_best(1, {"progress": 90.0})
    assert (store.best(), store.best_info()) == (1, {"progress": 90.0})
    with pytest.raises(ModelNotFound, match="no complete version 3"):
        store.set_best(3, {})


@pytest.mark.parametrize("name", ["../evil", "a/b", "manifest.json", ".hidden", "", "a b", "x\n"])
def test_names_that_cannot_be_files(store: ModelStore, name: str) -> None:
    with pytest.raises(ValueError, match="file must be named by"):
        store.publish(1, {name: b""}, {})
    assert store.versions() == []


def test_versions_and_info_that_cannot_be(store: ModelStore) -> None:
    with pytest.raises(ValueError, match="begin at 1, got 0"):
        store.publish(0, FILES, {})
    with pytest.raises(ValueError, match="at least one file"):
        store.publish(1, {}, {})
    with pytest.raises(ValueError, match="JSON"):
        store.publish(1, FILES, {"reward": float("nan")})


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (b"policy" * 999, "it has 5994 bytes, its manifest says 6000"),
        (b"policY" + b"policy" * 999, "its SHA-256 is "),
    ],
)
def test_a_damaged_file_is_named(
    storage: Storage, store: ModelStore, damaged: bytes, message: str
) -> None:
    store.publish(1, FILES, {})
    storage.write("versions/00000001/policy.tflite", damaged)
    with pytest.raises(ModelCorrupt, match=message) as caught:
        store.load(1)
    assert f"{store.url}/versions/00000001/policy.tflite" in str(caught.value)
    assert store.load(1, ["model_metadata.json"]).files == {"model_metadata.json": b"{}"}


def test_a_missing_file_is_named(storage: Storage, store: ModelStore) -> None:
    store.publish(1, FILES, {})
    manifest = storage.read("versions/00000001/manifest.json")
    assert manifest is not None
    document = json.loads(manifest.data)
    document["files"]["gone.bin"] = {"size": 1, "sha256": "00"}
    storage.write("versions/00000001/manifest.json", json.dumps(document).encode())
    with pytest.raises(ModelCorrupt, match=r"gone\.bin is damaged: it is missing"):
        store.load(1)


@pytest.mark.parametrize(
    "manifest", [b"", b"{", b"[]", b"null", b'{"schema": 1}', b'{"schema": 2}', b"\xff"]
)
def test_a_damaged_manifest_is_named(storage: Storage, store: ModelStore, manifest: bytes) -> None:
    store.publish(1, FILES, {})
    storage.write("versions/00000001/manifest.json", manifest)
    with pytest.raises(ModelCorrupt, match=r"versions/00000001/manifest\.json"):
        store.load(1)


@pytest.mark.parametrize("pointer", [b"", b"{}", b"[]", b'{"version": "x"}', b"null"])
def test_a_damaged_pointer_is_named_and_written_anew(
    storage: Storage, store: ModelStore, pointer: bytes
) -> None:
    store.publish(1, FILES, {})
    storage.write("latest.json", pointer)
    with pytest.raises(ModelCorrupt, match=r"latest\.json does not name a version"):
        store.latest()
    store.publish(2, FILES, {})
    assert store.latest() == 2


def test_a_version_without_a_manifest_is_not_there(storage: Storage, store: ModelStore) -> None:
    store.publish(1, FILES, {})
    storage.write("versions/00000002/policy.tflite", b"half")
    assert store.versions() == [1]
    assert store.recover() == 1
    with pytest.raises(ModelNotFound):
        store.load(2)
    store.publish(2, FILES, {})
    assert store.load(2).files == FILES


def test_a_version_whose_pointer_was_never_moved_is_recovered(
    storage: Storage, store: ModelStore
) -> None:
    store.publish(1, FILES, {})
    pointer = storage.read("latest.json")
    assert pointer is not None
    store.publish(2, FILES, {})
    storage.write("latest.json", pointer.data)
    assert store.latest() == 1
    assert store.recover() == 2
    assert store.latest() == 2


def test_many_versions_are_all_listed(
    storage: Storage, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The S3 server then needs several pages for its listing.
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "5")
    for version in (*range(1, 12), 123_456_789):
        storage.write(f"versions/{version:08d}/manifest.json", b"{}")
        storage.write(f"versions/{version:08d}/policy.tflite", b"")
    assert store.versions() == [*range(1, 12), 123_456_789]


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_readers_see_complete_versions_only(store: ModelStore) -> None:
    last = 12
    faults: list[str] = []
    seen: set[int] = set()

    def read() -> None:
        newest = 0
        while newest < last:
            latest = store.latest()
            if latest is None:
                continue
            if latest < newest:
                faults.append(f"{latest} after {newest}")
            newest = latest
            model = store.load(newest)
            if model.files != _content(newest) or model.info != {"version": newest}:
                faults.append(f"version {newest} is not as it was published")
            seen.add(newest)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in range(1, last + 1):
        store.publish(version, _content(version), {"version": version})
        if version in (4, 8):
            _wait_until(lambda at_least=version: max(seen, default=0) >= at_least)
    for reader in readers:
        reader.join(60)
        assert not reader.is_alive()
    assert faults == []
    assert len(seen) > 2


def test_two_publishers_leave_whole_versions_and_the_newest_pointer(
    storage: Storage, store: ModelStore
) -> None:
    last = 10
    refused: list[int] = []

    def publish(start: int) -> None:
        own = ModelStore(storage)
        for version in range(start, last + 1, 2):
            own.publish(version, _content(version), {"version": version})
        try:
            own.publish(30, _content(start), {"version": 30})
        except VersionExists:
            refused.append(start)

    publishers = [threading.Thread(target=publish, args=(start,)) for start in (1, 2)]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join(60)
    assert store.latest() == 30
    assert store.versions() == [*range(1, last + 1), 30]
    for version in range(1, last + 1):
        assert store.load(version).files == _content(version)
    assert len(refused) == 1


def _content(version: int) -> dict[str, bytes]:
    return {f"file{i}": bytes([version, i]) * 20_000 for i in range(3)}


def test_all_but_the_newest_and_the_best_can_be_removed(store: ModelStore) -> None:
    assert store.removable(keep=2) == []
    for version in range(1, 7):
        store.publish(version, FILES, {})
    store.set_best(2, {})
    assert store.removable(keep=2) == [1, 3, 4]
    assert store.removable(keep=6) == []
    for version in (1, 3, 4):
        store.remove(version)
    assert store.versions() == [2, 5, 6]
    assert store.removable(keep=2) == []
    assert (store.latest(), store.best()) == (6, 2)
    for version in (2, 5, 6):
        assert store.load(version).files == FILES
    with pytest.raises(ModelNotFound, match="no complete version 3"):
        store.load(3)
    store.remove(3)


def test_nothing_is_left_of_a_version_that_was_removed(store: ModelStore, storage: Storage) -> None:
    for version in (1, 2):
        store.publish(version, FILES, {})
    store.remove(1)
    assert {key.split("/")[1] for key in storage.keys("versions/")} == {"00000002"}


@pytest.mark.parametrize("version", [1, 3])
def test_what_a_pointer_is_on_is_not_removed(store: ModelStore, version: int) -> None:
    for each in (1, 2, 3):
        store.publish(each, FILES, {})
    store.set_best(1, {})
    with pytest.raises(ValueError, match=f"version {version} .* is the latest or the best"):
        store.remove(version)
    assert store.load(version).files == FILES


def test_what_a_killed_publisher_or_remover_left_can_be_removed(
    store: ModelStore, storage: Storage
) -> None:
    storage.write("versions/00000001/policy.tflite", b"half")
    for version in (2, 3):
        store.publish(version, FILES, {})
    storage.write("versions/00000004/policy.tflite", b"under way")
    assert store.removable(keep=2) == [1]
    store.remove(1)
    assert store.removable(keep=2) == []


def test_a_reader_whom_a_removal_overtakes_is_told_so(
    store: ModelStore, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in (1, 2):
        store.publish(version, FILES, {})
    reader, read = ModelStore(storage), storage.read

    def removed_before_the_first_file(key: str) -> object:
        if key == "versions/00000001/policy.tflite":
            store.remove(1)
        return read(key)

    monkeypatch.setattr(storage, "read", removed_before_the_first_file)
    with pytest.raises(ModelNotFound, match="no complete version 1"):
        reader.load(1)
    assert reader.load(reader.latest()).version == 2
