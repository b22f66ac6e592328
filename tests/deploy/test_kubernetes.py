"""The Kubernetes objects: by their published schemas, and by the code that reads what they tell."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kustomized import Object, build, find, program, read
from roles import DEPLOY, REPOSITORY, check_script, read_simulation, read_trainer

# The oldest one in which all of it is there, and one of today.
VERSIONS = ("1.30", "1.35")
ROLES = (("StatefulSet", "redis"), ("Job", "trainer"), ("Job", "simulation"))
OF_THE_USER = ("model_metadata.json", "reward_function.py")


@pytest.fixture
def kubernetes(tmp_path: Path) -> Path:
    """The folder as a user has prepared it."""
    folder = tmp_path / "kubernetes"
    ignore = shutil.ignore_patterns("secrets.env", *OF_THE_USER)
    shutil.copytree(DEPLOY / "kubernetes", folder, ignore=ignore)
    for name in OF_THE_USER:
        shutil.copy(REPOSITORY / "config" / name, folder / "base")
    shutil.copy(folder / "base" / "secrets.env.example", folder / "base" / "secrets.env")
    return folder


@pytest.fixture(params=["base", "gpu", "gpu with tls"])
def objects(request, kubernetes: Path) -> list[Object]:
    return read(prepared(kubernetes, request.param))


def prepared(kubernetes: Path, which: str) -> Path:
    folder = kubernetes / which.split()[0]
    if which.endswith("with tls"):
        with (folder / "kustomization.yaml").open("a") as file:
            file.write("components: [../tls]\n")
    return folder


def pod(objects: list[Object], kind: str, name: str) -> Any:
    return find(objects, kind, name)["spec"]["template"]["spec"]


def environment(objects: list[Object], kind: str, name: str) -> dict[str, str]:
    """A container's variables, as the kubelet fills them in."""
    (container,) = pod(objects, kind, name)["containers"]
    variables: dict[str, str] = {}
    for entry in container.get("envFrom", []):
        variables |= find(objects, "ConfigMap", entry["configMapRef"]["name"])["data"]
    for entry in container.get("env", []):
        if "value" in entry:
            variables[entry["name"]] = entry["value"]
        else:
            place = entry["valueFrom"]["secretKeyRef"]
            secret = find(objects, "Secret", place["name"])
            variables[entry["name"]] = secret["stringData"][place["key"]]
    return variables


@pytest.mark.parametrize("version", VERSIONS)
def test_the_schemas_are_kept(objects, version):
    for entry in objects:
        assert kubernetes_validate.validate(entry, version, strict=True) == version


def test_the_schemas_would_find_a_mistake(kubernetes):
    worse = copy.deepcopy(find(read(kubernetes / "base"), "Job", "simulation"))
    worse["spec"]["completionsMode"] = worse["spec"].pop("completionMode")
    with pytest.raises(kubernetes_validate.ValidationError, match="completionsMode"):
        kubernetes_validate.validate(worse, VERSIONS[0], strict=True)


@pytest.mark.skipif(program() is None, reason="neither kustomize nor kubectl is installed here")
@pytest.mark.parametrize("which", ["base", "gpu", "gpu with tls"])
def test_kustomize_makes_the_same_of_it(kubernetes, which):
    """The real program; besides, it sets namespace, images and the number of simulations."""
    run = kubernetes / "base" / "run.env"
    run.write_text(run.read_text().replace("NUM_WORKERS=2", "NUM_WORKERS=7"))
    folder = prepared(kubernetes, which)
    built, ours = build(program(), folder), read(folder)
    assert len(built) == len(ours)
    for entry in built:
        assert kubernetes_validate.validate(entry, VERSIONS[1], strict=True)
        if entry["kind"] != "Namespace":
            assert entry["metadata"]["namespace"] == "deepracer"
    simulation = find(built, "Job", "simulation")
    assert (simulation["spec"]["completions"], simulation["spec"]["parallelism"]) == (7, 7)
    for kind, name in ROLES:
        theirs, expected = pod(built, kind, name), pod(ours, kind, name)
        image = theirs["containers"][0].pop("image")
        assert image.startswith("REGISTRY/deepracer:")
        expected["containers"][0].pop("image")
        assert theirs == expected


