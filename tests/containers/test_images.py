"""The Dockerfile, by a real linter, and what it names, by looking; its scripts, by running them."""

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DOCKERFILE = REPOSITORY / "Dockerfile"
DOCKER = REPOSITORY / "docker"
TARGETS = ("trainer", "simulation", "job")

DEBIAN = """\
Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
"""
UBUNTU = """\
deb http://archive.ubuntu.com/ubuntu/ jammy main restricted
deb http://security.ubuntu.com/ubuntu/ jammy-security main restricted
"""
MOMENT = "20261115T000000Z"


def run(*command: object, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )


def tool(name: str) -> str:
    """A linter that set-up has installed."""
    return str(Path(sys.executable).parent / name)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and their arguments, continued lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"))
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines if line.strip()]


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage, by its name."""
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for word, arguments in instructions():
        if word == "FROM":
            name = arguments.split()[-1]
            found[name] = [(word, arguments)]
        elif name:
            found[name].append((word, arguments))
    return found


def test_the_linter_has_nothing_to_say_about_the_dockerfile():
    done = run(tool("hadolint"), "--no-color", DOCKERFILE)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_linter_would_say_something(tmp_path):
    worse = tmp_path / "Dockerfile"
    text = DOCKERFILE.read_text(encoding="utf-8").replace("# hadolint ignore=DL3008\n", "")
    worse.write_text(text.replace("--no-install-recommends", ""))
    done = run(tool("hadolint"), "--no-color", worse)
    assert done.returncode == 1
    assert "DL3008" in done.stdout
    assert "DL3015" in done.stdout


def test_the_linter_has_nothing_to_say_about_the_scripts():
    done = run(tool("shellcheck"), *sorted(DOCKER.glob("*.sh")))
    assert (done.returncode, done.stdout) == (0, "")


def test_there_is_an_image_for_each_purpose():
    for target in TARGETS:
        words = dict(stages()[target])
        assert "HEALTHCHECK" in words, target
        (program, *_) = json.loads(words["ENTRYPOINT"])
        script = REPOSITORY / Path(program).relative_to("/opt/deepracer")
        assert os.access(script, os.X_OK), f"{target}: {script}"
        check = json.loads(words["HEALTHCHECK"].partition("CMD")[2])
        script = REPOSITORY / Path(check[0]).relative_to("/opt/deepracer")
        assert os.access(script, os.X_OK), f"{target}: {script}"


def test_base_images_are_fixed_to_the_byte():
    ours = set(stages())
    fixed = {
        name
        for word, arguments in instructions()
        if word == "ARG" and re.fullmatch(r"\w+_IMAGE=[\w:.-]+@sha256:[0-9a-f]{64}", arguments)
        for name in [arguments.partition("=")[0]]
    }
    for name, stage in stages().items():
        base = stage[0][1].split()[0]
        assert base in ours or base.strip("${}") in fixed, name


def test_what_is_copied_is_there_and_not_left_out():
    lines = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!/") for line in lines if line.startswith("!")}
    copied = set()
    for word, arguments in instructions():
        if word == "COPY" and not arguments.startswith("--from"):
            copied |= set(arguments.split()[:-1])
    assert copied
    for source in copied:
        assert (REPOSITORY / source).exists(), source
        assert source.split("/")[0] in let_in, source
    assert let_in == {source.split("/")[0] for source in copied}, "needless in .dockerignore"


def test_nothing_secret_can_be_baked_in():
    text = DOCKERFILE.read_text(encoding="utf-8").upper()
    for word in ("PASSWORD", "SECRET", "TOKEN", "ACCESS_KEY"):
        assert word not in text


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "sources.list.d/debian.sources",
            DEBIAN,
            [
                f"http://snapshot.debian.org/archive/debian/{MOMENT}",
                f"http://snapshot.debian.org/archive/debian-security/{MOMENT}",
            ],
        ),
        (
            "sources.list",
            UBUNTU,
            [f"http://snapshot.ubuntu.com/ubuntu/{MOMENT}"],
        ),
    ],
)
def test_packages_of_one_moment(tmp_path, name, text, expected):
    """apt-get itself says where it would go."""
    sources = tmp_path / "etc/apt" / name
    sources.parent.mkdir(parents=True)
    sources.write_text(text)
    assert run(DOCKER / "apt_snapshot.sh", MOMENT, tmp_path).returncode == 0
    if shutil.which("apt-get") is None:
        pytest.skip("no apt-get here")
    (tmp_path / "etc/apt/sources.list.d").mkdir(exist_ok=True)
    (tmp_path / "state/lists/partial").mkdir(parents=True)
    options = {
        "Dir::Etc": tmp_path / "etc/apt",
        "Dir::State": tmp_path / "state",
        "Dir::Etc::trusted": "/dev/null",
    }
    settings = [f"-o{key}={value}" for key, value in options.items()]
    done = run("apt-get", *settings, "--print-uris", "update")
    assert done.returncode == 0, done.stdout
    places = set(re.findall(r"'(http\S+?)/dists/", done.stdout))
    assert places == set(expected)
    valid = run("apt-config", *settings, "dump", "Acquire::Check-Valid-Until").stdout
    assert '"false"' in valid


def test_a_moment_that_is_none(tmp_path):
    done = run(DOCKER / "apt_snapshot.sh", "yesterday", tmp_path)
    assert done.returncode == 2
    assert "expected a moment like 20261115T000000Z, got yesterday" in done.stdout


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can see into, as pytest's own are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_hands_over_the_folders_and_becomes_the_user(open_folder):
    nobody = pwd.getpwnam("nobody")
    script = shutil.copy(DOCKER / "as_user.sh", open_folder)
    root = open_folder / "ml"
    kept = root / "checkpoints" / "store" / "kept"
    kept.parent.mkdir(parents=True)
    kept.write_text("from before the interruption")
    inner = 'id -un; echo "$HOME"; touch "$SAGEMAKER_BASE_DIR/model/made"'
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(root)}
    done = run(script, "nobody", "sh", "-c", inner, env=environment)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines() == ["nobody", nobody.pw_dir]
    assert (root / "model" / "made").owner() == "nobody"
    assert kept.owner() == "nobody"
    assert (root / "output").owner() == "nobody"
    done = run(
        *("setpriv", "--reuid=nobody", f"--regid={nobody.pw_gid}", "--clear-groups", "--"),
        *(script, "root", "id", "-un"),
    )
    assert done.stdout == "nobody\n", "who is not root stays who it is"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_without_a_home_gets_one(open_folder):
    script = shutil.copy(DOCKER / "as_user.sh", open_folder)
    inner = 'test -w "$HOME" && echo "$HOME"'
    done = run(
        *("setpriv", "--reuid=nobody", "--clear-groups", "--"),
        *(script, "root", "sh", "-c", inner),
        env={**os.environ, "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("/tmp/")
    Path(done.stdout.strip()).rmdir()
