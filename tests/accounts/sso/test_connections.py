"""Setting a provider up: asked first, tested, switched on; and rules that lock nobody out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test import Client

from accounts.access.actor import Actor
from accounts.errors import ConnectionRefused
from accounts.models import Account, AuditEntry, MailDomain, Membership, Role, SsoConnection, SsoPolicy
from accounts.sso.connections import (
    delete_connection,
    save_oidc,
    save_policy,
    secret_of,
    switch_connection,
)
from tests.accounts.sso.conftest import policy, sign_in, who
from tests.conftest import join
from tests.idp import Provider, providing

pytestmark = pytest.mark.django_db


@pytest.fixture
def new(account: Account, actor: Actor, idp: Provider, now: datetime) -> SsoConnection:
    """Just written down."""
    return save_oidc(
        account=account,
        connection=None,
        name="Okta",
        issuer=f"{idp.issuer}/",
        client_id=idp.client_id,
        secret=idp.secret,
        actor=actor,
        at=now,
    )


def change(row: SsoConnection, idp: Provider, actor: Actor, now: datetime, **more: str) -> SsoConnection:
    said: dict[str, Any] = {"name": row.name, "issuer": row.issuer, "client_id": row.client_id, "secret": ""} | more
    return save_oidc(account=row.account, connection=row, actor=actor, at=now, **said)


def test_the_secret_is_kept_encrypted(new: SsoConnection, idp: Provider) -> None:
    assert (new.issuer, new.tested_at, new.enabled_at) == (idp.issuer, None, None)
    assert idp.secret not in new.secret_sealed
    assert secret_of(new) == idp.secret
    other = SsoConnection(secret_sealed=new.secret_sealed)
    assert secret_of(other) == ""
    assert idp.secret not in str(list(AuditEntry.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_the_provider_is_asked_outside_of_transactions(
    account: Account, actor: Actor, idp: Provider, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[bool] = []
    document = idp.document
    monkeypatch.setattr("accounts.sso.discovery.fetch", spy(inside))

    save_oidc(
        account=account, connection=None, name="Okta", issuer=idp.issuer, client_id="x", secret="y", actor=actor, at=now
    )

    assert inside == [False]
    assert document()["issuer"] == idp.issuer


def spy(inside: list[bool]) -> Callable[..., object]:
    from seatportal.kit.outgoing import fetch

    def asked(*args: str, **kwargs: dict[str, str]) -> object:
        inside.append(connection.in_atomic_block)
        return fetch(*args, **kwargs)  # type: ignore[arg-type]

    return asked


@pytest.mark.parametrize(
    ("issuer", "words"),
    [
        ("ftp://idp.example", "public https address"),
        ("not an address", "public https address"),
        ("http://127.0.0.1:1", "did not answer"),
        ("{idp}/elsewhere", "no OpenID configuration"),
    ],
)
def test_what_is_no_provider_is_refused(
    issuer: str, words: str, account: Account, actor: Actor, idp: Provider, now: datetime
) -> None:
    with pytest.raises(ConnectionRefused, match=words) as refusal:
        save_oidc(
            account=account,
            connection=None,
            name="Okta",
            issuer=issuer.format(idp=idp.issuer),
            client_id="x",
            secret="y",
            actor=actor,
            at=now,
        )

    assert refusal.value.field == "issuer"
    assert not SsoConnection.objects.exists()


def test_our_own_network_is_not_asked(
    account: Account, actor: Actor, idp: Provider, now: datetime, settings: pytest.FixtureRequest
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = False  # type: ignore[attr-defined]

    with pytest.raises(ConnectionRefused):
        save_oidc(
            account=account,
            connection=None,
            name="Okta",
            issuer=idp.issuer.replace("http:", "https:"),
            client_id="x",
            secret="y",
            actor=actor,
            at=now,
        )

    assert idp.asked == []


def test_a_provider_that_names_another_issuer_is_refused(
    account: Account, actor: Actor, idp: Provider, now: datetime
) -> None:
    idp.lies.issuer = "https://login.example/{tenantid}/v2.0"

    with pytest.raises(ConnectionRefused, match="calls itself"):
        save_oidc(
            account=account,
            connection=None,
            name="Entra",
            issuer=idp.issuer,
            client_id="x",
            secret="y",
            actor=actor,
            at=now,
        )

    assert not SsoConnection.objects.exists()


def test_it_is_tested_before_it_is_on(
    new: SsoConnection, domain: MailDomain, idp: Provider, owner: Membership, actor: Actor, now: datetime,
    client_of: Callable[[Membership], Client],
) -> None:  # fmt: skip
    client, account = client_of(owner), new.account
    with pytest.raises(ConnectionRefused, match="Test the connection first"):
        switch_connection(account=account, connection=new, on=True, actor=actor, at=now)
    assert Client().get(f"/sso/{new.public_id}/start/").status_code == 404

    idp.sign_in_as("olivia@elsewhere.example")
    failed = sign_in(client, new, idp, query="?test")
    new.refresh_from_db()
    tested_by_a_stranger = new.tested_at
    idp.sign_in_as("olivia@acme.example")
    passed = sign_in(client, new, idp, query="?test")
    new.refresh_from_db()
    base = f"/a/{account.slug}/settings/sign-in/connections/{new.public_id}/"
    switched = client.post(f"{base}switch/", {"to": "on"}, follow=True).content.decode()
    new.refresh_from_db()

    assert (failed.status_code, tested_by_a_stranger) == (403, None)
    assert (passed.status_code, passed["Location"]) == (302, base)
    assert new.tested_at is not None
    assert new.enabled_at is not None
    assert "signs people in now" in switched
    # A test signs nobody in and links nobody.
    assert not SocialAccount.objects.exists()
    assert who(client) == "olivia@acme.example"


def test_a_failed_test_says_why(
    new: SsoConnection, domain: MailDomain, idp: Provider, owner: Membership, client_of: Callable[[Membership], Client]
) -> None:
    idp.sign_in_as("olivia@acme.example")
    idp.lies.signed_with = "stranger"

    answer = sign_in(client_of(owner), new, idp, query="?test")

    assert "Signature verification failed" in answer.content.decode()
    new.refresh_from_db()
    assert new.tested_at is None


def test_only_who_manages_the_account_tests(
    new: SsoConnection, member: Membership, outsider: Membership, client_of: Callable[[Membership], Client]
) -> None:
    url = f"/sso/{new.public_id}/start/?test"

    assert [browser.get(url).status_code for browser in (Client(), client_of(member), client_of(outsider))] == [404] * 3


def test_without_a_domain_it_stays_off(new: SsoConnection, actor: Actor, now: datetime) -> None:
    SsoConnection.objects.update(tested_at=now)

    with pytest.raises(ConnectionRefused, match="Prove a domain first"):
        switch_connection(account=new.account, connection=new, on=True, actor=actor, at=now)

    new.refresh_from_db()
    assert new.enabled_at is None


def test_another_provider_is_untested_and_knows_nobody(
    okta: SsoConnection, idp: Provider, member: Membership, actor: Actor, now: datetime
) -> None:
    idp.sign_in_as("mia@acme.example")
    sign_in(Client(), okta, idp)

    renamed = change(okta, idp, actor, now, name="Our Okta", secret="another secret")
    kept = (renamed.enabled_at, SocialAccount.objects.count())
    with providing() as other:
        moved = change(okta, idp, actor, now, issuer=other.issuer)

    assert kept == (now, 1)
    assert secret_of(renamed) == "another secret"
    assert (moved.tested_at, moved.enabled_at) == (None, None)
    assert not SocialAccount.objects.exists()


def test_a_neighbours_connection_is_not_touched(okta: SsoConnection, outsider: Membership, now: datetime) -> None:
    them = {"account": outsider.account, "actor": Actor(user=outsider.user), "at": now}

    with pytest.raises(ConnectionRefused):
        switch_connection(connection=okta, on=False, **them)  # type: ignore[arg-type]
    with pytest.raises(ConnectionRefused):
        delete_connection(connection=okta, **them)  # type: ignore[arg-type]

    okta.refresh_from_db()
    assert okta.enabled_at is not None


def test_enforcing_needs_a_way_in_for_an_owner(
    okta: SsoConnection, owner: Membership, account: Account, actor: Actor, now: datetime
) -> None:
    with pytest.raises(ConnectionRefused, match="second factor"):
        save_policy(account=account, enforced=True, join="approval", actor=actor, at=now)
    assert not SsoPolicy.objects.filter(enforced=True).exists()

    Authenticator.objects.create(user=owner.user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    saved = save_policy(account=account, enforced=True, join="seat", actor=actor, at=now)

    assert (saved.enforced, saved.join) == (True, "seat")
    entry = AuditEntry.objects.get(action="sso.policy_changed")
    assert entry.data["enforced"] == {"before": "", "after": "True"}


def test_an_owner_of_another_domain_is_a_way_in(
    okta: SsoConnection, account: Account, actor: Actor, now: datetime
) -> None:
    join(account, "Ada", Role.OWNER, now, domain="holding.example")

    assert save_policy(account=account, enforced=True, join="approval", actor=actor, at=now).enforced


@pytest.mark.parametrize("missing", ["connection", "domain"])
def test_enforcing_needs_a_connection_and_a_domain(
    missing: str, okta: SsoConnection, domain: MailDomain, account: Account, actor: Actor, now: datetime
) -> None:
    if missing == "connection":
        SsoConnection.objects.update(enabled_at=None)
    else:
        MailDomain.objects.update(verified_at=None)

    with pytest.raises(ConnectionRefused, match="needs a connection") as refusal:
        save_policy(account=account, enforced=True, join="approval", actor=actor, at=now)

    assert refusal.value.field == "enforced"
    assert not SsoPolicy.objects.filter(enforced=True).exists()


def test_the_last_connection_stays_while_it_is_enforced(
    okta: SsoConnection, idp: Provider, account: Account, actor: Actor, now: datetime
) -> None:
    policy(account, enforced=True)

    with pytest.raises(ConnectionRefused, match="only connection"):
        switch_connection(account=account, connection=okta, on=False, actor=actor, at=now)
    with pytest.raises(ConnectionRefused, match="only connection"):
        delete_connection(account=account, connection=okta, actor=actor, at=now)
    with pytest.raises(ConnectionRefused, match="only connection"):
        change(okta, idp, actor, now, client_id="another")

    okta.refresh_from_db()
    assert (okta.enabled_at, okta.client_id) == (now, idp.client_id)


def test_the_pages(
    okta: SsoConnection, idp: Provider, owner: Membership, account: Account, client_of: Callable[[Membership], Client]
) -> None:
    client, base = client_of(owner), f"/a/{account.slug}/settings/sign-in/"

    wrong = client.post(
        f"{base}connections/oidc/", {"name": "Entra", "issuer": "nonsense", "client_id": "x", "secret": "y"}
    )
    made = client.post(
        f"{base}connections/oidc/", {"name": "Entra", "issuer": idp.issuer, "client_id": "x", "secret": "y"}
    )
    page = client.get(made["Location"]).content.decode()
    saved = client.post(base, {"join": "member"}, follow=True).content.decode()
    entra = SsoConnection.objects.get(name="Entra")
    client.post(f"{base}connections/{entra.public_id}/delete/")

    assert wrong.status_code == 422
    assert f"http://testserver/sso/{entra.public_id}/callback/" in page
    assert "The sign-in rules are saved." in saved
    assert SsoPolicy.objects.get().join == "member"
    assert list(SsoConnection.objects.all()) == [okta]
