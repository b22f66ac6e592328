"""Where the versions of a model are kept: a directory, or a bucket of S3."""

from deepracer_core.model_store.address import open_model_store
from deepracer_core.model_store.errors import (
    ModelCorrupt,
    ModelNotFound,
    StoreConfigurationError,
    StoreError,
    StoreUnavailable,
    VersionExists,
)
from deepracer_core.model_store.store import ModelStore, StoredModel

__all__ = [
    "ModelCorrupt",
    "ModelNotFound",
    "ModelStore",
    "StoreConfigurationError",
    "StoreError",
    "StoreUnavailable",
    "StoredModel",
    "VersionExists",
    "open_model_store",
]
