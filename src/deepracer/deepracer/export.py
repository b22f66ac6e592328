"""`deepracer export`: a model as the physical car takes it, checked against what was trained."""

import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.errors import ConfigurationError
from deepracer_trainer.car_package import FILES
from rich.console import Console

from deepracer import exit_codes
from deepracer.display import doing
from deepracer.evaluate import chosen_version, open_store
from deepracer.failure import JobFailed
from deepracer.interruption import Interruption
from deepracer.model_source import copy_model
from deepracer.run_folder import run_folder
from deepracer.settings_sources import ResolvedSettings

PACKAGE_NAME = "model.tar.gz"
"""Of the package, where no other is asked for."""

_LOOK_S = 0.1
_LAST_LINES = 12


@dataclass(frozen=True, slots=True)
class CarPackage:
    """A package that was written and found good.

    Attributes:
        path: of the file.
        version: of the model in it.
        size: bytes.
        difference: largest one between its outputs and the model's on random observations.
    """

    path: Path
    version: int
    size: int
    difference: float


def export(
    resolved: ResolvedSettings,
    model: str | None,
    version: str | None,
    output: Path,
    console: Console,
) -> int:
    """Export a model.

    Args:
        resolved: settings; `run` is given, unless there is a `model`.
        model: where somebody's model is.
        version: best, latest or last, or a number; best without.
        output: path of the package.
        console: where it is said what was done.

    Returns:
        The exit code.

    Raises:
        ConfigurationError: there is no such model, or it is broken.
        JobFailed: the conversion died.
    """
    settings = resolved.settings
    with Interruption() as interruption, tempfile.TemporaryDirectory() as own:
        if model is not None:
            address, number = own, copy_model(model, Path(own), FILES, version)
        else:
            folder = run_folder(settings.runs_folder, str(settings.run))
            if not folder.exists:
                raise ConfigurationError(
                    f"there is no run {folder.name!r} in {folder.path.parent}: train one first, or"
                    " name another with --run"
                )
            address = settings.store or str(folder.store)
            number = chosen_version(open_store(settings, folder), version or "best")
        with doing(console, f"model v{number} is made a package for the car"):
            package = write_car_package(address, number, output.absolute(), interruption)
        if package is None:
            return interruption.exit_code
    console.print(
        f"Model v{package.version} for the car: {package.path}, {package.size / 1e6:.1f} MB",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        f"Its outputs differ from the trained model's by {package.difference:.1g} at most.",
        highlight=False,
        soft_wrap=True,
    )
    return exit_codes.DONE


def write_car_package(
    store: str, version: int, path: Path, interruption: Interruption
) -> CarPackage | None:
    """Write the package of a model version, and check it, in a process with TensorFlow.

    Args:
        store: address of the model store.
        version: which version.
        path: of the package; one that is there is replaced.
        interruption: ends it early.

    Returns:
        What was written; None when it was interrupted.

    Raises:
        ConfigurationError: the version cannot be read or is broken, or the path not be written.
        JobFailed: the process died.
    """
    program = [sys.executable, "-m", "deepracer_trainer.car_package"]
    with subprocess.Popen(
        [*program, "--store", store, "--version", str(version), "--output", str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=partial(die_with_parent, signal.SIGKILL),
    ) as process:
        while True:
            try:
                said, log = process.communicate(timeout=_LOOK_S)
                break
            except subprocess.TimeoutExpired:
                if interruption.came:
                    process.kill()
    if interruption.came:
        return None
    try:
        outcome = json.loads(said.splitlines()[-1])
    except (IndexError, ValueError):
        words = "\n".join(f"  | {line}" for line in log.splitlines()[-_LAST_LINES:])
        raise JobFailed(
            f"the conversion for the car died with exit code {process.returncode}; its last"
            f" lines:\n{words or '  | (nothing)'}"
        ) from None
    if "error" in outcome:
        raise ConfigurationError(f"model v{version} for the car: {outcome['error']}")
    return CarPackage(path, version, outcome["size"], outcome["difference"])
