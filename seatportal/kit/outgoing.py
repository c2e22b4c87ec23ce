"""Calls to addresses that somebody else wrote down: they must not reach our own network.

The name is resolved once, every address behind it has to be a public one, and the connection goes to that very
address, while Host and TLS keep the name; so a name that answers otherwise a moment later changes nothing. Redirects
are answers like any other. Nothing of the process's proxy settings is used.
"""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

# For the whole call, however slowly the other side speaks.
SECONDS = 15.0
# What is read of an answer to a message, and of a document that was asked for.
EXCERPT_BYTES = 1_000
DOCUMENT_BYTES = 2_000_000
AGENT = "SeatPortal-Webhooks/1.0"

_EMBEDS_V4 = ipaddress.ip_network("64:ff9b::/96")


class NotAllowed(Exception):
    """Not an address that may be called. The reason is one of `Refusal`'s words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoAnswer(Exception):
    """The other side could not be reached, or did not answer in time or in HTTP."""


@dataclass(frozen=True)
class Answer:
    """What came back. excerpt: the beginning of its body as text."""

    status: int
    excerpt: str
    milliseconds: int

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Document:
    """A whole answer. headers: names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Target:
    """An address taken apart. addresses: what its name stands for, each allowed."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def is_public(text: str) -> bool:
    """Whether an IP address belongs to the public internet. One that carries an IPv4 address counts as that one."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if address in _EMBEDS_V4:
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)))
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises NoAnswer."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"The name {host} is not known.") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def target_of(url: str, *, anywhere: bool = False) -> Target:
    """Take an address apart and look where it leads. anywhere: our own staff wrote it down, so our own network is
    meant too. Raises NotAllowed, and NoAnswer for an unknown name.

    With the setting WEBHOOKS_TO_LOOPBACK this machine itself may be called, and without TLS: for trying things out.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotAllowed("malformed") from error
    host = parts.hostname or ""
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise NotAllowed("malformed")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("has_password")
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOKS_TO_LOOPBACK):
        raise NotAllowed("not_https")
    port = port or (443 if parts.scheme == "https" else 80)
    addresses = resolve(host, port)
    if not addresses or not (anywhere or all(_allowed(one, parts.scheme) for one in addresses)):
        raise NotAllowed("not_public")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, tuple(addresses))


def post(url: str, *, body: bytes, headers: Mapping[str, str], anywhere: bool = False) -> Answer:
    """POST once and say what came back, whatever it is. Raises NotAllowed, NoAnswer."""
    began = monotonic()
    got = _call("POST", url, body=body, headers={"User-Agent": AGENT, **headers}, anywhere=anywhere, began=began)
    excerpt = got.body.decode("utf-8", errors="replace").replace("\0", "")
    return Answer(got.status, excerpt, int((monotonic() - began) * 1000))


def fetch(
    url: str, *, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Document:
    """Ask once for a whole document. Raises NotAllowed, and NoAnswer also for one beyond DOCUMENT_BYTES."""
    asked = {"User-Agent": "SeatPortal/1.0", **(headers or {})}
    got = _call(method, url, body=body, headers=asked, began=monotonic(), most=DOCUMENT_BYTES + 1)
    if len(got.body) > DOCUMENT_BYTES:
        raise NoAnswer(f"The answer is longer than {DOCUMENT_BYTES} bytes.")
    return got


def _call(
    method: str,
    url: str,
    *,
    body: bytes | None,
    headers: Mapping[str, str],
    began: float,
    anywhere: bool = False,
    most: int = EXCERPT_BYTES,
) -> Document:
    target = target_of(url, anywhere=anywhere)
    connection = _connect(target)
    # Time-outs of a socket begin anew with each byte; this one does not.
    watch = threading.Timer(max(SECONDS - (monotonic() - began), 0.0), _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        connection.request(method, target.path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        read = _read(answer, most)
    except (OSError, HTTPException, AttributeError, ValueError) as error:
        raise NoAnswer(_words(error, timed_out=monotonic() - began >= SECONDS)) from error
    finally:
        watch.cancel()
        connection.close()
    if monotonic() - began >= SECONDS:
        # What was cut in the middle of its headers looks like a whole answer.
        raise NoAnswer(_words(TimeoutError(), timed_out=True))
    return Document(answer.status, {name.lower(): value for name, value in answer.getheaders()}, read)


def _allowed(address: str, scheme: str) -> bool:
    if settings.WEBHOOKS_TO_LOOPBACK and ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        return True
    return scheme == "https" and is_public(address)


def _read(answer: HTTPResponse, most: int) -> bytes:
    """Enough to see what is wrong; a body without end is never read to its end."""
    with suppress(OSError, HTTPException):
        return answer.read(most)
    return b""


def _words(error: Exception, *, timed_out: bool) -> str:
    if timed_out or isinstance(error, TimeoutError):
        return f"No answer within {SECONDS:.0f} seconds."
    return f"{type(error).__name__}: {error}"[:200]


def _connect(target: Target) -> HTTPConnection:
    if target.scheme == "https":
        return _PinnedTls(target)
    return _Pinned(target)


def _cut(connection: HTTPConnection) -> None:
    """Ends whatever the connection waits for."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _dial(target: Target) -> socket.socket:
    """To the first address that answers."""
    last: OSError = OSError("no address")
    for address in target.addresses[:4]:
        try:
            return socket.create_connection((address, target.port), timeout=SECONDS / 3)
        except OSError as error:
            last = error
    raise last


class _Pinned(HTTPConnection):
    """To the addresses that were looked at, whatever the name says now."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=SECONDS)
        self.target = target

    def connect(self) -> None:
        self.sock = _dial(self.target)
        self.sock.settimeout(SECONDS)


class _PinnedTls(HTTPSConnection):
    """The same; the certificate has to be the name's."""

    sock: Any

    def __init__(self, target: Target) -> None:
        self.tls = ssl.create_default_context()
        super().__init__(target.host, target.port, timeout=SECONDS, context=self.tls)
        self.target = target

    def connect(self) -> None:
        plain = _dial(self.target)
        plain.settimeout(SECONDS)
        # Known to the watch before the handshake, which may take for ever.
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.target.host, do_handshake_on_connect=False)
        self.sock.do_handshake()
