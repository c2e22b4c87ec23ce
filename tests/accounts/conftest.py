"""One account with a person in each role, and Charlie, who belongs elsewhere."""

from typing import Any

import pytest
from django.test import Client

from accounts.access import frame
from accounts.access.actor import Actor
from accounts.facts import account_opened
from accounts.models import Account, Membership, Role, User
from tests.factories.accounts import AT, AccountFactory, MembershipFactory, UserFactory


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame of this app by itself: what the apps above add to it is theirs to test."""
    own = [entry for entry in frame.SETTINGS if entry.url_name.startswith("accounts:")]
    monkeypatch.setattr(frame, "SETTINGS", own)
    monkeypatch.setattr(frame, "NAV", [])
    monkeypatch.setattr(frame, "BANNERS", [])


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Any) -> None:
    """Argon2 is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def acme(db: None) -> Account:
    """The account that tests are about. The apps above are told of it, as open_account does."""
    account = AccountFactory.create(name="Acme", slug="acme")
    account_opened.send(sender=Account, account=account, actor=Actor.system("demo"), at=AT)
    return account


@pytest.fixture
def olga(acme: Account) -> Membership:
    """Acme's only owner."""
    return MembershipFactory.create(
        account=acme, role=Role.OWNER, user=UserFactory.create(name="Olga", email="olga@example.com")
    )


@pytest.fixture
def adam(acme: Account) -> Membership:
    """An admin."""
    return MembershipFactory.create(
        account=acme, role=Role.ADMIN, user=UserFactory.create(name="Adam", email="adam@example.com")
    )


@pytest.fixture
def mia(acme: Account) -> Membership:
    """A plain member."""
    return MembershipFactory.create(
        account=acme, role=Role.MEMBER, user=UserFactory.create(name="Mia", email="mia@example.com")
    )


@pytest.fixture
def charlie(db: None) -> User:
    """The owner of another account."""
    user = UserFactory.create(name="Charlie", email="charlie@example.com")
    MembershipFactory.create(account=AccountFactory.create(slug="other"), role=Role.OWNER, user=user)
    return user


def as_actor(membership: Membership) -> Actor:
    """The person, by a page."""
    return Actor(user=membership.user)


def browser_of(user: User) -> Client:
    """A signed-in browser."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser(olga: Membership) -> Client:
    """The owner's."""
    return browser_of(olga.user)
