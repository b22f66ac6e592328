"""The Compose files: by their published schema, and by the code that reads what they tell."""

import ipaddress
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from compose_files import COMPOSE, VARIABLE, example, read
from cryptography import x509
from roles import DEPLOY, REPOSITORY, check_script, read_simulation, read_trainer

FILES = ("compose.yaml", "compose.tls.yaml", "compose.gpu.yaml")


def check_schema(file: Path) -> subprocess.CompletedProcess[str]:
    """Check a file by the schema of the Compose specification, of which the tool has a copy."""
    command = [sys.executable, "-m", "check_jsonschema"]
    return subprocess.run(
        [*command, "--builtin-schema", "vendor.compose-spec", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("file", FILES)
def test_the_schema_is_kept(file):
    done = check_schema(COMPOSE / file)
    assert done.returncode == 0, done.stdout


def test_the_schema_would_find_a_mistake(tmp_path):
    worse = tmp_path / "compose.yaml"
    text = (COMPOSE / "compose.yaml").read_text(encoding="utf-8")
    worse.write_text(text.replace("depends_on:", "depend_on:"))
    done = check_schema(worse)
    assert done.returncode == 1
    assert "'depend_on' was unexpected" in done.stdout


def test_every_name_that_a_file_refers_to_is_there():
    content = read("compose.yaml")
    for name, service in content["services"].items():
        assert set(service.get("depends_on", {})) <= set(content["services"]), name
        assert set(service.get("secrets", [])) <= set(content["secrets"]), name
        assert {entry["source"] for entry in service.get("configs", [])} <= set(content["configs"])
        for volume in service.get("volumes", []):
            place = volume.split(":")[0]
            assert place in content["volumes"] or (COMPOSE / place).is_dir(), volume
        context = service.get("build", {}).get("context")
        assert context is None or (COMPOSE / context).resolve() == REPOSITORY
    check_script(content["services"]["redis"]["entrypoint"][0])
    check_script(content["services"]["redis"]["healthcheck"]["test"][1])
    for file in FILES[1:]:
        assert set(read(file)["services"]) <= set(content["services"]), file


def test_the_example_is_whole_and_its_values_are_used():
    text = "".join((COMPOSE / file).read_text(encoding="utf-8") for file in FILES)
    used = {name for _, name, _, _ in VARIABLE.findall(text) if name} | {"REDIS_PASSWORD"}
    assert set(example()) <= used
    needed = set(re.findall(r"\$\{(\w+):\?", text)) | {"REDIS_PASSWORD"}
    assert needed <= set(example())


@pytest.mark.parametrize("simulations", ["1", "4"])
def test_the_simulations_and_the_trainer_are_of_one_run(simulations, caplog, monkeypatch):
    content = read("compose.yaml", SIMULATIONS=simulations, RUN="mine")
    simulation, trainer = (content["services"][name] for name in ("simulation", "trainer"))
    assert simulation["deploy"]["replicas"] == int(simulations)
    environment = {name: str(value) for name, value in simulation["environment"].items()}
    assert environment.pop("COMPOSE_CONTAINER") == f"{content['name']}-simulation"
    last = str(int(simulations) - 1)
    job = read_simulation({**environment, "ROLLOUT_IDX": last}, caplog)
    assert (job.worker, job.workers) == (int(last), int(simulations))
    hyperparameters = json.loads(content["configs"]["hyperparameters"]["content"])
    asked = read_trainer(trainer["environment"], hyperparameters, caplog)
    assert job.place.address.partition("?")[0] == asked.request.store
    assert job.place.bucket == content["services"]["bucket"]["environment"]["BUCKET"]
    assert job.run == "rl-deepracer-mine"
    assert content["volumes"]["checkpoints"]["name"] == "deepracer-checkpoints-mine"


def test_with_tls_both_sides_know_the_authority(caplog):
    content, tls = read("compose.yaml"), read("compose.tls.yaml")
    server = tls["services"]["redis"]
    for name in ("REDIS_TLS_CERTIFICATE", "REDIS_TLS_KEY"):
        assert Path(server["environment"][name]).name in server["secrets"]
    for name in ("trainer", "simulation"):
        environment = {**content["services"][name]["environment"]}
        environment.update(tls["services"][name]["environment"])
        url = environment["DEEPRACER_REDIS"]
        assert url.startswith("rediss://redis:6379?")
        authority = Path(url.partition("ssl_ca_certs=")[2])
        assert authority.name in tls["services"][name]["secrets"]
    environment.pop("COMPOSE_CONTAINER")
    read_simulation({name: str(value) for name, value in environment.items()}, caplog)


def test_certificates_are_for_the_names_that_are_asked_for(tmp_path):
    script = DEPLOY / "make_certificates.sh"
    linter = Path(sys.executable).parent / "shellcheck"
    subprocess.run([linter, script], check=True)
    subprocess.run([script, tmp_path, "redis", "10.0.0.7"], stderr=subprocess.DEVNULL, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"ca.crt", "tls.crt", "tls.key"}
    assert (tmp_path / "tls.key").stat().st_mode & 0o077 == 0
    made = x509.load_pem_x509_certificate((tmp_path / "tls.crt").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["redis"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("10.0.0.7")]
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes())
    made.verify_directly_issued_by(authority)
    done = subprocess.run([script, tmp_path], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "usage: make_certificates.sh FOLDER NAME ...\n")


def test_no_password_is_in_a_file_that_is_kept():
    for file in FILES:
        text = (COMPOSE / file).read_text(encoding="utf-8")
        for line in text.splitlines():
            if "PASSWORD:" in line or "ACCESS_KEY:" in line:
                assert "${" in line, f"{file}: {line}"
    ignored = (REPOSITORY / ".gitignore").read_text(encoding="utf-8")
    assert "/deploy/compose/.env\n" in ignored
