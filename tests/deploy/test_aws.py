"""The CloudFormation template: by its linter, by what roles may do, by what containers are told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from deepracer_trainer.sagemaker.metric_lines import METRIC_DEFINITIONS
from roles import read_simulation, read_trainer
from template import KNOWN, PATH, resources, statements

ROLES = ("SimulationRole", "SimulationStartRole", "TrainerRole", "TrainingRole")
# What AWS lets nobody limit to a resource: Service Authorization Reference.
OF_NO_RESOURCE = {
    "batch:DescribeJobs",
    "cloudwatch:PutMetricData",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ecr:GetAuthorizationToken",
}


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    """cfn-lint, with all that it has to say, however unimportant."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), "--include-checks", "I", "--", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def named(entries: list[dict[str, str]]) -> dict[str, str]:
    return {entry["Name"]: entry["Value"] for entry in entries}


@pytest.fixture
def training() -> dict[str, Any]:
    """The parameters of both tasks, filled in for an input."""
    definition = resources()["Training"]["Properties"]["Definition"]
    text = json.dumps(definition["States"]["Both"]["Branches"])
    given = json.loads(definition["Comment"].removeprefix("Input: "))
    for name, value in given.items():
        # States.Format puts a value into its text; Size takes the number itself.
        text = text.replace(f'"$.{name}"', json.dumps(value))
    branches = json.loads(text)
    tasks: dict[str, Any] = {}
    for branch in branches:
        tasks |= {name: state["Parameters"] for name, state in branch["States"].items()}
    return {"given": given, **tasks}


def formatted(text: str, given: dict[str, Any]) -> str:
    """What States.Format makes of a template with one field of the input."""
    template, _, field = text.removeprefix("States.Format('").rstrip(")").partition("', $.")
    return template.replace("{}", str(given[field]))


def test_the_linter_has_nothing_to_say():
    done = lint(PATH)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_linter_would_say_something(tmp_path):
    worse = tmp_path / "template.yaml"
    text = PATH.read_text(encoding="utf-8")
    worse.write_text(
        text.replace("TransitEncryptionMode: required", "TransitEncryptionMode: maybe")
    )
    done = lint(worse)
    assert done.returncode != 0
    assert "E3030 'maybe' is not one of" in done.stdout


@pytest.mark.parametrize("role", ROLES)
def test_nobody_may_do_more_than_is_named(role):
    for statement in statements(role):
        for action in statement["Action"]:
            assert "*" not in action
            assert statement["Resource"] != ["*"] or action in OF_NO_RESOURCE, action
            if action == "cloudwatch:PutMetricData":
                assert "cloudwatch:namespace" in str(statement["Condition"])
            if action == "iam:PassRole":
                assert "iam:PassedToService" in str(statement["Condition"])
            if action.startswith("s3:"):
                assert set(statement["Resource"]) <= {
                    KNOWN["Bucket.Arn"],
                    f"{KNOWN['Bucket.Arn']}/rl-deepracer/*",
                }


@pytest.mark.parametrize(
    ("role", "service"), [("SimulationRole", "kinesisvideo"), ("SimulationStartRole", "ecr")]
)
def test_a_simulation_has_its_stream_and_its_image(role, service):
    places = [
        place
        for statement in statements(role)
        for place in statement["Resource"]
        if statement["Action"][0].startswith(service) and place != "*"
    ]
    assert places == [
        {"kinesisvideo": "VideoStream.Arn", "ecr": "SimulationRepository.Arn"}[service]
    ]


def test_nothing_but_redis_is_reached_and_that_by_the_two_roles_alone():
    every = {name: entry for name, entry in resources().items() if "EC2" in entry["Type"]}
    doors = {
        (name, rule["SourceSecurityGroupId"], rule["FromPort"], rule["ToPort"])
        for name, entry in every.items()
        for rule in entry["Properties"].get("SecurityGroupIngress", [])
    }
    assert doors == {
        ("RedisGroup", f"{role}Group.GroupId", 6379, 6379) for role in ("Simulation", "Trainer")
    }
    redis = resources()["Redis"]["Properties"]
    assert redis["TransitEncryptionEnabled"] is True
    assert redis["CacheSubnetGroupName"] == "RedisSubnets"


def test_the_simulations_and_the_trainer_are_of_one_run(training, caplog):
    given = training["given"]
    container = resources()["Simulation"]["Properties"]["ContainerProperties"]
    environment = named(container["Environment"])
    for entry in training["Simulations"]["ContainerOverrides"]["Environment"]:
        value = entry.get("Value.$", entry.get("Value"))
        value = formatted(value, given) if value.startswith("States.") else value
        environment[entry["Name"]] = value
    for entry in container["Secrets"]:
        environment[entry["Name"]] = entry["ValueFrom"]
    size = training["Simulations"]["ArrayProperties"]["Size.$"]
    del environment["DEEPRACER_CLOUDWATCH"]
    last = {"AWS_BATCH_JOB_ARRAY_INDEX": str(size - 1)}
    job = read_simulation({**environment, **last}, caplog)
    assert (job.worker, job.workers) == (size - 1, size) == (3, 4)

    told = training["Trainer"]
    hyperparameters = {
        name.removesuffix(".$"): formatted(value, given) if name.endswith(".$") else value
        for name, value in told["HyperParameters"].items()
    }
    asked = read_trainer(told["Environment"], hyperparameters, caplog)
    assert job.place.address.partition("?")[0] == asked.request.store
    assert asked.request.job_duration_in_seconds == given["seconds"]
    assert told["Environment"]["DEEPRACER_REDIS"] == environment["DEEPRACER_REDIS"]
    for metric in told["AlgorithmSpecification"]["MetricDefinitions"]:
        assert metric in METRIC_DEFINITIONS
