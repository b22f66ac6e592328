"""Kinesis Video Streams on this machine: moto's streams, and a PutMedia that checks what it gets.

PutMedia verifies Signature Version 4, takes Matroska apart while it comes, has PyAV demultiplex
each cluster, and acknowledges as the service does. What it is told to do wrong, it does once, in
that order.
"""

import asyncio
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from email.utils import formatdate

import av
from aiohttp import ClientSession, web
from matroska_fragments import Matroska, Received, examine, time_of
from signatures import Refused, check_signature


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
