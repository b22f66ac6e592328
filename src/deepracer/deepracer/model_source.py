"""A model that is no version of the run: somebody's store, or the files of one version."""

import io
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from deepracer_core.errors import ConfigurationError
from deepracer_core.model_files import METADATA_FILE, POLICY_FILE, WEIGHTS_FILE
from deepracer_core.model_metadata import parse_model_metadata
from deepracer_core.model_store import ModelStore, StoreError, open_model_store, open_storage
from deepracer_core.model_watcher import choose_version
from deepracer_core.records import keep_inputs

FILES = (POLICY_FILE, METADATA_FILE)
"""What a model needs to drive."""

_LARGEST_FILE = 1 << 30


def is_path(model: str) -> bool:
    """Whether a model is named by its place, not as a version of the run."""
    return not (model in ("best", "latest", "last") or model.isdecimal())


def copy_model(
    model: str, folder: Path, names: Sequence[str] = FILES, choice: str | None = None
) -> int:
    """Copy a model into a store of its own, from which it can drive: nothing is written to its own.

    Args:
        model: a store's folder or s3:// address; or a folder, .tar.gz or .zip that holds the files
            of one version.
        folder: of the new store.
        names: of the files that are needed of it; with its weights comes the file of a user's own
            network.
        choice: which version of a store: best, latest or a number; best without.

    Returns:
        The version that it has there: its own, or 1 where it has none.

    Raises:
        ConfigurationError: there is no model.
    """
    try:
        version, files = _find(model, names, choice)
        if WEIGHTS_FILE in names:
            text = files[METADATA_FILE].decode(errors="replace")
            if network := parse_model_metadata(text, f"{model}: {METADATA_FILE}").network_file:
                files |= _find(model, (network,), choice)[1]
        open_model_store(str(folder)).publish(version, files, {"source": model})
        # Where the tools that read the records of its evaluation look for it.
        keep_inputs(open_storage(str(folder)), files)
    except StoreError as error:
        raise ConfigurationError(f"model {model}: {error}") from error
    return version


def _find(model: str, names: Sequence[str], choice: str | None) -> tuple[int, dict[str, bytes]]:
    if model.startswith("s3://"):
        return _from_store(open_model_store(model), names, choice)
    path = Path(model).absolute()
    if (path / "versions").is_dir():
        return _from_store(open_model_store(str(path)), names, choice)
    if choice is not None and path.exists():
        raise ConfigurationError(
            f"model {path}: expected a store to choose version {choice!r} from, got one version;"
            " leave the choice out"
        )
    if path.is_dir():
        found = {name: (path / name).read_bytes() for name in names if (path / name).is_file()}
        return int(path.name) if path.name.isdecimal() else 1, _complete(found, names, path)
    if not path.is_file():
        raise ConfigurationError(
            f"model: expected best, latest, the number of a version, a store's address, or a"
            f" folder or archive of one version, got {model!r}, which is not there"
        )
    try:
        return 1, _complete(dict(_from_archive(path, names)), names, path)
    except (OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise ConfigurationError(
            f"model {path}: expected a .tar.gz or .zip archive: {error}"
        ) from error


def _from_store(
    store: ModelStore, names: Sequence[str], choice: str | None
) -> tuple[int, dict[str, bytes]]:
    version = choose_version(store, choice or "best")
    return version, dict(store.load(version, names=names).files)


def _from_archive(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The files that count, in whatever folder of the archive they are; nothing is unpacked."""
    data = path.read_bytes()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                if PurePosixPath(entry.filename).name in names and entry.file_size < _LARGEST_FILE:
                    yield PurePosixPath(entry.filename).name, archive.read(entry)
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            file = tar.extractfile(member) if name in names and member.isfile() else None
            if file is not None and member.size < _LARGEST_FILE:
                yield name, file.read()


def _complete(files: dict[str, bytes], names: Sequence[str], path: Path) -> dict[str, bytes]:
    missing = [name for name in names if name not in files]
    if missing:
        raise ConfigurationError(
            f"model {path}: expected the files of one version, {' and '.join(missing)} not found:"
            " a version's folder in a store has them, as versions/00000012"
        )
    return files
