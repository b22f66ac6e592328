"""Where the versions of a model and the records of its run are kept: a directory, or S3."""

from deepracer_core.model_store.address import open_model_store, open_storage
from deepracer_core.model_store.errors import (
    ModelCorrupt,
    ModelNotFound,
    StoreConfigurationError,
    StoreError,
    StoreUnavailable,
    VersionExists,
)
from deepracer_core.model_store.storage import Storage
from deepracer_core.model_store.store import ModelStore, StoredModel

__all__ = [
    "ModelCorrupt",
    "ModelNotFound",
    "ModelStore",
    "Storage",
    "StoreConfigurationError",
    "StoreError",
    "StoreUnavailable",
    "StoredModel",
    "VersionExists",
    "open_model_store",
    "open_storage",
]