def test_the_simulations_and_the_trainer_are_of_one_run(objects, caplog):
    simulation = find(objects, "Job", "simulation")["spec"]
    told = environment(objects, "Job", "simulation")
    assert simulation["completionMode"] == "Indexed"
    assert simulation["completions"] == simulation["parallelism"] == int(told["NUM_WORKERS"])
    job = read_simulation({**told, "JOB_COMPLETION_INDEX": "1"}, caplog)
    assert (job.worker, job.workers) == (1, simulation["completions"])
    hyperparameters = find(objects, "ConfigMap", "hyperparameters")["data"]
    (name,) = hyperparameters
    variables = environment(objects, "Job", "trainer")
    variables = {key: value for key, value in variables.items() if key not in of_simulations()}
    asked = read_trainer(variables, json.loads(hyperparameters[name]), caplog)
    assert job.place.address.partition("?")[0] == asked.request.store


def test_each_run_has_checkpoints_of_its_own(objects):
    (container,) = pod(objects, "Job", "trainer")["containers"]
    (mount,) = [entry for entry in container["volumeMounts"] if entry["name"] == "checkpoints"]
    variable = mount["subPathExpr"].removeprefix("$(").removesuffix(")")
    hyperparameters = find(objects, "ConfigMap", "hyperparameters")["data"]["hyperparameters.json"]
    prefix = environment(objects, "Job", "trainer")[variable]
    assert prefix == json.loads(hyperparameters)["s3_prefix"]


def of_simulations() -> set[str]:
    return {"NUM_WORKERS", "SAGEMAKER_SHARED_S3_BUCKET", "SAGEMAKER_SHARED_S3_PREFIX", "WORLD_NAME"}


@pytest.mark.parametrize(("kind", "name"), ROLES)
def test_each_role_has_probes_requests_and_no_rights(objects, kind, name):
    spec = pod(objects, kind, name)
    (container,) = spec["containers"]
    for probe in ("startupProbe", "livenessProbe"):
        check_script(container[probe]["exec"]["command"][0])
    if "command" in container:
        check_script(container["command"][0])
    assert {"cpu", "memory"} <= set(container["resources"]["requests"])
    assert container["resources"]["limits"]["memory"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    for mount in container["volumeMounts"]:
        volumes = {volume["name"] for volume in spec.get("volumes", [])} | {"data"}
        assert mount["name"] in volumes


def test_only_the_gpu_overlay_asks_for_a_gpu(kubernetes):
    def limits(which: str) -> dict[str, str]:
        objects = read(kubernetes / which)
        return pod(objects, "Job", "trainer")["containers"][0]["resources"]["limits"]

    assert "nvidia.com/gpu" not in limits("base")
    assert limits("gpu")["nvidia.com/gpu"] == "1"


def test_with_tls_both_sides_know_the_authority(kubernetes):
    objects = read(prepared(kubernetes, "base with tls"))
    for name in ("trainer", "simulation"):
        url = environment(objects, "Job", name)["DEEPRACER_REDIS"]
        assert url.startswith("rediss://redis:6379?")
        authority = Path(url.partition("ssl_ca_certs=")[2])
        mounts = pod(objects, "Job", name)["containers"][0]["volumeMounts"]
        assert str(authority.parent) in {mount["mountPath"] for mount in mounts}
    told = environment(objects, "StatefulSet", "redis")
    assert {"REDIS_TLS_CERTIFICATE", "REDIS_TLS_KEY", "REDIS_PASSWORD_FILE"} <= set(told)


def test_a_patch_for_something_that_is_not_there_is_found(kubernetes):
    folder = kubernetes / "gpu"
    text = (folder / "kustomization.yaml").read_text()
    (folder / "kustomization.yaml").write_text(text.replace("name: trainer", "name: teacher"))
    with pytest.raises(AssertionError, match=r'there is no .*"teacher"'):
        read(folder)


def test_no_secret_is_in_a_file_that_is_kept():
    ignored = (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()
    for name in ("secrets.env", *OF_THE_USER):
        assert f"/deploy/kubernetes/base/{name}" in ignored
    for path in (DEPLOY / "kubernetes").rglob("*.yaml"):
        for entry in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            assert not isinstance(entry, dict) or entry.get("kind") != "Secret"
