from pathlib import Path

import pytest
from deepracer_core.model_store import StoreConfigurationError, open_model_store


def test_a_path_and_a_file_url_are_a_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for url in (
        str(tmp_path / "my models"),
        "my models",
        "~/my models",
        f"file://{tmp_path}/my%20models",
        f"file://localhost{tmp_path}/my%20models",
    ):
        assert open_model_store(url).url == str(tmp_path / "my models")
    assert list(tmp_path.iterdir()) == []


def test_a_bucket(aws: None) -> None:
    assert open_model_store("s3://bucket").url == "s3://bucket"
    assert open_model_store("s3://bucket/a/b/?region=eu-west-1").url == "s3://bucket/a/b"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "is empty"),
        ("ftp://host/x", "must be a path, file:///path or s3://bucket/prefix, not ftp://"),
        ("file://models/x", "three slashes"),
        ("s3://", "names no bucket"),
        ("s3:///prefix", "names no bucket"),
        ("s3://key:planted-secret@bucket/x", "credentials do not belong"),
        ("s3://bucket?endpoint=http://x", "unknown option endpoint: did you mean endpoint_url"),
        ("s3://bucket?endpoint_url=nonsense", "Invalid endpoint: nonsense"),
    ],
)
def test_addresses_that_cannot_be(aws: None, url: str, message: str) -> None:
    with pytest.raises(StoreConfigurationError, match=message) as told:
        open_model_store(url)
    assert "planted-secret" not in str(told.value)


def test_a_bucket_name_that_cannot_be(aws: None) -> None:
    store = open_model_store("s3://Not_A_Bucket!?region=us-east-1")
    with pytest.raises(StoreConfigurationError, match="Not_A_Bucket!"):
        store.check()


def test_an_unknown_profile(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreConfigurationError, match="nobody"):
        open_model_store("s3://bucket")
