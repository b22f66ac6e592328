"""A TCP proxy that can lose the server's next answer after the server has done its work."""

import contextlib
import socket
import threading


class TcpFaults:
    def __init__(self, backend_port: int) -> None:
        self._backend_port = backend_port
        self._lose_next_answer = threading.Event()
        self.answers_lost = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_next_answer(self) -> None:
        self._lose_next_answer.set()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._backend_port))
                for source, target, is_answer in (client, server, False), (server, client, True):
                    threading.Thread(
                        target=self._copy, args=(source, target, is_answer), daemon=True
                    ).start()

    def _copy(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if is_answer and self._lose_next_answer.is_set():
                    self._lose_next_answer.clear()
                    self.answers_lost += 1
                    break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
