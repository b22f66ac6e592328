"""The folder that SageMaker packs as model.tar.gz: the car's package, and a store to train on from.

    model_metadata.json, agent/model.pb                 what the physical car's web page takes
    versions/NNNNNNNN/..., latest.json, best.json       the newest and the best version, whole

Unpacked, it is a model store: what `deepracer evaluate --model FOLDER` takes, and, put into a
bucket, what pretrained_s3_bucket and pretrained_s3_prefix name.
"""

import json
import logging
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deepracer_core.model_store import ModelStore, open_model_store

_LOG = logging.getLogger(__name__)


def fill_model_folder(store: ModelStore, url: str, folder: Path, patience_s: float) -> int | None:
    """Put the best model into the folder, as the car takes it, and what training on needs.

    Args:
        store: of the job.
        url: its address.
        folder: /opt/ml/model, usually.
        patience_s: how long the car's package may take, seconds; it is left out then.

    Returns:
        The version that the car gets; None when there is no model.

    Raises:
        StoreError: a version cannot be read, or the folder cannot be written.
    """
    latest = store.latest()
    if latest is None:
        return None
    best = store.best() or latest
    folder.mkdir(parents=True, exist_ok=True)
    packed = open_model_store(str(folder))
    for version in sorted({best, latest}):
        model = store.load(version)
        packed.publish(version, model.files, model.info)
    info = store.best_info()
    if info is not None:
        packed.set_best(best, info)
    _add_car_package(url, best, folder, patience_s)
    return best


def _add_car_package(url: str, version: int, folder: Path, patience_s: float) -> None:
    with tempfile.TemporaryDirectory() as place:
        package = Path(place) / "model.tar.gz"
        outcome = _convert(url, version, package, patience_s)
        if "error" in outcome:
            # The model is there all the same, and `deepracer export` can be tried on it.
            _LOG.warning("no package for the car: %s", outcome["error"])
            return
        with tarfile.open(package) as tar:
            tar.extractall(folder, filter="data")
    _LOG.info(
        "the car's package is of version %d; its outputs differ from the model's by %.1g at most",
        version,
        outcome["difference"],
    )


def _convert(url: str, version: int, package: Path, patience_s: float) -> Mapping[str, object]:
    program = [sys.executable, "-m", "deepracer_trainer.car_package"]
    arguments = ["--store", url, "--version", str(version), "--output", str(package)]
    try:
        process = subprocess.run(
            [*program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=patience_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"it took longer than {patience_s:.0f} s"}
    try:
        outcome: dict[str, object] = json.loads(process.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        words = " ".join(process.stderr.split())[-300:]
        return {"error": f"the conversion died with exit code {process.returncode}: {words}"}
    return outcome
