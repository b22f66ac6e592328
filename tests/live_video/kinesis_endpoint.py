"""Kinesis Video Streams on this machine: moto's streams, and a PutMedia that checks what it gets.

PutMedia verifies Signature Version 4 by itself, takes Matroska apart while it comes, has PyAV
demultiplex each cluster, and acknowledges as the service does. What it is told to do wrong, it does
once, in that order.
"""

import asyncio
import hashlib
import hmac
import io
import json
import re
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from email.utils import formatdate

import av
from aiohttp import ClientSession, web

ACCESS_KEY, SECRET_KEY, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/planted", "token/planted=="
LONGEST_SKEW_S = 300.0

ALLOWED = {0x1A45DFA3: "EBML", 0x1549A966: "Info", 0x1654AE6B: "Tracks", 0x1F43B675: "Cluster"}
SEGMENT, CLUSTER = 0x18538067, 0x1F43B675


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Received:
    """A fragment that came whole."""

    connection: int
    time_ms: int
    pictures: int
    span_ms: int
    codec: str
    at_s: float


@dataclass
class Wrong:
    """What is done wrong, once.

    Attributes:
        refuse: status, code and message instead of an answer.
        at_control: refuse GetDataEndpoint instead of PutMedia.
        drop_after: break the connection when so many fragments have come.
        error_after: acknowledge an error of this number in place of the fragment after so many.
        end_after: end the answer when so many fragments have come, without a word.
    """

    refuse: tuple[int, str, str] | None = None
    at_control: bool = False
    drop_after: int | None = None
    error_after: tuple[int, int] | None = None
    end_after: int | None = None


