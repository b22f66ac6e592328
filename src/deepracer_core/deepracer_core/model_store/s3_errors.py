"""What S3's refusals mean for a person, and which of its faults pass by themselves."""

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from deepracer_core.model_store.errors import (
    StoreConfigurationError,
    StoreError,
    StoreUnavailable,
)

_CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE, or a role) to credentials "
    "that the endpoint accepts"
)
_REGION = "set AWS_REGION to the bucket's region, or ?region= in the address"
_ALLOW = (
    "allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on the bucket to these "
    "credentials"
)
_CLOCK = "set the clock of this machine (NTP)"

# Code of the error -> what to do. 403 is all that the answer to a HEAD request says.
_ADVICE = {
    "NoSuchBucket": "create the bucket, or correct its name in the address",
    "InvalidBucketName": "correct the bucket's name in the address",
    "AccessDenied": _ALLOW,
    "AllAccessDisabled": _ALLOW,
    "AccountProblem": _ALLOW,
    "403": f"{_CREDENTIALS}; {_ALLOW}",
    "Forbidden": f"{_CREDENTIALS}; {_ALLOW}",
    "InvalidAccessKeyId": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "InvalidToken": f"{_CREDENTIALS}; AWS_SESSION_TOKEN must belong to them",
    "ExpiredToken": "get new temporary credentials, these have expired",
    "ExpiredTokenException": "get new temporary credentials, these have expired",
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "AuthorizationHeaderMalformed": _REGION,
    "PermanentRedirect": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "301": _REGION,
    "404": "correct the endpoint: what answers there is no S3 server",
    "MethodNotAllowed": "correct the endpoint: what answers there is no S3 server",
}

_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.ProfileNotFound,
    boto.SSOError,
)
# Of botocore's own errors these can pass; all others say that something is configured wrongly.
_PASSING = (
    HTTPError,
    ResponseParserError,
    boto.HTTPClientError,
    boto.ConnectionError,
    boto.IncompleteReadError,
    boto.FlexibleChecksumError,
    boto.CredentialRetrievalError,
    boto.MetadataRetrievalError,
)
# An answer that ended too soon; botocore lets urllib3's own error through for short ones.
BROKEN_OFF = (HTTPError, boto.ResponseStreamingError, boto.IncompleteReadError)
# All that a request can raise. For an endpoint that is no URL (ValueError) or a certificate's file
# that is missing (OSError) botocore has no error of its own.
RAISED = (
    boto.BotoCoreError,
    boto.ClientError,
    ResponseParserError,
    HTTPError,
    ValueError,
    OSError,
)
_PASSING_STATUS = frozenset({408, 409, 425, 429})
_PASSING_CODES = frozenset({"BadDigest", "IncompleteBody", "RequestTimeout", "SlowDown"})


def code(error: BaseException) -> str:
    """The code that S3 gave for a refusal, such as NoSuchKey; empty for other errors."""
    if isinstance(error, boto.ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def status(error: BaseException) -> int:
    """The HTTP status of a refusal; 0 for other errors."""
    if isinstance(error, boto.ClientError):
        return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return 0


def is_unknown_feature(error: BaseException) -> bool:
    """Whether the server refused a request because it does not know one of its headers."""
    return status(error) == 501 or code(error) in ("NotImplemented", "UnsupportedArgument")


def explain(error: Exception, place: str, waited_s: float) -> StoreError:
    """The store's error for one of boto3's.

    Args:
        error: botocore's, once its retries are used up.
        place: address of the store and its endpoint, for the message.
        waited_s: how long the request was tried, seconds.
    """
    reason = " ".join(str(error).split())
    if isinstance(error, _NO_CREDENTIALS):
        return StoreConfigurationError(f"no credentials for {place} ({reason}): {_CREDENTIALS}")
    if isinstance(error, boto.SSLError) and "CERTIFICATE_VERIFY_FAILED" in reason:
        return StoreConfigurationError(
            f"{place} has a certificate that is not trusted ({reason}): set AWS_CA_BUNDLE to the "
            "file of its authority"
        )
    if isinstance(error, boto.ClientError):
        if code(error) in _ADVICE:
            return StoreConfigurationError(
                f"{place} refuses ({code(error)}): {_ADVICE[code(error)]}"
            )
        passing = code(error) in _PASSING_CODES or status(error) in _PASSING_STATUS
        if 400 <= status(error) < 500 and not passing:
            return StoreConfigurationError(
                f"{place} refuses ({reason}): check its address and rules"
            )
    elif not isinstance(error, _PASSING):
        return StoreConfigurationError(f"{place} cannot be used ({reason}): correct its address")
    return StoreUnavailable(f"{place} did not answer as it should for {waited_s:.1f} s ({reason})")
