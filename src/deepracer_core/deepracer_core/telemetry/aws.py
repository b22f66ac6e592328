"""Clients of CloudWatch, and what its refusals mean for a person."""

import os
from typing import Any

import boto3
from botocore import exceptions as boto
from botocore.config import Config

from deepracer_core.credentials import keep_secret
from deepracer_core.model_store import s3_errors
from deepracer_core.telemetry.delivery import UndeliverableError

_CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE, or a role) to credentials"
    " that CloudWatch accepts"
)
_ALLOW = (
    "allow logs:CreateLogGroup, logs:CreateLogStream, logs:PutLogEvents and"
    " cloudwatch:PutMetricData to these credentials"
)
_CLOCK = "set the clock of this machine (NTP)"
_REGION = "set AWS_REGION"
_WAIT = "it is asked less often from now on"

# Code of the error -> what to do.
_ADVICE = {
    "AccessDenied": _ALLOW,
    "AccessDeniedException": _ALLOW,
    "UnrecognizedClientException": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "InvalidSignatureException": f"{_CREDENTIALS}; {_CLOCK}",
    "SignatureDoesNotMatch": f"{_CREDENTIALS}; {_CLOCK}",
    "MissingAuthenticationToken": _CREDENTIALS,
    "ExpiredToken": "get new temporary credentials, these have expired",
    "ExpiredTokenException": "get new temporary credentials, these have expired",
    "RequestExpired": _CLOCK,
    "Throttling": _WAIT,
    "ThrottlingException": _WAIT,
    "LimitExceededException": _WAIT,
}
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.ProfileNotFound,
    boto.SSOError,
)
# What is wrong with the request itself: to send it again would not help.
_UNFIT = frozenset(
    {
        "InvalidParameterException",
        "InvalidParameterValue",
        "InvalidParameterValueException",
        "InvalidParameterCombination",
        "MissingRequiredParameterException",
        "SerializationException",
        "ValidationError",
        "ValidationException",
    }
)

RAISED = s3_errors.RAISED
"""All that a request can raise."""


def open_client(service: str) -> Any:
    """A client of `logs` or `cloudwatch`, which tries each request once.

    Credentials, region and endpoint are found as boto3 finds them: AWS_REGION, AWS_ENDPOINT_URL,
    AWS_ENDPOINT_URL_LOGS, AWS_ENDPOINT_URL_CLOUDWATCH and so on.

    Raises:
        UndeliverableError: there is no region, or the configuration cannot be used.
    """
    try:
        session = boto3.session.Session()
        region = os.environ.get("AWS_REGION") or session.region_name
        endpoints = ("AWS_ENDPOINT_URL", f"AWS_ENDPOINT_URL_{service.upper()}")
        if region is None and any(map(os.environ.get, endpoints)):
            region = "us-east-1"  # a server that is not AWS takes any
        found = session.get_credentials()
        if found is not None:
            frozen = found.get_frozen_credentials()
            keep_secret(frozen.secret_key or "", frozen.token or "")
        return session.client(
            service,
            region_name=region,
            config=Config(
                connect_timeout=5.0,
                read_timeout=10.0,
                retries={"mode": "standard", "total_max_attempts": 1},
            ),
        )
    except RAISED as error:
        raise explain(error) from error


def is_unfit(error: Exception) -> bool:
    """Whether a request was refused for what it held, for good."""
    return s3_errors.code(error) in _UNFIT


def explain(error: Exception) -> UndeliverableError:
    """What one of boto3's errors means, with what to do."""
    code = s3_errors.code(error)
    reason = " ".join(str(error).split())
    if code:
        advice = _ADVICE.get(code)
        return UndeliverableError(f"{code}: {advice}" if advice else reason)
    if isinstance(error, _NO_CREDENTIALS):
        return UndeliverableError(f"{reason}: {_CREDENTIALS}")
    if isinstance(error, boto.NoRegionError):
        return UndeliverableError(f"{reason} {_REGION}")
    return UndeliverableError(reason)
