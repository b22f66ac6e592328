"""From an address to a model store."""

import difflib
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from deepracer_core.model_store.errors import StoreConfigurationError
from deepracer_core.model_store.local import LocalStorage
from deepracer_core.model_store.storage import Storage
from deepracer_core.model_store.store import ModelStore

_S3_OPTIONS = ("endpoint_url", "region")


def open_model_store(url: str) -> ModelStore:
    """Open the model store at an address. Nothing is read or written yet; see `ModelStore.check`.

    Args:
        url: see `open_storage`.

    Raises:
        StoreConfigurationError: it is no such address. The message repeats no credentials.
    """
    return ModelStore(open_storage(url))


def open_storage(url: str, *, is_patient: bool = True) -> Storage:
    """Open the place at an address, where a run's models and records are kept.

    Args:
        url: a path, `file:///path`, or `s3://bucket/prefix`, the latter with `?endpoint_url=` and
            `&region=` where the environment does not say them (see `S3Storage`).
        is_patient: a request that fails is made again before it is told; not so for one who tries
            again by itself.

    Raises:
        StoreConfigurationError: it is no such address. The message repeats no credentials.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        if not url:
            raise StoreConfigurationError("the model store's address is empty: give a path or URL")
        return LocalStorage(Path(url).expanduser())
    if scheme == "file":
        return _local(url)
    if scheme == "s3":
        return _s3(url, is_patient)
    raise StoreConfigurationError(
        f"the model store's address must be a path, file:///path or s3://bucket/prefix, "
        f"not {scheme}://"
    )


def _local(url: str) -> Storage:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise StoreConfigurationError(
            f"a local model store is file:///absolute/path (three slashes), got {url}"
        )
    return LocalStorage(Path(unquote(parts.path)))


def _s3(url: str, is_patient: bool) -> Storage:
    # boto3 takes a third of a second to import: only those wait for it who use it.
    from deepracer_core.model_store.s3 import IMPATIENT, S3Storage

    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise StoreConfigurationError(
            "credentials do not belong into the model store's address: use the environment "
            "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or a profile"
        )
    if not parts.netloc:
        raise StoreConfigurationError(f"{url} names no bucket: expected s3://bucket/prefix")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in options:
        if name not in _S3_OPTIONS:
            near = difflib.get_close_matches(name, _S3_OPTIONS, n=1) or _S3_OPTIONS
            raise StoreConfigurationError(
                f"the model store's address has an unknown option {name}: "
                f"did you mean {' or '.join(near)}?"
            )
    return S3Storage(
        bucket=parts.netloc,
        prefix=unquote(parts.path).strip("/"),
        endpoint_url=options.get("endpoint_url") or None,
        region=options.get("region") or None,
        patience=None if is_patient else IMPATIENT,
    )
