"""`deepracer robomaker` with what cannot be used: each is said in one line, with what to do."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from deepracer.failure import JobFailed
from deepracer.robomaker.command import robomaker
from deepracer_core.errors import ConfigurationError
from deepracer_core.free_port import free_port
from http_faults import HttpFaults, refuse
from surroundings import CONFIG

TRACK = {"WORLD_NAME": "pond_oval"}
YAML = {"S3_YAML_NAME": "params.yaml"}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01
    )


@pytest.fixture
def run(monkeypatch) -> Callable[..., str]:
    """Run the command with these variables to its refusal; what that says."""

    def run(said: dict[str, str], error: type[Exception] = ConfigurationError) -> str:
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(error) as refused:
            robomaker(os.environ)
        text = str(refused.value)
        assert "planted" not in text
        return text

    return run


def test_nothing_is_said(run):
    assert "set them" in run({})


def test_the_yaml_is_not_there(bucket, run):
    text = run({**bucket.training(), **TRACK, **YAML})
    assert text == (
        f"S3_YAML_NAME: expected a YAML file at s3://{bucket.name}/{bucket.prefix}/params.yaml,"
        " there is none: upload it, or correct the bucket, the prefix or the name"
    )


def test_the_bucket_is_not_there(bucket, run):
    said = {**bucket.training(), "SAGEMAKER_SHARED_S3_BUCKET": "nowhere"}
    text = run({**said, **TRACK, **YAML})
    assert text.startswith("s3://nowhere at http://127.0.0.1:")
    assert text.endswith(
        "refuses (NoSuchBucket): create the bucket, or correct its name in the address"
    )


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (403, "InvalidAccessKeyId", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (403, "SignatureDoesNotMatch", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (400, "ExpiredToken", "get new temporary credentials"),
        (
            403,
            "AccessDenied",
            "allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket",
        ),
        (403, "RequestTimeTooSkewed", "set the clock of this machine (NTP)"),
        (400, "AuthorizationHeaderMalformed", "set AWS_REGION to the bucket's region"),
    ],
)
def test_what_s3_refuses(bucket, run, status, code, advice):
    proxy = HttpFaults(int(bucket.endpoint.rpartition(":")[2]))
    proxy.plan(refuse(status, code), times=20)
    text = run({**bucket.training(), "S3_ENDPOINT_URL": proxy.url, **TRACK, **YAML})
    proxy.close()
    assert f"refuses ({code})" in text
    assert advice in text
    assert "\n" not in text


def test_nobody_answers_at_the_endpoint(bucket, run):
    said = {**bucket.training(), "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    text = run({**said, **TRACK, **YAML}, JobFailed)
    assert "did not answer as it should" in text
    assert "\n" not in text


def test_there_are_no_credentials(bucket, run, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    text = run({**bucket.training(), **TRACK, **YAML})
    assert "no credentials for" in text
    assert "set AWS_ACCESS_KEY_ID" in text


def test_a_file_that_cannot_be_used_is_said_before_anything_is_waited_for(bucket, run):
    bucket.run.write("model/model_metadata.json", (CONFIG / "model_metadata.json").read_bytes())
    bucket.run.write("reward_function.py", b"def reward_function(params):\n    return 1 / 0\n")
    text = run({**bucket.training(), **TRACK})
    assert text.startswith("reward_function (from s3://")
    assert "ZeroDivisionError" in text


def test_there_is_no_model_to_race(bucket, run):
    text = run({**bucket.evaluation(), **TRACK})
    assert f"s3://{bucket.name}/{bucket.prefix}, which has no version yet" in text
    assert run({**bucket.evaluation(), **TRACK, "NUMBER_OF_TRIALS": "0"}) == (
        "NUMBER_OF_TRIALS: expected one trial at least, got 0"
    )


def test_a_password_in_a_file(bucket, run, tmp_path, caplog):
    caplog.set_level("INFO")
    text = run({**bucket.training(), "REDIS_PASSWORD_FILE": str(tmp_path / "none")})
    assert text.startswith("REDIS_PASSWORD_FILE: expected a file with a password")
    (tmp_path / "secret").write_text("planted-password\n")
    run({"REDIS_PASSWORD_FILE": str(tmp_path / "secret")})
    assert os.environ.pop("REDIS_PASSWORD") == "planted-password"
    assert "planted" not in caplog.text


def test_a_given_address_makes_the_other_variables_of_redis_idle(bucket, run, caplog):
    run({**bucket.training(), "REDIS_TLS": "True", "DEEPRACER_REDIS": "redis://127.0.0.1:1"})
    assert "REDIS_TLS has no effect beside DEEPRACER_REDIS" in caplog.text


def test_as_a_person_sees_it(bucket):
    said = {**bucket.training(), **TRACK, "JOB_TYPE": "RACE"}
    done = subprocess.run(
        [sys.executable, "-c", "from deepracer.command_line import main; main()", "robomaker"],
        env={**os.environ, **said},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "deepracer: JOB_TYPE: expected TRAINING or EVALUATION, got 'RACE'"
    )
    assert "planted" not in done.stderr + done.stdout


def test_it_needs_neither_ros_nor_tensorflow_before_it_launches():
    blocked = (
        "import sys\n"
        "for name in ('rclpy', 'launch', 'tensorflow', 'keras'):\n"
        "    sys.modules[name] = None\n"
        "import deepracer.command_line, deepracer.robomaker.command\n"
    )
    assert subprocess.run([sys.executable, "-c", blocked], check=False).returncode == 0
