"""A new account has an owner, an address of its own and a first line in its trail."""

from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.facts import account_opened, member_joined
from accounts.members.open_account import open_account
from accounts.models import Account, AuditEntry, Membership
from tests.factories.accounts import AT, AccountFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_user_becomes_its_owner() -> None:
    user = UserFactory.create(locale="de", time_zone="Europe/Berlin")

    account = open_account(name=" Käse & Co ", user=user, at=AT, actor=Actor(user=user, door="sign_up"))

    assert (account.name, account.slug, account.locale, account.time_zone) == (
        "Käse & Co",
        "kase-co",
        "de",
        "Europe/Berlin",
    )
    membership = Membership.objects.get(account=account)
    assert (membership.user, membership.role, membership.joined_at) == (user, "owner", AT)
    assert list(AuditEntry.objects.filter(account=account).order_by("pk").values_list("action", "door")) == [
        ("account.opened", "sign_up"),
        ("member.joined", "sign_up"),
    ]


def test_a_taken_address_gets_four_more_characters() -> None:
    AccountFactory.create(slug="acme")
    user = UserFactory.create()

    account = open_account(name="Acme", user=user, at=AT, actor=Actor(user=user))

    assert account.slug.startswith("acme-")
    assert len(account.slug) == len("acme-") + 4


def test_a_name_without_letters_still_has_an_address() -> None:
    user = UserFactory.create()

    assert open_account(name="株式会社", user=user, at=AT, actor=Actor(user=user)).slug == "account"


def test_a_receiver_that_fails_leaves_no_account() -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("no")

    user = UserFactory.create()
    member_joined.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            open_account(name="Acme", user=user, at=AT, actor=Actor(user=user))
    finally:
        member_joined.disconnect(fail)

    assert Account.objects.count() == 0
    assert AuditEntry.objects.count() == 0


def test_the_account_is_told_before_its_owner() -> None:
    told: list[str] = []

    def opened(**_: Any) -> None:
        told.append("account")

    def joined(**_: Any) -> None:
        told.append("member")

    user = UserFactory.create()
    account_opened.connect(opened)
    member_joined.connect(joined)
    try:
        open_account(name="Acme", user=user, at=AT, actor=Actor(user=user))
    finally:
        account_opened.disconnect(opened)
        member_joined.disconnect(joined)

    assert told == ["account", "member"]
