"""What can go wrong between a model and its store."""

from deepracer_core.errors import ConfigurationError


class StoreError(Exception):
    """A model store could not do what it was asked."""


class StoreUnavailable(StoreError):
    """The store is away for now: the same request can work later."""


class StoreConfigurationError(StoreError, ConfigurationError):
    """The store cannot work as it is configured; the message says what to do."""


class ModelNotFound(StoreError, LookupError):
    """The store has no such version, or the version no such file."""


class ModelCorrupt(StoreError):
    """What is stored of a version is not what was published."""


class VersionExists(StoreError):
    """The version is there already with other content; versions never change."""
