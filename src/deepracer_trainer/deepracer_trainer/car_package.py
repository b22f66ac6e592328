"""The package for the physical car: `model.tar.gz` with `model_metadata.json` and `agent/model.pb`.

A program of its own, `python -m deepracer_trainer.car_package`, so that the command line needs no
TensorFlow. Its last line on standard output says how it went, as JSON: `{"error": "..."}`, or
`{"size": bytes, "difference": ...}`.
"""

import argparse
import gzip
import io
import json
import os
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import degrees
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from deepracer_core.errors import ConfigurationError
from deepracer_core.hyperparameters import parse_hyperparameters
from deepracer_core.lite_policy import LitePolicy, PolicyError
from deepracer_core.model_files import (
    HYPERPARAMETERS_FILE,
    METADATA_FILE,
    POLICY_FILE,
    WEIGHTS_FILE,
)
from deepracer_core.model_metadata import ModelMetadata, parse_model_metadata
from deepracer_core.model_store import StoreError, open_model_store
from deepracer_core.sensors import LIDAR_RANGE
from numpy.typing import NDArray

GRAPH_ENTRY = "agent/model.pb"

FILES = (METADATA_FILE, HYPERPARAMETERS_FILE, WEIGHTS_FILE, POLICY_FILE)
"""What of a version the package is made of, and what it is checked against; besides, where
model_metadata.json names a user's own network, its file."""

TOLERANCE = 1e-4
"""So much may a probability or a mean action of the package differ from the model's."""

_COMPARED = 16


class PackageError(ValueError):
    """The files of a version make no package that drives as the model does."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was written and checked.

    Attributes:
        size: bytes.
        difference: largest one between its outputs and the model's.
    """

    size: int
    difference: float


def write_package(files: Mapping[str, bytes], path: Path) -> Package:
    """Write the package of one version, and compare what is in the file with the model.

    It is there when it was found good, not before; what was at that path stays until then.

    Args:
        files: of the version, by name, see `FILES`.
        path: of the package.

    Raises:
        PackageError: the files make no model, or the graph does not say what the model says.
        ConfigurationError: one of the user's files in the version cannot be read.
        OSError: it cannot be written.
    """
    # TensorFlow takes seconds to load: a mistake is told before that.
    metadata = parse_model_metadata(files[METADATA_FILE].decode(errors="replace"), METADATA_FILE)
    hyperparameters = parse_hyperparameters(files[HYPERPARAMETERS_FILE], HYPERPARAMETERS_FILE)
    try:
        policy = LitePolicy(files[POLICY_FILE], metadata.action_space, metadata.sensors)
    except PolicyError as error:
        raise PackageError(str(error)) from error

    from deepracer_trainer.checkpoint import CheckpointError, restore_network
    from deepracer_trainer.frozen_graph import GRAPH_NAMES, freeze
    from deepracer_trainer.learner import build_learner

    with tempfile.TemporaryDirectory() as folder:
        if metadata.network_file:
            (Path(folder) / metadata.network_file).write_bytes(files[metadata.network_file])
        beside = replace(metadata, neural_network=PurePath(metadata.neural_network).name)
        network = build_learner(beside, hyperparameters, seed=0, folder=Path(folder)).network
    try:
        restore_network(network, files)
    except CheckpointError as error:
        raise PackageError(str(error)) from error
    names = GRAPH_NAMES[metadata.training_algorithm]
    graph = freeze(network, names, is_discrete=metadata.action_space.is_discrete)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(archive({METADATA_FILE: car_metadata(metadata), GRAPH_ENTRY: graph}))
        package = check_package(fresh, policy, metadata)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return package


def check_package(path: Path, policy: LitePolicy, metadata: ModelMetadata) -> Package:
    """Run the graph in a package on random observations beside the policy that was trained.

    Raises:
        PackageError: they do not say the same, or there is no graph in it.
    """
    from deepracer_trainer.frozen_graph import (
        GRAPH_NAMES,
        FrozenGraphError,
        evaluate_frozen_graph,
    )

    with tarfile.open(path) as tar:
        member = tar.extractfile(GRAPH_ENTRY)
        graph = b"" if member is None else member.read()
    observations = _random_observations(policy, np.random.default_rng(0))
    expected = np.stack(
        [
            _output(policy, metadata, {sensor: seen[row] for sensor, seen in observations.items()})
            for row in range(_COMPARED)
        ]
    )
    names = GRAPH_NAMES[metadata.training_algorithm]
    try:
        found = evaluate_frozen_graph(graph, names, observations)
    except FrozenGraphError as error:
        raise PackageError(str(error)) from error
    if found.shape != expected.shape:
        raise PackageError(
            f"{GRAPH_ENTRY}: expected an output of shape {expected.shape}, got {found.shape}"
        )
    difference = float(np.abs(found - expected).max())
    if not difference <= TOLERANCE:  # nor if it is no number
        raise PackageError(
            f"{GRAPH_ENTRY}, made of {WEIGHTS_FILE}, differs from {POLICY_FILE}, which drives,"
            f" by {difference:.2g} on random observations, more than {TOLERANCE:g}: the files are"
            " not of one version; export another one"
        )
    return Package(path.stat().st_size, difference)


