"""The action PutMedia of Kinesis Video Streams: one long request, and what is answered meanwhile.

https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_PutMedia.html has the
request, the acknowledgements and their error codes; limits.html beside it, that a connection lasts
at most 45 minutes and a fragment 1 to 10 seconds. No SDK for Python has the action. What is signed
is what the service's own producer libraries sign: the head of the request alone, as of one with an
empty body, by Signature Version 4.
"""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from deepracer.live_video.kinesis_faults import (
    KinesisFault,
    acknowledged_error,
    not_asked,
    not_spoken,
    refused,
    unreachable,
)

ACTION = "PutMedia"
_SERVICE = "kinesisvideo"

CONNECT_S, READ_S = 5.0, 15.0
"""Seconds for a connection, and for an answer."""

SILENCE_S = 30.0
"""Seconds without an acknowledgement after which a connection counts as dead. The service says even
of one that brings nothing that it is idle."""

_RECEIVED = ("RECEIVED", "PERSISTED")
"""What is said of a fragment that need not be kept any longer; before, that it is BUFFERING."""

_LONGEST = 64 << 10
"""Bytes of one answer."""


@dataclass(frozen=True, slots=True)
class Access:
    """What is needed to send to a stream.

    Attributes:
        stream: its name.
        endpoint: where it takes media.
        region: of the stream.
        credentials: that sign the request; never shown.
    """

    stream: str
    endpoint: str
    region: str
    credentials: ReadOnlyCredentials

    def __repr__(self) -> str:
        return f"Access({self.stream!r}, {self.endpoint!r}, {self.region!r})"


def find_access(stream: str) -> Access:
    """Ask where a stream takes media, with credentials and region as boto3 finds them.

    Raises:
        KinesisFault: it is not told; with what to do.
    """
    try:
        session = boto3.session.Session()
        region = os.environ.get("AWS_REGION") or session.region_name
        config = Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"mode": "standard", "total_max_attempts": 2},
        )
        client = session.client(_SERVICE, region_name=region, config=config)
        answer = client.get_data_endpoint(StreamName=stream, APIName="PUT_MEDIA")
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        frozen = credentials.get_frozen_credentials()
    # For an endpoint that is no URL botocore has no error of its own.
    except (BotoCoreError, ClientError, ValueError) as error:
        raise not_asked(error) from error
    return Access(stream, answer["DataEndpoint"], client.meta.region_name, frozen)


async def put_media(
    access: Access,
    pieces: AsyncIterator[bytes],
    began_s: float,
    received: Callable[[int], None],
) -> None:
    """Send Matroska to a stream until there is no more.

    Args:
        access: to the stream.
        pieces: of the Matroska: its head, then cluster by cluster, their times since the epoch.
        began_s: when the first picture was taken, seconds since the Unix epoch.
        received: called with the time of each fragment that the service has, milliseconds since
            the Unix epoch.

    Raises:
        KinesisFault: it is refused, a fragment is, or the connection breaks.
    """
    url = f"{access.endpoint}/putMedia"
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
    try:
        trusted = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trusted), timeout=timeout, trust_env=True
        ) as session:
            asked = session.post(url, data=pieces, headers=signed_headers(access, url, began_s))
            async with await asyncio.wait_for(asked, SILENCE_S) as response:
                if response.status != 200:
                    raise await _refusal(response)
                await _read_acknowledgements(response, received)
    except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
        raise unreachable(error) from error


def signed_headers(access: Access, url: str, began_s: float) -> dict[str, str]:
    """The head of the request, which alone is signed."""
    request = AWSRequest(
        method="POST",
        url=url,
        headers={
            "x-amzn-stream-name": access.stream,
            "x-amzn-fragment-timecode-type": "ABSOLUTE",
            "x-amzn-producer-start-timestamp": f"{began_s:.3f}",
            "x-amzn-fragment-acknowledgment-required": "1",
        },
    )
    SigV4Auth(access.credentials, _SERVICE, access.region).add_auth(request)
    return dict(request.headers.items())


async def _refusal(response: aiohttp.ClientResponse) -> KinesisFault:
    body = await asyncio.wait_for(response.content.read(_LONGEST), READ_S)
    try:
        said = json.loads(body)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    headers = response.headers
    # The documentation writes it without n, the service with it.
    code = headers.get("x-amzn-ErrorType") or headers.get("x-amz-ErrorType") or said.get("__type")
    message = str(said.get("message") or said.get("Message") or "")
    code = str(code or "").partition(":")[0].rpartition("#")[2]
    return refused(ACTION, code, message, headers, response.status)


async def _read_acknowledgements(
    response: aiohttp.ClientResponse, received: Callable[[int], None]
) -> None:
    decoder = json.JSONDecoder()
    text = ""
    while data := await asyncio.wait_for(response.content.readany(), SILENCE_S):
        text = (text + data.decode(errors="replace")).lstrip()
        while text:
            try:
                said, end = decoder.raw_decode(text)
            except ValueError:
                if len(text) > _LONGEST:
                    raise not_spoken() from None
                break  # the rest of it is still on its way
            text = text[end:].lstrip()
            time_ms = _received(said)
            if time_ms is not None:
                received(time_ms)


def _received(said: Any) -> int | None:
    """The time of the fragment that an acknowledgement says was received, if it says so.

    Raises:
        KinesisFault: it says that a fragment is refused, or it is no acknowledgement.
    """
    if not isinstance(said, dict) or "EventType" not in said:
        raise not_spoken()
    try:
        time_ms = int(said["FragmentTimecode"]) if "FragmentTimecode" in said else None
        number = int(said.get("ErrorId", 0))
    except (TypeError, ValueError):
        raise not_spoken() from None
    if said["EventType"] == "ERROR":
        raise acknowledged_error(number, str(said.get("ErrorCode", "")), time_ms)
    return time_ms if said["EventType"] in _RECEIVED else None
