"""Acme with a proved domain and a provider that is on."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, MailDomain, Membership, SsoConnection, SsoPolicy
from accounts.sso.connections import seal_secret
from seatportal.kit.ids import public_id
from tests.idp import Provider, providing


@pytest.fixture(autouse=True)
def to_loopback(settings: Any) -> None:
    """The provider stands on this machine."""
    settings.WEBHOOKS_TO_LOOPBACK = True


@pytest.fixture
def idp() -> Iterator[Provider]:
    """Acme's own provider."""
    with providing() as server:
        yield server


def proved(account: Account, name: str, now: datetime) -> MailDomain:
    """A domain whose proof was found."""
    return MailDomain.objects.create(
        account=account, name=name, token=f"t-{name}", verified_at=now, checked_at=now, finding="found"
    )


def connected(account: Account, idp: Provider, now: datetime, **more: Any) -> SsoConnection:
    """A tested connection that is on."""
    row = SsoConnection(
        account=account,
        kind="oidc",
        name="Okta",
        issuer=idp.issuer,
        client_id=idp.client_id,
        public_id=public_id("sso"),
        tested_at=now,
        enabled_at=now,
    )
    for name, value in more.items():
        setattr(row, name, value)
    seal_secret(row, idp.secret)
    row.save()
    return row


@pytest.fixture
def domain(account: Account, now: datetime) -> MailDomain:
    """acme.example is Acme's."""
    return proved(account, "acme.example", now)


@pytest.fixture
def okta(account: Account, domain: MailDomain, idp: Provider, now: datetime) -> SsoConnection:
    """Acme's people come in by it."""
    return connected(account, idp, now)


def policy(account: Account, **values: Any) -> SsoPolicy:
    """What Acme asks."""
    return SsoPolicy.objects.update_or_create(account=account, defaults=values)[0]


def sign_in(client: Client, connection: SsoConnection, idp: Provider, *, query: str = "") -> Any:
    """There and back; the answer to coming back."""
    start = client.get(f"/sso/{connection.public_id}/start/{query}")
    assert start.status_code == 302, start.content.decode()
    assert start["Location"].startswith(f"{idp.issuer}/authorize?")
    return client.get(idp.authorize(start["Location"]).removeprefix("http://testserver"))


def live(account: Account, email: str) -> Membership | None:
    """The member at an address, if there is one now."""
    return Membership.objects.filter(account=account, user__email=email, left_at__isnull=True).first()


def who(client: Client) -> str:
    """The public truth: whose session it is."""
    page = client.get("/profile/")
    return page.context["user"].email if page.status_code == 200 else ""
