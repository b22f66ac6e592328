"""Signature Version 4, verified without the library that signs."""

import hashlib
import hmac
import re
import time

from aiohttp import web

ACCESS_KEY, SECRET_KEY, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/planted", "token/planted=="
LONGEST_SKEW_S = 300.0


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), "
    r"SignedHeaders=(?P<names>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def check_signature(request: web.Request, body: bytes, now_s: float) -> None:
    """Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html)."""
    signed = _SIGNED.fullmatch(request.headers.get("Authorization", ""))
    if signed is None:
        raise Refused(403, "MissingAuthenticationTokenException", "no signature")
    if signed["key"] != ACCESS_KEY or request.headers.get("X-Amz-Security-Token") != TOKEN:
        raise Refused(403, "UnrecognizedClientException", "The security token is invalid.")
    date = request.headers["X-Amz-Date"]
    signed_s = _seconds(date)
    if abs(now_s - signed_s) > LONGEST_SKEW_S:
        word = "expired" if now_s > signed_s else "not yet current"
        raise Refused(403, "InvalidSignatureException", f"Signature {word}: {date} is not now")
    names = signed["names"].split(";")
    for needed in ("host", "x-amz-date", "x-amz-security-token"):
        assert needed in names, f"{needed} is not signed"
    if request.path == "/putMedia":
        for needed in ("stream-name", "fragment-timecode-type", "producer-start-timestamp"):
            assert f"x-amzn-{needed}" in names, f"{needed} is not signed"
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
    digest = hashlib.sha256(body).hexdigest()
    canonical = f"POST\n{request.path}\n\n{headers}\n{signed['names']}\n{digest}"
    scope = signed["scope"]
    key = b"AWS4" + SECRET_KEY.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashed}"
    expected = hmac.new(key, text.encode(), "sha256").hexdigest()
    if not hmac.compare_digest(expected, signed["signature"]):
        # The service writes all of it into its answer, the token too.
        raise Refused(
            403,
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. The"
            f" Canonical String for this request should have been '{canonical}'",
        )


def _seconds(date: str) -> float:
    return time.mktime(time.strptime(date, "%Y%m%dT%H%M%SZ")) - time.timezone
