"""SageMaker on this machine: moto keeps the training jobs, and their containers really run.

A proxy stands in front of moto's server. When a training job has been created there, what SageMaker
would do is done: the channels are fetched, the container's entry point is started with its folders,
its log goes to CloudWatch, and model.tar.gz to S3 at the end. moto itself says of every job
that it was completed at once; its status is put right before the answer is sent.
Checkpoints are not copied to S3.
"""

import json
import re
import tarfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from http_faults import Exchange, Forward, HttpFaults
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sagemaker.models import sagemaker_backends
from opt_ml import OptMl, Process

REGION = "eu-west-1"
KEY_ID = "AKIAPLANTEDKEYID"
SECRET_KEY = "planted-secret-of-the-notebook"
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_LOOK_S = 0.5
_STOP_S = 60.0


class LocalSageMaker:
    """The endpoint of all services.

    Args:
        moto_port: of moto's server, in this process.
        folder: where the containers' folders are made.

    Attributes:
        url: what AWS_ENDPOINT_URL has to be.
        requests: of the jobs that were created, by their names.
        containers: that were started, by the same names.
    """

    def __init__(self, moto_port: int, folder: Path) -> None:
        self.requests: dict[str, dict[str, Any]] = {}
        self.containers: dict[str, Process] = {}
        self._folder = folder
        self._jobs = sagemaker_backends[DEFAULT_ACCOUNT_ID][REGION].training_jobs
        self._proxy = HttpFaults(moto_port)
        self._proxy.plan(self._answer, times=1_000_000, method="POST", path_end="/")
        self.url = self._proxy.url
        self._clients = {
            name: boto3.client(name, endpoint_url=self.url, region_name=REGION)
            for name in ("ecr", "iam", "logs", "s3")
        }
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def close(self) -> None:
        """End what still runs, as StopTrainingJob does."""
        self._closing.set()
        for thread in self._threads:
            thread.join(_STOP_S)
        self._proxy.close()

    def _answer(self, exchange: Exchange, forward: Forward) -> None:
        answer = forward()
        created = exchange.headers.get("X-Amz-Target") == "SageMaker.CreateTrainingJob"
        if created and answer.status == 200:
            request = json.loads(exchange.body)
            name = request["TrainingJobName"]
            self._tell(name, "InProgress", "Starting")
            self.requests[name] = request
            thread = threading.Thread(target=self._run, args=(name, request), daemon=True)
            self._threads.append(thread)
            thread.start()
        exchange.answer(answer)

    def _tell(self, name: str, status: str, secondary: str, reason: str | None = None) -> None:
        job = self._jobs[name]
        job.training_job_status, job.secondary_status = status, secondary
        job.failure_reason = reason

    def _run(self, name: str, request: dict[str, Any]) -> None:
        try:
            self._train(name, request)
        except Exception as error:  # noqa: BLE001 - a job that cannot be run is a failed one
            self._tell(name, "Failed", "Failed", f"InternalServerError: {error!r}")

    def _train(self, name: str, request: dict[str, Any]) -> None:
        self._take_role(request["RoleArn"])
        self._find_image(request["AlgorithmSpecification"]["TrainingImage"])
        self._tell(name, "InProgress", "Downloading")
        opt_ml = OptMl(self._folder / name / "ml", {"REDIS_PASSWORD": ""})
        channels = {
            channel["ChannelName"]: self._files(channel["DataSource"]["S3DataSource"])
            for channel in request["InputDataConfig"]
        }
        opt_ml.give(request["HyperParameters"], **channels)
        self._tell(name, "InProgress", "Training")
        heartbeat = str(self._folder / name / "heartbeat")
        container = opt_ml.start("job.sh", TRAINING_JOB_NAME=name, HEARTBEAT_FILE=heartbeat)
        self.containers[name] = container
        self._follow(name, container)
        if container.exit_code != 0:
            reason = f"AlgorithmError: {opt_ml.failure}, exit code: {container.exit_code}"
            self._tell(name, "Failed", "Failed", reason)
            return
        self._tell(name, "InProgress", "Uploading")
        self._upload(self._jobs[name].model_artifacts["S3ModelArtifacts"], opt_ml.root / "model")
        self._tell(name, "Completed", "Completed")

    def _take_role(self, arn: str) -> None:
        role = self._clients["iam"].get_role(RoleName=arn.rsplit("/", 1)[1])["Role"]
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
        assert statement["Action"] == "sts:AssumeRole"

    def _find_image(self, image: str) -> None:
        repository, tag = re.fullmatch(r"[^/]+/(.+):(.+)", image).groups()
        self._clients["ecr"].describe_images(
            repositoryName=repository, imageIds=[{"imageTag": tag}]
        )

    def _files(self, source: dict[str, str]) -> dict[str, bytes]:
        assert source["S3DataType"] == "S3Prefix"
        place = urlsplit(source["S3Uri"])
        bucket, prefix = place.netloc, place.path.lstrip("/")
        s3 = self._clients["s3"]
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
        return {
            entry["Key"].removeprefix(prefix): s3.get_object(Bucket=bucket, Key=entry["Key"])[
                "Body"
            ].read()
            for entry in listed
        }

    def _follow(self, name: str, container: Process) -> None:
        """Copy the container's log to CloudWatch until it has ended."""
        logs = self._clients["logs"]
        stream = {"logGroupName": LOG_GROUP, "logStreamName": f"{name}/algo-1-{time.time_ns()}"}
        if not logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]:
            logs.create_log_group(logGroupName=LOG_GROUP)
        logs.create_log_stream(**stream)
        sent = 0
        ended = False
        while not ended:
            if self._closing.wait(_LOOK_S):
                container.interrupt()
            ended = container.exit_code is not None
            lines = container.said.split("\n")[: None if ended else -1]
            now = time.time_ns() // 1_000_000
            events = [{"timestamp": now, "message": line} for line in lines[sent:] if line]
            if events:
                logs.put_log_events(**stream, logEvents=events)
            sent = len(lines)

    def _upload(self, address: str, model: Path) -> None:
        archive = model.parent / "model.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
            for path in sorted(model.rglob("*")):
                tar.add(path, path.relative_to(model), recursive=False)
        place = urlsplit(address)
        self._clients["s3"].upload_file(str(archive), place.netloc, place.path.lstrip("/"))
