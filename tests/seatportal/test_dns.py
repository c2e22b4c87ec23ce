"""TXT records of a real DNS server on loopback, and of one that says nothing; and secrets that are sealed."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rrset
import pytest
from dns.resolver import Resolver

from seatportal.kit import dns as kit_dns
from seatportal.kit.dns import DnsSilent, txt_records
from seatportal.kit.sealed import SealBroken, seal, unseal


@contextmanager
def answering(texts: dict[str, str], *, code: int = dns.rcode.NXDOMAIN) -> Iterator[Resolver]:
    """A server with these texts; any other name gets the code."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                packet, sender = server.recvfrom(4096)
                if not packet:
                    return
                asked = dns.message.from_wire(packet)
                name = asked.question[0].name
                reply = dns.message.make_response(asked)
                text = texts.get(name.to_text(omit_final_dot=True))
                if text is None:
                    reply.set_rcode(dns.rcode.Rcode(code))
                elif text:
                    reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", text))
                server.sendto(reply.to_wire(), sender)

        thread = threading.Thread(target=serve)
        thread.start()
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
        try:
            yield resolver
        finally:
            server.sendto(b"", server.getsockname())
            thread.join()


def test_texts_are_read_whole() -> None:
    with answering({"_seat-portal.acme.example": '"seat-portal-" "verification=abc"'}) as resolver:
        assert txt_records("_seat-portal.acme.example", resolver=resolver) == ["seat-portal-verification=abc"]


def test_no_name_and_no_text_are_answers() -> None:
    with answering({"empty.example": ""}) as resolver:
        assert txt_records("missing.example", resolver=resolver) == []
        assert txt_records("empty.example", resolver=resolver) == []


def test_a_server_in_trouble_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit_dns, "SECONDS", 0.3)
    with answering({}, code=dns.rcode.SERVFAIL) as resolver, pytest.raises(DnsSilent):
        txt_records("acme.example", resolver=resolver)


def test_what_is_sealed_opens_for_its_purpose_and_key_only(settings: pytest.FixtureRequest) -> None:
    former = str(settings.SECRET_KEY)  # type: ignore[attr-defined]
    sealed = seal("hush", purpose="sso:1")

    assert "hush" not in sealed
    assert unseal(sealed, purpose="sso:1") == "hush"
    with pytest.raises(SealBroken):
        unseal(sealed, purpose="sso:2")
    settings.SECRET_KEY = "another"  # type: ignore[attr-defined]
    with pytest.raises(SealBroken):
        unseal(sealed, purpose="sso:1")
    settings.SECRET_KEY_FALLBACKS = [former]  # type: ignore[attr-defined]
    assert unseal(sealed, purpose="sso:1") == "hush"