def car_metadata(metadata: ModelMetadata) -> bytes:
    """The model_metadata.json of the package: the user's, everything said and in plain numbers.

    The car has other defaults: a file that names no sensor makes it look for an input named
    `observation`.
    """
    space = metadata.action_space
    given: dict[str, Any] = json.loads(metadata.text)
    said = {
        "action_space": _discrete(metadata) if space.is_discrete else _continuous(metadata),
        "action_space_type": "discrete" if space.is_discrete else "continuous",
        "sensor": list(metadata.sensors),
        "neural_network": metadata.neural_network,
        "training_algorithm": metadata.training_algorithm,
        "version": str(metadata.version),
    }
    return (json.dumps({**given, **said}, indent=2) + "\n").encode()


def archive(entries: Mapping[str, bytes]) -> bytes:
    """A .tar.gz of these; the same entries give the same bytes, whenever and by whomever."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name, data in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def _discrete(metadata: ModelMetadata) -> list[dict[str, float]]:
    commands = [metadata.action_space.command(i) for i in range(metadata.action_space.size)]
    return [
        {"steering_angle": _deg(command.steering_angle), "speed": command.speed, "index": index}
        for index, command in enumerate(commands)
    ]


def _continuous(metadata: ModelMetadata) -> dict[str, dict[str, float]]:
    low, high = (
        metadata.action_space.command(np.full(metadata.action_space.size, edge, np.float32))
        for edge in (-1.0, 1.0)
    )
    return {
        "steering_angle": {"low": _deg(low.steering_angle), "high": _deg(high.steering_angle)},
        "speed": {"low": low.speed, "high": high.speed},
    }


def _deg(angle: float) -> float:
    return round(degrees(angle), 6)


def _random_observations(
    policy: LitePolicy, rng: np.random.Generator
) -> dict[str, NDArray[np.generic]]:
    """[_COMPARED, ...] of each sensor: brightness and contrast differ from picture to picture."""
    observations: dict[str, NDArray[np.generic]] = {}
    for sensor, (dtype, shape) in policy.takes.items():
        low, high = np.sort(rng.uniform(0.0, 1.0, (2, _COMPARED, *[1] * len(shape))), axis=0)
        value = rng.uniform(low, high, (_COMPARED, *shape))
        if dtype == "uint8":
            observations[sensor] = np.round(255.0 * value).astype(np.uint8)
        else:
            nearest, farthest = LIDAR_RANGE
            observations[sensor] = (nearest + value * (farthest - nearest)).astype(dtype)
    return observations


def _output(
    policy: LitePolicy, metadata: ModelMetadata, observation: Mapping[str, NDArray[np.generic]]
) -> NDArray[np.generic]:
    """What the graph is to say of an observation: probabilities, or the mean action."""
    if metadata.action_space.is_discrete:
        return policy.probabilities(observation)
    return np.asarray(policy.act(observation, np.random.default_rng(0), greedy=True))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the package of one version; exit code 2 when that cannot be done."""
    given = _parser().parse_args(arguments)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        package = write_package(_load(given.store, given.version), given.output)
    except (StoreError, ConfigurationError, PackageError) as error:
        said: dict[str, Any] = {"error": str(error)}
    except OSError as error:
        said = {"error": f"{given.output} cannot be written: {error.strerror}"}
    else:
        said = {"size": package.size, "difference": package.difference}
    print(json.dumps(said))
    sys.exit(2 if "error" in said else 0)


def _load(address: str, version: int) -> dict[str, bytes]:
    """The files of a version that its package needs."""
    store = open_model_store(address)
    files = dict(store.load(version, names=FILES).files)
    text = files[METADATA_FILE].decode(errors="replace")
    if network := parse_model_metadata(text, METADATA_FILE).network_file:
        files |= store.load(version, names=(network,)).files
    return files


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="car_package", description="Writes the package for the physical car."
    )
    add = parser.add_argument
    add("--store", required=True, help="folder or s3://bucket/prefix of the model versions")
    add("--version", required=True, type=int, help="number of the version")
    add("--output", required=True, type=Path, help="path of the package")
    return parser


if __name__ == "__main__":
    main()
