"""The simulator as a process: HTTP on a loopback port, a ticker for what is due, a courier for webhooks."""

from __future__ import annotations

import json
import signal
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import due
from .api import Answer, Api
from .control import Control
from .courier import Courier
from .pages import Page
from .site import Site
from .world import World

_TICK = 0.5
_LARGEST_BODY = 2_000_000


class Server(ThreadingHTTPServer):
    """Everything that one running simulator has."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, data: Path | None, *, verify: bool = False, limits: bool = False) -> None:
        super().__init__((host, port), Handler)
        self.world = World.open(data)
        self.world.base_url = f"http://{host}:{self.server_address[1]}"
        self.api = Api(self.world, verify=verify)
        self.world.defaults = self.world.defaults | {"rate_limits": limits}
        self.courier = Courier(self.world)
        self.control = Control(self.api, self.courier)
        self.site = Site(self.world)
        self._stopping = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="ticker", daemon=True)

    def start(self) -> None:
        self.courier.start()
        self._ticker.start()

    def stop(self) -> None:
        self._stopping.set()
        self.courier.stop()
        self.server_close()
        self.world.store.close()

    def _tick(self) -> None:
        while not self._stopping.wait(_TICK):
            due.run_all(self.world)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class Handler(BaseHTTPRequestHandler):
    """Keeps connections open, and writes each answer at once."""

    protocol_version = "HTTP/1.1"
    server_version = "StripeSimulator"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 300
    server: Server

    def do_GET(self) -> None:
        self._dispatch()

    def do_POST(self) -> None:
        self._dispatch()

    def do_DELETE(self) -> None:
        self._dispatch()

    def do_HEAD(self) -> None:
        self._dispatch()

    def _dispatch(self) -> None:
        announced = self.headers.get("Content-Length") or "0"
        if not announced.isdecimal() or int(announced) > _LARGEST_BODY:
            self.close_connection = True
            self.send_error(413 if announced.isdecimal() else 400)
            return
        length = int(announced)
        body = self.rfile.read(length).decode("utf-8", "replace")
        url = urlsplit(self.path)
        if url.path.startswith(("/v1/", "/v2/")):
            self._api(self.server.api.answer(self.command, url.path, url.query, body, self.headers))
        elif url.path.startswith("/_control"):
            self._page(self.server.control.answer(self.command, url.path, url.query, body))
        else:
            self._page(self.server.site.answer(self.command, url.path, url.query, body))

    def _api(self, answer: Answer) -> None:
        if answer.lost is not None:
            self._break(answer.seconds)
            return
        body = json.dumps(answer.body, separators=(",", ":"), ensure_ascii=False).encode()
        self._write(answer.status, "application/json", body, answer.headers)

    def _page(self, page: Page) -> None:
        self._write(page.status, page.content_type, page.body, page.headers)

    def _write(self, status: int, content_type: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-cache, no-store")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _break(self, seconds: float) -> None:
        """Hang as long as was ordered, then reset the connection without a word."""
        time.sleep(seconds)
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are read at /_control/requests."""


def serve(*, host: str, port: int, data: Path | None, verify: bool = False, limits: bool = False) -> None:
    """Run until SIGTERM or SIGINT. Port 0 picks a free one; the ready line on stdout names it.

    Raises OSError when the port is taken.
    """
    server = Server(host, port, data, verify=verify, limits=limits)
    server.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop that this very thread runs, so another thread calls it.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stdout.write(f"Stripe simulator ready at {server.world.base_url}\n")
    sys.stdout.flush()
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.stop()
