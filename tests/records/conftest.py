"""A track to drive on, and the two kinds of places that records are written to."""

import sys
from pathlib import Path

import pytest
from deepracer_core.model_store import Storage, open_storage
from deepracer_core.track import Track

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "stores"):
    sys.path.insert(0, str(folder))

from driven import TESTS, load, rules  # noqa: E402 - found by the line above

_stores = load("tests_of_stores", TESTS / "stores" / "conftest.py")
aws = _stores.aws
administrator = _stores.administrator
bucket = _stores.bucket
moto_port = _stores.moto_port


@pytest.fixture(scope="session")
def track() -> Track:
    """A ring of 5 m."""
    return rules.ring(radius=0.8, points=120)


@pytest.fixture
def folder(tmp_path: Path) -> Storage:
    return open_storage(str(tmp_path / "store"))


@pytest.fixture
def s3(bucket: str, moto_port: int) -> Storage:
    return open_storage(f"s3://{bucket}/runs/first?endpoint_url=http://127.0.0.1:{moto_port}")
