"""What CreateTrainingJob is asked for, against what the service and the container take."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from deepracer.training_job import (
    TRUST_POLICY,
    role_policy,
    start_training_job,
    training_job_request,
)
from deepracer_core.errors import ConfigurationError
from http_faults import Answer, Exchange, Fault, Forward, HttpFaults
from local_sagemaker import REGION

ROLE = "arn:aws:iam::123456789012:role/deepracer-training"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/deepracer:job"


def asked(**hyperparameters: str | float | bool) -> dict[str, Any]:
    return training_job_request(
        name="first",
        role_arn=ROLE,
        image=IMAGE,
        bucket="bucket",
        prefix="/rl-deepracer/first/",
        region=REGION,
        job_duration_in_seconds=3600,
        instance_type="ml.c5.4xlarge",
        hyperparameters=hyperparameters,
    )


def refuse(code: str, message: str) -> Fault:
    """Answer as SageMaker does."""
    body = json.dumps({"__type": code, "message": message}).encode()
    headers = [("Content-Type", "application/x-amz-json-1.1")]

    def fault(exchange: Exchange, _: Forward) -> None:
        exchange.answer(Answer(400, headers, body))

    return fault


@pytest.fixture
def faults(moto_port: int):
    proxy = HttpFaults(moto_port)
    yield proxy
    proxy.close()


@pytest.fixture
def sagemaker(faults: HttpFaults, credentials: None):
    return boto3.client("sagemaker", endpoint_url=faults.url)


def test_hyperparameters_are_text_and_name_the_place():
    request = asked(num_workers=4, lr=3e-4, alternate_driving_direction=True, world_name="oval")
    assert request["HyperParameters"] == {
        "s3_bucket": "bucket",
        "s3_prefix": "rl-deepracer/first",
        "aws_region": REGION,
        "job_duration_in_seconds": "3600",
        "num_workers": "4",
        "lr": "0.0003",
        "alternate_driving_direction": "true",
        "world_name": "oval",
    }
    (channel,) = request["InputDataConfig"]
    place = channel["DataSource"]["S3DataSource"]["S3Uri"]
    assert place == "s3://bucket/rl-deepracer/first/inputs/"
    assert request["OutputDataConfig"]["S3OutputPath"] == "s3://bucket/rl-deepracer/first/output"


def test_the_service_waits_for_the_end_of_the_jobs_own_duration():
    stopping = asked()["StoppingCondition"]
    assert stopping["MaxRuntimeInSeconds"] > 3600
    assert stopping["MaxWaitTimeInSeconds"] >= stopping["MaxRuntimeInSeconds"]


def test_a_hyperparameter_that_the_container_would_refuse_is_named_at_once():
    with pytest.raises(ConfigurationError, match="keep_versions"):
        asked(keep_versions=-1)
    with pytest.raises(ConfigurationError, match="num_workers"):
        asked(num_workers=1000)


def test_an_unknown_hyperparameter_is_warned_of(caplog: pytest.LogCaptureFixture):
    asked(num_worker=2)
    assert "did you mean num_workers?" in caplog.text


def test_the_request_is_one_of_the_service(sagemaker):
    arn = start_training_job(sagemaker, asked(num_workers=2))
    assert arn.endswith(":training-job/first")
    with pytest.raises(ParamValidationError):
        start_training_job(sagemaker, {**asked(), "Instances": 1})


def test_a_role_that_was_just_made_is_waited_for(sagemaker, faults: HttpFaults):
    new = refuse("ValidationException", f"Could not assume role {ROLE}. Please ensure that ...")
    faults.plan(new, times=2)
    assert start_training_job(sagemaker, asked(), pause_s=0.01).endswith("/first")
    assert len(faults.requests) == 3


def test_another_refusal_is_told_at_once(sagemaker, faults: HttpFaults):
    faults.plan(refuse("ResourceLimitExceeded", "the quota is 0 Instances"), times=2)
    with pytest.raises(ClientError, match="the quota is 0"):
        start_training_job(sagemaker, asked(), pause_s=0.01)
    assert len(faults.requests) == 1


def test_the_role_can_be_made(moto_port: int, credentials: None):
    iam = boto3.client("iam", endpoint_url=f"http://127.0.0.1:{moto_port}")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST_POLICY))
    policy = role_policy("bucket", "arn:aws:ecr:eu-west-1:123456789012:repository/deepracer")
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(policy))
    kept = iam.get_role_policy(RoleName="r", PolicyName="p")["PolicyDocument"]
    allowed = {each["Resource"]: set(each["Action"]) for each in kept["Statement"]}
    assert "s3:DeleteObject" in allowed["arn:aws:s3:::bucket/*"]
    # Nothing else has to be allowed on everything: neither call knows a resource.
    assert allowed["*"] == {"cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"}
