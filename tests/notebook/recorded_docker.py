"""In place of the program docker: checks and records what it is asked for; builds no image.

Where the tests run there is no Docker engine. `push` does what a registry would: it notes the image
down in ECR. Whatever the notebook does not need is refused.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

import boto3

RECORD = "RECORDED_DOCKER"
"""Variable with the path of the record: a line of JSON for each call."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="docker")
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build")
    build.add_argument("--platform", required=True, choices=["linux/amd64"])
    build.add_argument("--provenance", required=True, choices=["false"])
    build.add_argument("--output", required=True, choices=["type=docker"])
    build.add_argument("--target", required=True)
    build.add_argument("--tag", required=True)
    build.add_argument("context", type=Path)
    login = commands.add_parser("login")
    login.add_argument("--username", required=True)
    login.add_argument("--password-stdin", action="store_true", required=True)
    login.add_argument("registry")
    push = commands.add_parser("push")
    push.add_argument("image")
    asked = parser.parse_args()
    record = Path(os.environ[RECORD])
    before = [json.loads(line) for line in record.read_text().splitlines()]
    {"build": check_build, "login": check_login, "push": lambda asked: do_push(asked, before)}[
        asked.command
    ](asked)
    with record.open("a") as file:
        print(json.dumps(vars(asked), default=str), file=file)


def check_build(asked: argparse.Namespace) -> None:
    dockerfile = (asked.context / "Dockerfile").read_text()
    if not re.search(rf"^FROM .* AS {re.escape(asked.target)}$", dockerfile, re.MULTILINE):
        sys.exit(f"docker build: the Dockerfile has no target {asked.target}")


def check_login(asked: argparse.Namespace) -> None:
    # The password of moto's registry.
    if (asked.username, sys.stdin.read()) != ("AWS", f"{asked.registry.split('.')[0]}-auth-token"):
        sys.exit("docker login: unauthorized: authentication required")
    print("Login Succeeded")


def do_push(asked: argparse.Namespace, before: list[dict[str, str]]) -> None:
    registry, repository, tag = re.fullmatch(r"([^/]+)/(.+):(.+)", asked.image).groups()
    if not any(call["command"] == "build" and call["tag"] == asked.image for call in before):
        sys.exit(f"docker push: an image does not exist locally with the tag {asked.image}")
    if not any(call["command"] == "login" and call["registry"] == registry for call in before):
        sys.exit("docker push: denied: your authorization token has expired")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"digest": f"sha256:{0:064x}", "size": 0},
        "layers": [],
    }
    ecr = boto3.client("ecr")
    ecr.put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)
    print(f"{tag}: pushed")


main()