@dataclass
class Endpoint:
    """A server on a thread of its own.

    Attributes:
        streams: address of moto's server, which knows the streams.
        ahead_s: seconds that its clock is ahead of ours.
        wrong: what it is to do wrong.
        received: fragments, in the order in which they came.
        connections: requests of PutMedia that were accepted.
        heads: of the requests, without the credentials.
        problems: what was not as it must be.
    """

    streams: str
    ahead_s: float = 0.0
    is_silent: bool = False
    wrong: deque[Wrong] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    asked: int = 0
    heads: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._listening.wait(10.0)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10.0)

    def wait_for(self, condition, deadline_s: float = 20.0) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), deadline_s), self

    def _note(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        application = web.Application(client_max_size=1 << 30)
        application.add_routes(
            [
                web.post("/putMedia", self._put_media),
                web.post("/getDataEndpoint", self._get_data_endpoint),
            ]
        )
        runner = web.AppRunner(application, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        self._listening.set()
        await self._stop.wait()
        await runner.cleanup()

    def _next_wrong(self, at_control: bool) -> Wrong | None:
        if self.wrong and self.wrong[0].at_control == at_control:
            return self.wrong.popleft()
        return None

    def _check(self, request: web.Request, body: bytes) -> None:
        check_signature(request, body, time.time() + self.ahead_s)

    def _refusal(self, refused: Refused) -> web.Response:
        return web.Response(
            status=refused.status,
            body=json.dumps({"message": refused.message}).encode(),
            headers={
                "x-amzn-ErrorType": f"{refused.code}:http://internal.amazon.com/coral/",
                "Content-Type": "application/json",
                "Date": formatdate(time.time() + self.ahead_s, usegmt=True),
            },
        )

    async def _get_data_endpoint(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked += 1
        self._note()
        try:
            self._check(request, body)
            wrong = self._next_wrong(at_control=True)
            if wrong is not None:
                raise Refused(*wrong.refuse)
        except Refused as refused:
            return self._refusal(refused)
        headers = {"Authorization": request.headers["Authorization"]}
        headers["Content-Type"] = request.headers.get("Content-Type", "application/json")
        async with (
            ClientSession() as session,
            session.post(f"{self.streams}/getDataEndpoint", data=body, headers=headers) as answer,
        ):
            text = await answer.text()
            if answer.status == 200:
                text = json.dumps({"DataEndpoint": self.url})
            kept = {
                name: answer.headers[name]
                for name in answer.headers
                if name.lower() in ("x-amzn-errortype", "content-type")
            }
            return web.Response(status=answer.status, text=text, headers=kept)

    async def _put_media(self, request: web.Request) -> web.StreamResponse:
        wrong = self._next_wrong(at_control=False) or Wrong()
        try:
            self._check(request, b"")
            if wrong.refuse is not None:
                raise Refused(*wrong.refuse)
        except Refused as refused:
            return self._refusal(refused)
        self.connections += 1
        connection = self.connections
        self.heads.append(
            {name: value for name, value in request.headers.items() if name.startswith("x-amzn")}
            | {"Transfer-Encoding": request.headers.get("Transfer-Encoding", "")}
        )
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            await self._take(request, answer, connection, wrong)
        except (ConnectionError, asyncio.CancelledError):
            return answer
        except (ValueError, KeyError, av.FFmpegError) as error:
            self.problems.append(repr(error))
        finally:
            self._note()
        return answer

    async def _take(self, request, answer, connection: int, wrong: Wrong) -> None:
        parser = Matroska()
        count, last_ms, is_buffering = 0, -1, False
        async for data in request.content.iter_any():
            parser.feed(data)
            if parser.in_cluster and not is_buffering and not self.is_silent:
                is_buffering = True
                await self._acknowledge(answer, "BUFFERING", parser.cluster_time_ms)
            for cluster in parser.clusters():
                is_buffering = False
                if wrong.error_after is not None and count == wrong.error_after[0]:
                    number = wrong.error_after[1]
                    time_ms = time_of(cluster)
                    await self._acknowledge(answer, "ERROR", time_ms, ErrorId=number, ErrorCode="X")
                    return
                fragment = examine(parser.head, cluster, connection)
                if fragment.time_ms <= last_ms:
                    self.problems.append(f"{fragment.time_ms} does not come after {last_ms}")
                last_ms = fragment.time_ms
                count += 1
                if count == wrong.drop_after:
                    request.transport.abort()
                    raise ConnectionResetError
                self.received.append(fragment)
                self._note()
                if not self.is_silent:
                    # In two pieces, as a network may deliver it.
                    await self._acknowledge(answer, "RECEIVED", fragment.time_ms, split=True)
                    await self._acknowledge(answer, "PERSISTED", fragment.time_ms)
                    await answer.write(b'{"EventType":"IDLE"}\n')
                if count == wrong.end_after:
                    return

    async def _acknowledge(
        self, answer, event: str, time_ms: int | None, split: bool = False, **more
    ) -> None:
        said = {"EventType": event, "FragmentTimecode": time_ms, "FragmentNumber": "9134", **more}
        data = json.dumps(said).encode() + b"\r\n"
        if split:
            await answer.write(data[:9])
            await asyncio.sleep(0.01)
            data = data[9:]
        await answer.write(data)


class Matroska:
    """Takes a stream of Matroska apart while it comes."""

    def __init__(self) -> None:
        self.head = b""
        self._data = b""
        self._clusters: list[bytes] = []

    def feed(self, data: bytes) -> None:
        self._data += data
        while True:
            try:
                number, begin, size = element(self._data)
            except IndexError:
                return
            if number == SEGMENT:
                if SEGMENT.to_bytes(4, "big") in self.head:
                    raise ValueError("a second segment")
                self.head += self._data[:begin]
                self._data = self._data[begin:]
                continue
            if number not in ALLOWED:
                raise ValueError(f"element {number:#x} is not allowed")
            if len(self._data) < begin + size:
                return
            whole, self._data = self._data[: begin + size], self._data[begin + size :]
            if number == CLUSTER:
                self._clusters.append(whole)
            elif self._clusters:
                raise ValueError(f"{ALLOWED[number]} after a cluster")
            else:
                self.head += whole

    @property
    def in_cluster(self) -> bool:
        return len(self._data) > 32 and element(self._data)[0] == CLUSTER

    @property
    def cluster_time_ms(self) -> int:
        return time_of(self._data)

    def clusters(self):
        taken, self._clusters = self._clusters, []
        return taken


def element(data: bytes) -> tuple[int, int, int]:
    """Number, beginning and size of the element that data begins with (RFC 8794)."""

    def number(at: int) -> tuple[int, int]:
        length = 9 - data[at].bit_length()
        if len(data) < at + length:
            raise IndexError
        return int.from_bytes(data[at : at + length], "big"), at + length

    kind, at = number(0)
    size, begin = number(at)
    return kind, begin, size & ((1 << 7 * (begin - at)) - 1)


def time_of(cluster: bytes) -> int:
    _, begin, _ = element(cluster)
    kind, at, size = element(cluster[begin:])
    assert kind == 0xE7, "a cluster begins with its time"
    return int.from_bytes(cluster[begin + at : begin + at + size], "big")


def examine(head: bytes, cluster: bytes, connection: int) -> Received:
    """What a real demultiplexer and decoder make of a fragment."""
    with av.open(io.BytesIO(head + cluster), format="matroska") as container:
        (stream,) = container.streams
        packets = [packet for packet in container.demux(stream) if packet.size]
        if not packets[0].is_keyframe:
            raise ValueError("a fragment begins with a picture that needs others")
        times = [round(packet.pts * packet.time_base * 1000) for packet in packets]
        if times != sorted(set(times)):
            raise ValueError(f"times do not rise: {times}")
        if stream.codec_context.extradata[0] != 1:
            raise ValueError("the codec's private data is not in AVCC format")
        codec = f"{stream.codec_context.name} {stream.width}x{stream.height}"
    with av.open(io.BytesIO(head + cluster), format="matroska") as container:
        decoded = sum(1 for _ in container.decode(video=0))
    if decoded != len(packets):
        raise ValueError(f"{len(packets)} pictures, of which {decoded} can be decoded")
    if abs(times[0] - time_of(cluster)) > 1:
        raise ValueError("the first picture is not at the cluster's time")
    span_ms = times[-1] - times[0]
    return Received(connection, time_of(cluster), decoded, span_ms, codec, time.time())


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
