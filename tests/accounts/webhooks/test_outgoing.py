"""Where messages may go: never into our own network, whatever a name says, and for how long."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from seatportal.kit import outgoing
from seatportal.kit.outgoing import NoAnswer, NotAllowed, is_public, post, target_of
from tests.receiver import Receiver

NAMES = {
    "public.example": ["93.184.215.14"],
    "private.example": ["10.1.2.3"],
    "both.example": ["93.184.215.14", "192.168.0.1"],
    "six.example": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "local.example": ["127.0.0.1"],
}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The world's names; what a test writes here is what they say next."""
    known = {name: list(addresses) for name, addresses in NAMES.items()}

    def resolve(host: str, _port: int) -> list[str]:
        if host not in known:
            raise NoAnswer(f"The name {host} is not known.")
        return known[host]

    monkeypatch.setattr(outgoing, "resolve", resolve)
    return known


@pytest.fixture
def outside(settings: Any) -> None:
    """As in production."""
    settings.WEBHOOKS_TO_LOOPBACK = False


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.254",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
    ],
)
def test_our_own_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
)
def test_the_rest_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://public.example/", "not_https"),
        ("ftp://public.example/", "not_https"),
        ("//public.example/", "not_https"),
        ("https://", "malformed"),
        ("https:///path", "malformed"),
        ("https://public.example:port/", "malformed"),
        ("https://public.example:99999/", "malformed"),
        ("https://[::1/", "malformed"),
        ("https://public.example/a b", "malformed"),
        ("https://public.example/\nHost: x", "malformed"),
        ("https://me:secret@public.example/", "has_password"),
        ("https://private.example/", "not_public"),
        ("https://both.example/", "not_public"),
        ("https://local.example/", "not_public"),
    ],
)
def test_an_address_that_may_not_be_called(names: dict[str, list[str]], url: str, reason: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        target_of(url)
    assert caught.value.reason == reason


@pytest.mark.usefixtures("outside")
def test_an_address_taken_apart(names: dict[str, list[str]]) -> None:
    assert target_of("https://public.example:8443/a/b?c=d#e") == outgoing.Target(
        "https", "public.example", 8443, "/a/b?c=d", ("93.184.215.14",)
    )
    assert target_of("https://six.example").path == "/"


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "0"])
def test_this_machine_by_any_of_its_names(host: str) -> None:
    """By the real resolver, which takes odd spellings of an address."""
    with pytest.raises((NotAllowed, NoAnswer)) as caught:
        target_of(f"https://{host}/")
    assert getattr(caught.value, "reason", "not_public") == "not_public"


@pytest.mark.usefixtures("outside")
def test_our_staff_may_mean_our_own_network(names: dict[str, list[str]]) -> None:
    assert target_of("https://private.example/", anywhere=True).addresses == ("10.1.2.3",)
    with pytest.raises(NotAllowed):
        target_of("http://private.example/", anywhere=True)


def test_a_name_that_says_something_else_a_moment_later(
    names: dict[str, list[str]], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the connection goes to the address that was looked at, and the name only into Host."""
    dialled: list[str] = []
    real = socket.create_connection

    def dial(address: tuple[str, int], **more: Any) -> socket.socket:
        dialled.append(address[0])
        names["local.example"][:] = ["10.0.0.1"]
        return real(address, **more)

    monkeypatch.setattr(socket, "create_connection", dial)
    url = f"http://local.example:{receiver.port}/hook"

    assert post(url, body=b"{}", headers={}).status == 200
    assert dialled == ["127.0.0.1"]
    assert receiver.got[0].headers["host"] == f"local.example:{receiver.port}"
    with pytest.raises(NotAllowed):
        post(url, body=b"{}", headers={})
    assert dialled == ["127.0.0.1"]


def test_proxies_of_the_process_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(receiver.url, body=b"{}", headers={}).status == 200


def test_little_is_read_of_a_large_answer(receiver: Receiver) -> None:
    receiver.answer = b"x" * 50_000_000
    answer = post(receiver.url, body=b"{}", headers={})
    assert (answer.status, answer.excerpt) == (200, "x" * outgoing.EXCERPT_BYTES)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], int]:
    """A server that sends a byte of its answer ten times a second for ever; its port."""
    monkeypatch.setattr(outgoing, "SECONDS", 1.0)
    sockets: list[socket.socket] = []

    def start(forever: bytes) -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)

        def drip() -> None:
            with listening.accept()[0] as line:
                line.recv(65_536)
                try:
                    line.sendall(b"HTTP/1.1 200 OK\r\n")
                    while True:
                        line.sendall(forever)
                        time.sleep(0.1)
                except OSError:
                    listening.close()

        threading.Thread(target=drip, daemon=True).start()
        return int(listening.getsockname()[1])

    return start


def test_an_answer_that_never_ends_is_cut(slow: Callable[[bytes], int]) -> None:
    port = slow(b"X-More: and more\r\n")
    with pytest.raises(NoAnswer, match="No answer within 1 seconds"):
        post(f"http://127.0.0.1:{port}/", body=b"{}", headers={})


def test_a_server_that_says_nothing(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.5)
    receiver.hold.clear()
    with pytest.raises(NoAnswer, match="No answer within"):
        post(receiver.url, body=b"{}", headers={})
