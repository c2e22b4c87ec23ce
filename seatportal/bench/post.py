"""Ready-made requests over kept connections, cheap enough to leave the cores to the servers."""

import json
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Self


class Refused(RuntimeError):
    """An answer that was no success."""


def request_bytes(*, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in ({"Content-Type": "application/json"} | headers).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def get_bytes(*, path: str, headers: dict[str, str]) -> bytes:
    """One GET as it goes over the wire."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class Line:
    """One connection to a server of this machine; a context manager."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def send(self, request: bytes) -> bytes:
        """Send, and return the answer's body. Raises Refused unless it is a success."""
        try:
            head, body = self._exchange(request)
        except ConnectionError:
            # The server closed a kept connection between two requests; it has not seen this one.
            self._hang_up()
            head, body = self._exchange(request)
        if head.split(b" ", 2)[1] not in (b"200", b"201", b"202", b"204"):
            raise Refused((head + b"\r\n" + body).decode(errors="replace")[:2000])
        if b"\r\nconnection: close" in head.lower():
            self._hang_up()
        return body

    def _exchange(self, request: bytes) -> tuple[bytes, bytes]:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more(self._socket)
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while len(body) < (int(lengths[0].split(b":")[1]) if lengths else 0):
            body += self._more(self._socket)
        return head, body

    @staticmethod
    def _more(connection: socket.socket) -> bytes:
        data = connection.recv(65_536)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        return data

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def post_all(requests: Sequence[bytes], *, port: int, connections: int = 8) -> float:
    """Send each once, in order, over `connections` at a time; returns seconds. Raises Refused."""
    turn = count()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with Line(port) as line:
                while (number := next(turn)) < len(requests):
                    line.send(requests[number])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if failures:
        raise failures[0]
    return took


@dataclass(frozen=True)
class Timed:
    """rate: requests a second. p95: seconds."""

    rate: float
    p95: float


def time_all(requests: Sequence[bytes], *, port: int, connections: int = 4) -> Timed:
    """Send each once, shared out among `connections` beforehand, and time each. Raises Refused."""
    took: list[float] = []
    failures: list[BaseException] = []

    def work(mine: Sequence[bytes]) -> None:
        try:
            with Line(port) as line:
                for request in mine:
                    began = time.perf_counter()
                    line.send(request)
                    took.append(time.perf_counter() - began)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(requests[first::connections],)) for first in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failures:
        raise failures[0]
    return Timed(len(took) / seconds, sorted(took)[int(len(took) * 0.95)])


def call_api(line: Line, path: str, body: dict[str, Any], *, key: str, **headers: str) -> dict[str, Any]:
    """POST JSON to the portal's API with a key, and return its answer."""
    wanted = {"Authorization": f"Bearer {key}"} | headers
    answer = line.send(request_bytes(path=f"/api/v1/{path}", body=json.dumps(body).encode(), headers=wanted))
    found: dict[str, Any] = json.loads(answer)
    return found
