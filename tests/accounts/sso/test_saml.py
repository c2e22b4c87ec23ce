"""Coming in by a SAML provider: really signed assertions, and every way to lie."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from lxml import etree

from accounts.access.actor import Actor
from accounts.errors import ConnectionRefused
from accounts.models import Account, MailDomain, Membership, SsoConnection, User
from accounts.sso.connections import save_saml
from tests.accounts.sso.conftest import policy, proved, who
from tests.saml_idp import ENTITY, SSO, Answer, body_of, metadata, signed

pytestmark = pytest.mark.django_db


def set_up(account: Account, now: datetime, *names: str) -> SsoConnection:
    row = save_saml(
        account=account,
        connection=None,
        name="Entra",
        metadata_url="",
        metadata_xml=metadata(*names),
        actor=Actor.system("demo"),
        at=now,
    )
    SsoConnection.objects.filter(pk=row.pk).update(tested_at=now, enabled_at=now)
    return row


@pytest.fixture
def entra(account: Account, domain: MailDomain, now: datetime) -> SsoConnection:
    """Acme's people come in by it."""
    return set_up(account, now, "saml")


def begin(client: Client, connection: SsoConnection, query: str = "") -> str:
    start = client.get(f"/sso/{connection.public_id}/start/{query}")
    assert start["Location"].startswith(f"{SSO}?SAMLRequest=")
    return str(start["Location"])


def bring(client: Client, connection: SsoConnection, form: dict[str, str]) -> Any:
    """Post at the ACS, then follow to the page that has the session."""
    posted = client.post(f"/sso/{connection.public_id}/acs/", form)
    assert (posted.status_code, posted["Location"]) == (302, f"/sso/{connection.public_id}/finish/")
    return client.get(posted["Location"])


def test_a_member_comes_in(entra: SsoConnection, member: Membership, account: Account) -> None:
    client = Client()

    answer = bring(client, entra, Answer(begin(client, entra)).form())

    assert (answer.status_code, answer["Location"]) == (302, f"/?account={account.slug}")
    assert who(client) == "mia@acme.example"
    link = SocialAccount.objects.get()
    assert (link.user, link.provider, link.uid) == (member.user, entra.public_id, "mia@acme.example")


def test_address_and_name_come_from_attributes(entra: SsoConnection, account: Account) -> None:
    policy(account, join="member")
    client = Client()
    claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
    told = {f"{claims}/emailaddress": "Lena@acme.example", f"{claims}/givenname": "Lena", f"{claims}/surname": "Lang"}
    persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

    bring(
        client,
        entra,
        Answer(begin(client, entra), name_id="4711", name_format=persistent, attributes=told).form(),
    )

    assert who(client) == "lena@acme.example"
    assert User.objects.get(email="lena@acme.example").name == "Lena Lang"
    assert SocialAccount.objects.get().uid == "4711"


