"""Who was taken out, or is inactive, comes back by no other address and no other sign-in."""

from datetime import datetime

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.access.actor import Actor
from accounts.members.accept_invitation import accept_invitation
from accounts.members.invitations import invite_member, token_of
from accounts.members.remove_member import remove_member
from accounts.models import (
    Account,
    DirectoryPerson,
    JoinRequest,
    Membership,
    Role,
    SsoConnection,
    User,
)
from tests.accounts.sso.conftest import live, policy, sign_in
from tests.conftest import join as join_account
from tests.conftest import make_user
from tests.idp import Provider

pytestmark = pytest.mark.django_db


def removed(member: Membership, owner: Membership, now: datetime) -> User:
    """An admin took them out."""
    remove_member(account=member.account, membership=member, actor=Actor(user=owner.user), at=now)
    return member.user


def test_whom_an_admin_took_out_does_not_come_back_by_a_second_address(
    okta: SsoConnection, idp: Provider, owner: Membership, account: Account, now: datetime
) -> None:
    policy(account, join="member")
    ada = removed(join_account(account, "Ada", Role.MEMBER, now, domain="home.example"), owner, now)
    EmailAddress.objects.create(user=ada, email="ada@acme.example", verified=True)
    idp.sign_in_as("ada@acme.example")

    answer = sign_in(Client(), okta, idp)

    assert (answer.status_code, live(account, "ada@home.example")) == (202, None)
    assert JoinRequest.objects.get().email == "ada@acme.example"


def test_whom_an_admin_took_out_does_not_come_back_after_moving_their_sign_in_away(
    okta: SsoConnection, idp: Provider, owner: Membership, admin_member: Membership, account: Account, now: datetime
) -> None:
    policy(account, join="member")
    idp.sign_in_as("adam@acme.example")
    sign_in(Client(), okta, idp)
    adam = removed(admin_member, owner, now)
    User.objects.filter(pk=adam.pk).update(email="adam@home.example")
    EmailAddress.objects.filter(user=adam).update(email="adam@home.example")

    answer = sign_in(Client(), okta, idp)

    assert (answer.status_code, live(account, "adam@acme.example")) == (202, None)


def test_who_was_invited_and_taken_out_does_not_come_back_under_a_new_sign_in(
    okta: SsoConnection, idp: Provider, owner: Membership, account: Account, now: datetime
) -> None:
    policy(account, join="member")
    actor = Actor(user=owner.user)
    invitation, _new = invite_member(
        account=account, email="ada@acme.example", role=Role.MEMBER, department=None, name="Ada", actor=actor, at=now
    )
    ada = make_user("Ada")
    accept_invitation(token=token_of(invitation), user=ada, actor=Actor(user=ada), at=now)
    removed(Membership.objects.get(account=account, user=ada), owner, now)
    User.objects.filter(pk=ada.pk).update(email="ada@home.example")
    EmailAddress.objects.filter(user=ada).update(email="ada@home.example")
    idp.sign_in_as("ada@acme.example")

    answer = sign_in(Client(), okta, idp)

    assert (answer.status_code, live(account, "ada@acme.example")) == (202, None)


def test_whom_the_directory_calls_inactive_stays_out_whatever_address_the_sign_in_has(
    okta: SsoConnection, idp: Provider, account: Account, now: datetime
) -> None:
    policy(account, join="member")
    emails = [{"value": "ada@acme.example", "key": "ada@acme.example", "type": "work", "primary": True}]
    ada = make_user("Ada", domain="home.example")
    DirectoryPerson.objects.create(
        account=account, user=ada, user_name="ada", emails=emails, active=False, changed_at=now
    )
    idp.sign_in_as("ada@acme.example")

    answer = sign_in(Client(), okta, idp)

    assert (answer.status_code, live(account, "ada@acme.example")) == (403, None)
    assert not JoinRequest.objects.exists()
