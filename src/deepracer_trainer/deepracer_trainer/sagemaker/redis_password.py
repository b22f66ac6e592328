"""The password of a training job's Redis: a variable, a file, or a secret in AWS.

REDIS_PASSWORD              the password
REDIS_PASSWORD_FILE         a file with it, as Docker and Kubernetes mount secrets
REDIS_PASSWORD_SECRET       the ARN of a secret in AWS Secrets Manager, for a SageMaker job:
                            the service shows a job's variables to whoever may look at it
"""

from collections.abc import Mapping, MutableMapping
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from deepracer_core.errors import ConfigurationError

PASSWORD_VARIABLE = "REDIS_PASSWORD"
FILE_VARIABLE = "REDIS_PASSWORD_FILE"
SECRET_VARIABLE = "REDIS_PASSWORD_SECRET"


def take_password(environment: MutableMapping[str, str]) -> str:
    """Find the password, and make it a variable, which the processes of the job inherit.

    Args:
        environment: the variables of this process.

    Returns:
        The password; empty when nothing names one.

    Raises:
        ConfigurationError: the file or the secret cannot be read.
    """
    password = environment.get(PASSWORD_VARIABLE) or _of_file(environment) or _of_aws(environment)
    if password:
        environment[PASSWORD_VARIABLE] = password
    return password


def _of_file(environment: Mapping[str, str]) -> str:
    path = environment.get(FILE_VARIABLE)
    if not path:
        return ""
    if not Path(path).is_file():
        raise ConfigurationError(f"environment: {FILE_VARIABLE}: expected a file, got {path}")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"environment: {FILE_VARIABLE}: {path} cannot be read: {error}"
        ) from error


def _of_aws(environment: Mapping[str, str]) -> str:
    arn = environment.get(SECRET_VARIABLE)
    if not arn:
        return ""
    parts = arn.split(":")
    if len(parts) < 7 or parts[2] != "secretsmanager":
        raise ConfigurationError(
            f"environment: {SECRET_VARIABLE}: expected arn:aws:secretsmanager:REGION:ACCOUNT:"
            f"secret:NAME, got {arn}"
        )
    try:
        client = boto3.client("secretsmanager", region_name=parts[3])
        password = str(client.get_secret_value(SecretId=arn)["SecretString"]).strip()
    except (BotoCoreError, ClientError, KeyError) as error:
        raise ConfigurationError(
            f"environment: {SECRET_VARIABLE}: {arn} cannot be read ({error}): allow "
            "secretsmanager:GetSecretValue on it to the job's role"
        ) from error
    if not password:
        raise ConfigurationError(f"environment: {SECRET_VARIABLE}: {arn} is empty: set a password")
    return password
