"""A training with its simulations as a SageMaker job: what is asked for, and what its role may do.

The image is `job`; docs/aws.md and notebooks/train_on_aws.ipynb go from an empty account to a
trained model with it.
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from deepracer_trainer.sagemaker.metric_lines import METRIC_DEFINITIONS
from deepracer_trainer.sagemaker.request import sort_hyperparameters
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from deepracer.sagemaker_job import Simulations, worker_count

INPUTS_CHANNEL = "inputs"
"""Channel of the user's files, and the folder below the run's place where they are."""

TRUST_POLICY: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
"""Who may take the role of a training job."""

_START_S = 1800
"""Seconds that a job may take besides its own duration: to start, to pack the model."""
_ROLE_PATIENCE_S = 60.0
_ROLE_PAUSE_S = 5.0


def role_policy(bucket: str, repository_arn: str) -> dict[str, Any]:
    """What the role of a training job may do, and nothing besides.

    Args:
        bucket: of the run.
        repository_arn: of the repository in ECR that holds the image.
    """
    statements = {
        f"arn:aws:s3:::{bucket}": ["s3:ListBucket"],
        f"arn:aws:s3:::{bucket}/*": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        repository_arn: [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        ],
        "arn:aws:logs:*:*:log-group:/aws/sagemaker/TrainingJobs*": [
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
        ],
        "*": ["cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"],
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": resource}
            for resource, actions in statements.items()
        ],
    }


def training_job_request(
    *,
    name: str,
    role_arn: str,
    image: str,
    bucket: str,
    prefix: str,
    region: str,
    job_duration_in_seconds: int,
    instance_type: str,
    hyperparameters: Mapping[str, str | float | bool],
) -> dict[str, Any]:
    """What CreateTrainingJob is called with: one spot instance, which can be interrupted.

    The user's files, model_metadata.json, reward_function.py and hyperparameters.json, are a
    channel: those at `bucket`/`prefix`/inputs/ that are there.

    Args:
        name: of the training job, new in the account.
        role_arn: of the role that the job has.
        image: the image `job` in ECR, with its tag.
        bucket: of the run.
        prefix: the run's place in it.
        region: of both.
        job_duration_in_seconds: wall-clock seconds that rollouts and training alternate for.
        instance_type: of SageMaker.
        hyperparameters: more of them, as docs/containers.md has them.

    Raises:
        ConfigurationError: a hyperparameter cannot be used.
    """
    prefix = prefix.strip("/")
    place = f"s3://{bucket}/{prefix}"
    texts = {
        **{key: _text(value) for key, value in hyperparameters.items()},
        "s3_bucket": bucket,
        "s3_prefix": prefix,
        "aws_region": region,
        "job_duration_in_seconds": str(job_duration_in_seconds),
    }
    # What the container would refuse, minutes and an instance later.
    worker_count(sort_hyperparameters(texts, Simulations().names).simulation, {})
    most_s = job_duration_in_seconds + _START_S
    return {
        "TrainingJobName": name,
        "RoleArn": role_arn,
        "AlgorithmSpecification": {
            "TrainingImage": image,
            "TrainingInputMode": "File",
            "MetricDefinitions": [dict(definition) for definition in METRIC_DEFINITIONS],
        },
        "HyperParameters": texts,
        "InputDataConfig": [
            {
                "ChannelName": INPUTS_CHANNEL,
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": f"{place}/{INPUTS_CHANNEL}/",
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"{place}/output"},
        "ResourceConfig": {
            "InstanceType": instance_type,
            "InstanceCount": 1,
            "VolumeSizeInGB": 30,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": most_s, "MaxWaitTimeInSeconds": 2 * most_s},
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": f"{place}/checkpoints"},
    }


def start_training_job(
    sagemaker: Any, request: Mapping[str, Any], pause_s: float = _ROLE_PAUSE_S
) -> str:
    """Create a training job; wait for a role that was made a moment ago, until it can be taken.

    Args:
        sagemaker: client of boto3.
        request: of `training_job_request`.
        pause_s: seconds between two attempts.

    Returns:
        The ARN of the job.

    Raises:
        ClientError: the service refuses.
    """
    attempts = Retrying(
        retry=retry_if_exception(_role_is_new),
        wait=wait_fixed(pause_s),
        stop=stop_after_delay(_ROLE_PATIENCE_S),
        reraise=True,
    )
    return str(attempts(sagemaker.create_training_job, **request)["TrainingJobArn"])


def _role_is_new(error: BaseException) -> bool:
    if not isinstance(error, ClientError):
        return False
    said = error.response["Error"]
    return said["Code"] == "ValidationException" and "assume role" in said["Message"]


def _text(value: str | float | bool) -> str:
    return value if isinstance(value, str) else json.dumps(value)