LIES: dict[str, dict[str, Any]] = {
    "not signed": {"key": None},
    "signed by a stranger": {"key": "stranger"},
    "of another provider": {"issuer": "https://evil.example"},
    "for somebody else": {"audience": "https://other.example/metadata"},
    "to another door": {"acs": "http://testserver/sso/sso_other/acs/"},
    "ended": {"age": timedelta(hours=1)},
    "of the future": {"age": timedelta(hours=-1)},
    "to another request": {"in_response_to": "_another"},
    "to no request": {"in_response_to": None},
    "about a passing name": {"name_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_is_not_right_opens_nothing(lie: str, entra: SsoConnection, member: Membership) -> None:
    client, users = Client(), User.objects.count()

    answer = bring(client, entra, Answer(begin(client, entra), **LIES[lie]).form())

    assert answer.status_code == 403
    assert "did not work" in answer.content.decode()
    assert who(client) == ""
    assert (User.objects.count(), SocialAccount.objects.count()) == (users, 0)


def test_a_signed_assertion_that_was_changed_is_refused(
    entra: SsoConnection, member: Membership, admin_member: Membership
) -> None:
    client = Client()
    form = Answer(begin(client, entra)).form()
    text = base64.b64decode(form["SAMLResponse"]).replace(b"mia@acme", b"adam@acme")

    answer = bring(client, entra, form | {"SAMLResponse": base64.b64encode(text).decode()})

    assert (answer.status_code, who(client)) == (403, "")


def test_a_forged_assertion_beside_a_signed_one_is_refused(
    entra: SsoConnection, member: Membership, admin_member: Membership
) -> None:
    """Signature wrapping: the signature is good, and stands for another assertion than the one read."""
    client = Client()
    form = Answer(begin(client, entra)).form()
    response = etree.fromstring(base64.b64decode(form["SAMLResponse"]))
    real = response.find("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion")
    assert real is not None
    forged = etree.fromstring(etree.tostring(real).replace(b"mia@acme", b"adam@acme"))
    forged.set("ID", "_forged")
    signature = forged.find("{http://www.w3.org/2000/09/xmldsig#}Signature")
    assert signature is not None
    forged.remove(signature)
    response.insert(response.index(real), forged)

    answer = bring(client, entra, form | {"SAMLResponse": base64.b64encode(etree.tostring(response)).decode()})

    assert (answer.status_code, who(client)) == (403, "")


@pytest.mark.parametrize(
    "text", ["", "nonsense", "%%%", base64.b64encode(b"<a/>").decode(), base64.b64encode(b"<").decode()]
)
def test_what_is_no_answer_is_refused(text: str, entra: SsoConnection, member: Membership) -> None:
    client = Client()
    relay = Answer(begin(client, entra)).relay

    assert bring(client, entra, {"SAMLResponse": text, "RelayState": relay}).status_code == 403


def test_an_answer_serves_once_and_one_browser(entra: SsoConnection, member: Membership) -> None:
    client, thief = Client(), Client()
    form = Answer(begin(client, entra)).form()
    stolen = bring(thief, entra, form)
    first = bring(client, entra, form)
    Client().get("/accounts/logout/")

    again = bring(client, entra, form)
    # The same assertion as an answer to the thief's own request.
    own = bring(thief, entra, form | {"RelayState": Answer(begin(thief, entra)).relay})

    assert (stolen.status_code, first.status_code, again.status_code, own.status_code) == (403, 302, 403, 403)
    assert who(thief) == ""


def test_nobody_comes_in_from_the_providers_side_alone(entra: SsoConnection, member: Membership) -> None:
    """IdP-initiated: a good assertion that this browser never asked for."""
    victim = Client()
    form = Answer(begin(Client(), entra), in_response_to=None).form()

    assert bring(victim, entra, form).status_code == 403
    assert bring(victim, entra, form | {"RelayState": ""}).status_code == 403
    assert victim.get(f"/sso/{entra.public_id}/finish/").status_code == 403
    assert who(victim) == ""


def test_one_tenants_answer_is_not_taken_at_anothers_door(
    entra: SsoConnection, member: Membership, outsider: Membership, now: datetime
) -> None:
    """Both use one provider with one certificate, as two Entra apps of one group do."""
    proved(outsider.account, "elsewhere.example", now)
    theirs = set_up(outsider.account, now, "saml")
    client = Client()
    form = Answer(begin(client, theirs)).form()

    at_acme = bring(client, entra, form)
    own_relay = bring(client, entra, form | {"RelayState": Answer(begin(client, entra)).relay})

    assert (at_acme.status_code, own_relay.status_code) == (403, 403)
    assert who(client) == ""


def test_another_accounts_address_is_refused(entra: SsoConnection, outsider: Membership) -> None:
    client = Client()

    answer = bring(client, entra, Answer(begin(client, entra), name_id="oscar@elsewhere.example").form())

    assert (answer.status_code, who(client)) == (403, "")
    assert "is none" in answer.content.decode()


def test_two_certificates_while_one_is_replaced(
    account: Account, domain: MailDomain, member: Membership, now: datetime
) -> None:
    row = set_up(account, now, "old", "saml")
    client = Client()

    bring(client, row, Answer(begin(client, row), key="old").form())

    assert row.certificates == [body_of("old"), body_of("saml")]
    assert who(client) == "mia@acme.example"


def test_our_metadata(entra: SsoConnection) -> None:
    answer = Client().get(f"/sso/{entra.public_id}/metadata/")
    found = etree.fromstring(answer.content)

    assert found.get("entityID") == f"http://testserver/sso/{entra.public_id}/metadata/"
    acs = found.find(".//{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService")
    assert acs is not None
    assert acs.get("Location") == f"http://testserver/sso/{entra.public_id}/acs/"


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "nonsense",
        "<a/>",
        metadata(),
        metadata("saml").replace(SSO, "javascript:alert(1)"),
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    ],
)
def test_what_is_no_metadata_is_refused(xml: str, account: Account, now: datetime) -> None:
    with pytest.raises(ConnectionRefused):
        save_saml(
            account=account,
            connection=None,
            name="Entra",
            metadata_url="",
            metadata_xml=xml,
            actor=Actor.system("demo"),
            at=now,
        )

    assert not SsoConnection.objects.exists()


def test_the_pages(
    account: Account, owner: Membership, domain: MailDomain, client_of: Callable[[Membership], Client]
) -> None:
    client, base = client_of(owner), f"/a/{account.slug}/settings/sign-in/connections"

    empty = client.post(f"{base}/saml/", {"name": "Entra"})
    made = client.post(f"{base}/saml/", {"name": "Entra", "metadata_xml": metadata("saml")})
    row = SsoConnection.objects.get()
    page = client.get(made["Location"]).content.decode()
    form = client.get(f"{base}/{row.public_id}/change/")
    tested = bring(client, row, Answer(begin(client, row, "?test"), name_id="olivia@acme.example").form())
    row.refresh_from_db()

    assert empty.status_code == 422
    assert f"http://testserver/sso/{row.public_id}/acs/" in page
    assert ENTITY in page
    assert form.status_code == 200
    assert (tested.status_code, tested["Location"]) == (302, made["Location"])
    assert row.tested_at is not None
    assert not SocialAccount.objects.exists()


def test_a_whole_signed_response_without_a_signed_assertion_is_refused(
    entra: SsoConnection, member: Membership
) -> None:
    client = Client()
    form = Answer(begin(client, entra), key=None).form()
    whole = signed(base64.b64decode(form["SAMLResponse"]).decode(), "saml")

    answer = bring(client, entra, form | {"SAMLResponse": base64.b64encode(whole.encode()).decode()})

    assert (answer.status_code, who(client)) == (403, "")
