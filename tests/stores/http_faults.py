"""An HTTP proxy in front of a server of AWS's protocols that misbehaves on demand."""

import http.client
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


Forward = Callable[[], Answer]
Fault = Callable[["Exchange", Forward], None]


class Exchange(BaseHTTPRequestHandler):
    """One request: given to the next fault that wants it, else to the server behind."""

    protocol_version = "HTTP/1.1"
    body: bytes

    def handle_any(self) -> None:
        self.body = body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        proxy: HttpFaults = self.server.proxy  # type: ignore[attr-defined]
        fault = proxy.take_fault(self.command, self.path, dict(self.headers))

        def forward() -> Answer:
            connection = http.client.HTTPConnection("127.0.0.1", proxy.backend_port, timeout=30)
            connection.request(self.command, self.path, body, dict(self.headers))
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
            connection.close()
            return answer

        if fault is None:
            self.answer(forward())
        else:
            fault(self, forward)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any  # noqa: N815 - http.server's names

    def answer(self, answer: Answer, cut_after: int | None = None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:cut_after])
        if cut_after is not None:
            self.reset()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: object) -> None:
        pass


def refuse(status: int, code: str) -> Fault:
    """Answer with an S3 error."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    headers = [("Content-Type", "application/xml")]
    return lambda exchange, _: exchange.answer(Answer(status, headers, body))


def delay(seconds: float) -> Fault:
    """Answer rightly, but late."""

    def fault(exchange: Exchange, forward: Forward) -> None:
        exchange.server.proxy.closing.wait(seconds)  # type: ignore[attr-defined]
        exchange.answer(forward())

    return fault


def reset(exchange: Exchange, forward: Forward) -> None:
    """Cut the connection instead of an answer; the server never hears of the request."""
    exchange.reset()


def lose_answer(exchange: Exchange, forward: Forward) -> None:
    """Let the server do what was asked, then cut the connection."""
    forward()
    exchange.reset()


def truncate(size: int) -> Fault:
    """Cut the connection after so many bytes of the body."""
    return lambda exchange, forward: exchange.answer(forward(), cut_after=size)


def without_conditions(exchange: Exchange, forward: Forward) -> None:
    """Be an older server, that does not know conditional writes."""
    if "If-None-Match" in exchange.headers or "If-Match" in exchange.headers:
        refuse(501, "NotImplemented")(exchange, forward)
    else:
        exchange.answer(forward())


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that has given up, or a connection that was cut on purpose."""


@dataclass
class Planned:
    fault: Fault
    times: int
    method: str
    path_end: str


@dataclass
class HttpFaults:
    """The proxy. Faults are used up in the order in which they were planned."""

    backend_port: int
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._planned: list[Planned] = []
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._server = QuietServer(("127.0.0.1", 0), Exchange)
        self._server.proxy = self  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def plan(self, fault: Fault, times: int = 1, method: str = "", path_end: str = "") -> None:
        with self._lock:
            self._planned.append(Planned(fault, times, method, path_end))

    def heal(self) -> None:
        with self._lock:
            self._planned.clear()

    def take_fault(self, method: str, path: str, headers: dict[str, str]) -> Fault | None:
        path = path.partition("?")[0]
        with self._lock:
            self.requests.append((method, path, headers))
            for planned in self._planned:
                if method.startswith(planned.method) and path.endswith(planned.path_end):
                    planned.times -= 1
                    if planned.times == 0:
                        self._planned.remove(planned)
                    return planned.fault
        return None

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
