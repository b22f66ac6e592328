"""The Kubernetes objects that a kustomization stands for.

`build` asks the real program. `read` needs none, and does of it what the tests of every machine
need: resources, components, generated objects under their plain names, and JSON patches.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonpatch
import yaml

Object = dict[str, Any]


def program() -> list[str] | None:
    """The command that builds a kustomization; None where it is not installed."""
    if found := shutil.which("kustomize"):
        return [found, "build"]
    if found := shutil.which("kubectl"):
        return [found, "kustomize"]
    return None


def build(command: list[str], folder: Path) -> list[Object]:
    """The objects, by the real program.

    Raises:
        subprocess.CalledProcessError: it refuses the folder.
    """
    done = subprocess.run([*command, str(folder)], stdout=subprocess.PIPE, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


def read(folder: Path) -> list[Object]:
    """The objects, with patches applied by RFC 6902."""
    told = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    objects = [entry for name in told.get("resources", []) for entry in _resources(folder / name)]
    objects += _generated(folder, told)
    for name in told.get("components", []):
        objects = _patched(objects, folder / name)
    return _patched(objects, folder)


def find(objects: list[Object], kind: str, name: str) -> Object:
    """The one object of a kind and name."""
    (found,) = [o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, name)]
    return found


def _resources(path: Path) -> Iterator[Object]:
    if path.is_dir():
        yield from read(path)
    else:
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def _generated(folder: Path, told: Object) -> Iterator[Object]:
    for kind, key, field in (
        ("ConfigMap", "configMapGenerator", "data"),
        ("Secret", "secretGenerator", "stringData"),
    ):
        for entry in told.get(key, []):
            data = {name: (folder / name).read_text() for name in entry.get("files", [])}
            for name in entry.get("envs", []):
                lines = (folder / name).read_text(encoding="utf-8").splitlines()
                pairs = (line.split("=", 1) for line in lines if line and line[0] != "#")
                data.update(dict(pairs))
            yield {
                "apiVersion": "v1",
                "kind": kind,
                "metadata": {"name": entry["name"]},
                field: data,
            }


def _patched(objects: list[Object], folder: Path) -> list[Object]:
    """The objects after a folder's patches, each of which has to meet one of them."""
    told = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    for entry in told.get("patches", []):
        operations = yaml.safe_load((folder / entry["path"]).read_text(encoding="utf-8"))
        patch = jsonpatch.JsonPatch(operations)
        target = entry["target"]
        met = [
            number
            for number, o in enumerate(objects)
            if o["kind"] == target["kind"] and re.fullmatch(target["name"], o["metadata"]["name"])
        ]
        assert met, f"{folder / entry['path']}: there is no {json.dumps(target)}"
        for number in met:
            objects[number] = patch.apply(objects[number])
    return objects
