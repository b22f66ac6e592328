"""Redis as a container of its own; the password in a file, or in a secret of AWS."""

import os
import subprocess

import boto3
import pytest
import redis
from deepracer_core.errors import ConfigurationError
from deepracer_trainer.sagemaker.redis_password import take_password
from deepracer_trainer.sagemaker.redis_place import open_redis
from guarded_redis import make_certificates
from opt_ml import PASSWORD, REPOSITORY, Process


@pytest.fixture
def start(opt_ml):
    """Start the container; it is ended with the test."""
    started = []

    def start(**variables: str) -> Process:
        folder = str(opt_ml.root.parent / "data")
        started.append(opt_ml.start("redis.sh", folder, **variables))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def health(opt_ml) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(REPOSITORY / "docker" / "health.sh")],
        env={**os.environ, **opt_ml.variables},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )


def test_it_serves_those_who_have_the_password_and_keeps_what_it_held(
    start, opt_ml, redis_port, tmp_path
):
    authority = make_certificates(tmp_path)
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    told = {
        "REDIS_PASSWORD": "",
        "REDIS_PASSWORD_FILE": str(password),
        "REDIS_TLS_CERTIFICATE": str(tmp_path / "server.crt"),
        "REDIS_TLS_KEY": str(tmp_path / "server.key"),
    }
    container = start(**told)
    container.wait_until(lambda: health(opt_ml).stdout == "serving\n")
    client = redis.Redis(
        host="127.0.0.1", port=redis_port, password=PASSWORD, ssl=True, ssl_ca_certs=str(authority)
    )
    client.set("kept", "yes")
    with pytest.raises(redis.ResponseError, match="unknown command"):
        client.config_get()
    stranger = redis.Redis(host="127.0.0.1", port=redis_port, ssl=True, ssl_ca_certs=str(authority))
    with pytest.raises(redis.AuthenticationError):
        stranger.ping()
    assert container.interrupt() < 10.0
    assert container.exit_code == 0, container.said

    again = start(**told)
    again.wait_until(lambda: "Redis was started" in again.said)
    assert client.get("kept") == b"yes"
    assert PASSWORD not in container.said + again.said


def test_it_says_what_is_missing(start):
    container = start(REDIS_PASSWORD="")
    assert container.wait() == 1
    assert "set REDIS_PASSWORD or REDIS_PASSWORD_FILE" in container.said


def test_the_password_of_a_server_that_is_there_already_can_be_in_a_file(tmp_path):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    told = {
        "DEEPRACER_REDIS": "redis://redis?password_variable=REDIS_PASSWORD",
        "REDIS_PASSWORD_FILE": str(file),
    }
    with open_redis(told, tmp_path, for_others=True) as place:
        assert place.url == told["DEEPRACER_REDIS"]
    assert told["REDIS_PASSWORD"] == PASSWORD


@pytest.fixture
def secret(moto_port, monkeypatch, bucket) -> str:
    """A secret in AWS Secrets Manager, by its ARN."""
    endpoint = f"http://127.0.0.1:{moto_port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint)
    client = boto3.client("secretsmanager", region_name="eu-west-1")
    return client.create_secret(Name=bucket.name, SecretString=PASSWORD)["ARN"]


def test_the_password_can_be_a_secret_of_aws(secret):
    environment = {"REDIS_PASSWORD_SECRET": secret}
    assert take_password(environment) == PASSWORD
    assert environment["REDIS_PASSWORD"] == PASSWORD


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arn: "redis-password", "expected arn:aws:secretsmanager:REGION:ACCOUNT:secret:"),
        (lambda arn: arn.replace("deepracer", "other"), "allow secretsmanager:GetSecretValue"),
    ],
)
def test_a_secret_that_cannot_be_read(secret, change, message):
    with pytest.raises(ConfigurationError, match=message):
        take_password({"REDIS_PASSWORD_SECRET": change(secret)})
