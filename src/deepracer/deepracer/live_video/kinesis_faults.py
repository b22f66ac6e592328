"""What the refusals of Kinesis Video Streams mean for a person.

Nothing that the service says beyond its codes is repeated: what it writes about a signature has the
whole request in it, session token included.
"""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from botocore import exceptions as boto

_CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE, or a role) to credentials"
    " that the service accepts"
)
_ALLOW = (
    "allow kinesisvideo:GetDataEndpoint and kinesisvideo:PutMedia on the stream to these"
    " credentials"
)
_REGION = "set AWS_REGION to the stream's region"
_THROTTLED = (
    "it has too many requests or senders: let nobody else send to this stream; it is tried again"
    " more seldom"
)
_KEY = "let these credentials use the stream's KMS key, and see that the key is enabled"
_ENDPOINT = "the address of the stream has changed and is asked for anew"
_SERVICE = "the service has a fault of its own: wait"

_ADVICE = {
    "AccessDeniedException": _ALLOW,
    "AccessDenied": _ALLOW,
    "NotAuthorizedException": _ALLOW,
    "NotAuthorized": _ALLOW,
    "ResourceNotFoundException": f"create the stream, or correct its name; {_REGION}",
    "UnrecognizedClientException": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "InvalidSignatureException": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "IncompleteSignature": _CREDENTIALS,
    "IncompleteSignatureException": _CREDENTIALS,
    "MissingAuthenticationTokenException": _CREDENTIALS,
    "ExpiredTokenException": "get new temporary credentials, these have expired",
    "ExpiredToken": "get new temporary credentials, these have expired",
    "ClientLimitExceededException": _THROTTLED,
    "ConnectionLimitExceededException": _THROTTLED,
    "StreamLimitExceededException": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "TooManyRequestsException": _THROTTLED,
    "InvalidEndpointException": _ENDPOINT,
    "InternalFailure": _SERVICE,
    "ServiceUnavailable": _SERVICE,
}
"""By the codes of PutMedia, of GetDataEndpoint and of all actions of the service."""

_OF_ACKNOWLEDGEMENTS = {
    4000: "the connection did not bring the data whole: see to the network",
    4003: "the connection was as long as it may be",
    4007: "set the clock of this machine (NTP)",
    4008: "the stream was deleted: create it again",
    **dict.fromkeys(range(4500, 4507), _KEY),
    5000: _SERVICE,
    5001: _SERVICE,
}

_LATE = ("RequestExpired", "RequestTimeTooSkewed")
_SIGNATURES = ("InvalidSignatureException", "SignatureDoesNotMatch")

_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.ProfileNotFound,
    boto.SSOError,
    boto.CredentialRetrievalError,
)


class KinesisFault(Exception):
    """Why no video comes to a stream, and what to do; in one line.

    Attributes:
        kind: the same for faults that need not be told twice.
        is_passing: expected in the course of things, and not worth a word.
        refused_ms: time of the fragment that is refused, if it is about one.
    """

    def __init__(
        self, kind: str, text: str, *, is_passing: bool = False, refused_ms: int | None = None
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.is_passing = is_passing
        self.refused_ms = refused_ms


def refused(
    action: str, code: str, message: str, headers: Mapping[str, str], status: int
) -> KinesisFault:
    """The fault of a request that was refused.

    Args:
        action: that was asked for.
        code: of the refusal; may be empty.
        message: with it; it is looked at and not repeated.
        headers: of the answer.
        status: HTTP's.
    """
    is_signature = code in _SIGNATURES and ("expired" in message or "not yet current" in message)
    if code in _LATE or is_signature:
        return KinesisFault(
            "clock",
            f"{action} is refused ({code}): {_clock(headers)}: set the clock of this machine (NTP)",
        )
    name = code or f"HTTP status {status}"
    advice = _ADVICE.get(code, _SERVICE if status >= 500 else "check stream, region and endpoint")
    return KinesisFault(name, f"{action} is refused ({name}): {advice}")


def not_asked(error: Exception) -> KinesisFault:
    """The fault of an address that could not be asked for: boto3's own errors.

    Args:
        error: of botocore, or whatever an endpoint that is no URL raises.
    """
    kind = type(error).__name__
    if isinstance(error, boto.ClientError):
        said, about = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
        return refused(
            error.operation_name,
            str(said.get("Code", "")),
            str(said.get("Message", "")),
            about.get("HTTPHeaders", {}),
            int(about.get("HTTPStatusCode", 0)),
        )
    if isinstance(error, _NO_CREDENTIALS):
        return KinesisFault("credentials", f"there are no credentials ({kind}): {_CREDENTIALS}")
    if isinstance(error, boto.NoRegionError):
        return KinesisFault("region", f"there is no region: {_REGION}")
    if isinstance(error, boto.SSLError):
        return KinesisFault(
            "certificate",
            "the service's certificate is not trusted: set AWS_CA_BUNDLE to the file of its"
            " authority",
        )
    if isinstance(error, (boto.HTTPClientError, boto.ConnectionError)):
        return KinesisFault(
            "network", f"the service cannot be reached ({kind}): see to network and region"
        )
    return KinesisFault(kind, f"the service cannot be asked ({kind}): correct its endpoint")


def unreachable(error: Exception) -> KinesisFault:
    """The fault of a connection that did not come about or broke."""
    kind = type(error).__name__
    return KinesisFault("network", f"the connection broke ({kind}): see to the network")


def ended_early() -> KinesisFault:
    """The fault of a connection that the service ended without a reason."""
    return KinesisFault("ended", "the service ended the connection: see to the stream")


def not_spoken() -> KinesisFault:
    """The fault of an answer that is no acknowledgement."""
    return KinesisFault(
        "protocol",
        "what answers does not acknowledge as the service does: correct its endpoint",
    )


def acknowledged_error(number: int, code: str, time_ms: int | None) -> KinesisFault:
    """The fault that an acknowledgement tells.

    Args:
        number: its ErrorId.
        code: its ErrorCode; may be empty.
        time_ms: of the fragment, if it is about one.
    """
    name = f"{number} {code}".strip()
    advice = _OF_ACKNOWLEDGEMENTS.get(number, "it is sent again from the next picture on")
    return KinesisFault(
        f"acknowledgement {number}",
        f"a fragment is refused ({name}): {advice}",
        is_passing=number == 4003,
        refused_ms=time_ms,
    )


def _clock(headers: Mapping[str, str]) -> str:
    """How this machine's clock goes, by that of the service."""
    theirs = {name.lower(): value for name, value in headers.items()}.get("date")
    if theirs is None:
        return "the clock of this machine is wrong"
    behind_s = parsedate_to_datetime(theirs).timestamp() - time.time()
    which = "behind" if behind_s > 0 else "ahead of"
    return f"the clock of this machine is {abs(behind_s) / 60:.0f} minutes {which} the service's"
