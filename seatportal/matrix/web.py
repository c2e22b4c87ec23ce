"""The door that Stripe's deliveries knock at: a process of its own on a port that the simulator knows."""

import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import WSGIRequestHandler, WSGIServer

from seatportal.matrix.processes import Cut, Running, start


class Quiet(WSGIRequestHandler):
    """Its access log is of no use here."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@dataclass
class Door:
    """The web server's process. Whoever finds it dead starts the next one."""

    port: int
    handler: WSGIHandler
    process: Running | None = None
    opened_by: int = 0

    def is_open(self) -> bool:
        """Whether somebody listens."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True
        return False

    def open(self, *, secret: str, cuts: Sequence[Cut] = ()) -> None:
        """Start the process unless one listens, and return when it does."""
        if self.is_open():
            return
        self.close()
        ready, tell = os.pipe()

        def serve() -> None:
            settings.STRIPE_WEBHOOK_SECRETS = [secret]
            server = self._bind()
            server.set_app(self.handler)
            os.write(tell, b"!")
            server.serve_forever(poll_interval=0.05)

        self.process, self.opened_by = start(serve, cuts=cuts), os.getpid()
        os.close(tell)
        os.read(ready, 1)
        os.close(ready)

    def close(self) -> None:
        """End the process, if it is ours to end."""
        if self.process is not None and self.opened_by == os.getpid():
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
        self.process = None

    def _bind(self) -> WSGIServer:
        """The port may be held for a moment by a door that is just dying."""
        for _ in range(200):
            with suppress(OSError):
                return WSGIServer(("127.0.0.1", self.port), Quiet)
            time.sleep(0.02)
        raise OSError(f"port {self.port} is taken")
