"""Somebody new comes by the account's provider: waits for an admin, joins, or is turned away."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.access.actor import Actor
from accounts.errors import JoinDecided, SsoRefused
from accounts.members.invitations import invite_member
from accounts.members.remove_member import remove_member
from accounts.models import (
    Account,
    AuditEntry,
    DirectoryPerson,
    Invitation,
    JoinRequest,
    Membership,
    Notice,
    Role,
    SsoConnection,
    User,
    WebhookEndpoint,
    WebhookEvent,
)
from accounts.notices.deliver_notice import mail_of
from accounts.sso.joins import approve_join, refuse_join
from seats.models import Assignment, WaitingPerson
from tests.accounts.sso.conftest import live, policy, sign_in, who
from tests.conftest import make_user
from tests.idp import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(okta: SsoConnection, idp: Provider, admin_member: Membership, account: Account) -> JoinRequest:
    """Lena came, and waits."""
    WebhookEndpoint.objects.create(account=account, url="https://hooks.example/", nonce="n")
    idp.sign_in_as("lena@acme.example", name="Lena Lang")
    answer = sign_in(Client(), okta, idp)
    assert answer.status_code == 202
    return JoinRequest.objects.get()


def test_by_default_an_admin_is_asked_and_nobody_is_made(
    asked: JoinRequest, okta: SsoConnection, idp: Provider, account: Account
) -> None:
    client = Client()
    again = sign_in(client, okta, idp)

    assert "has to approve you first" in again.content.decode()
    assert (who(client), JoinRequest.objects.count()) == ("", 1)
    assert not User.objects.filter(email="lena@acme.example").exists()
    assert not SocialAccount.objects.exists()
    assert (asked.email, asked.name, asked.state) == ("lena@acme.example", "Lena Lang", "open")
    told = Notice.objects.filter(kind="join_asked")
    assert {notice.user.email for notice in told} == {"olivia@acme.example", "adam@acme.example"}
    mail = mail_of(told[0])
    assert mail.subject == "Acme: Lena Lang wants to join"
    assert f"/a/{account.slug}/settings/joining/" in mail.body
    event = WebhookEvent.objects.get()
    assert (event.type, event.data) == (
        "join.asked",
        {"join": {"id": asked.public_id, "email": "lena@acme.example", "name": "Lena Lang"}},
    )
    assert AuditEntry.objects.filter(account=account, action="join.asked").count() == 1


def test_an_admin_lets_them_in_and_they_come_in(
    asked: JoinRequest,
    okta: SsoConnection,
    idp: Provider,
    admin_member: Membership,
    account: Account,
    client_of: Callable[[Membership], Client],
) -> None:
    adam, lena = client_of(admin_member), Client()
    listed = adam.get(f"/a/{account.slug}/settings/joining/").content.decode()

    adam.post(f"/a/{account.slug}/settings/joining/{asked.public_id}/approve/", {"seat": "no"})
    sign_in(lena, okta, idp)

    assert "Lena Lang" in listed
    member = live(account, "lena@acme.example")
    assert member is not None
    assert (member.role, who(lena)) == (Role.MEMBER, "lena@acme.example")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, asked.membership) == ("approved", admin_member.user, member)
    assert not Assignment.objects.exists()
    assert not WaitingPerson.objects.exists()
    notice = Notice.objects.get(kind="join_approved")
    assert (notice.user, mail_of(notice).subject) == (member.user, "You are a member of Acme now")
    assert f"/sso/{okta.public_id}/start/" in mail_of(notice).body
    assert [event.type for event in WebhookEvent.objects.order_by("pk")] == [
        "join.asked",
        "member.joined",
        "join.approved",
    ]


def test_with_a_seat_means_a_place_in_the_queue_while_none_is_free(
    asked: JoinRequest, admin_member: Membership, account: Account, now: datetime
) -> None:
    member = approve_join(account=account, request=asked, with_seat=True, actor=Actor(user=admin_member.user), at=now)

    assert not Assignment.objects.exists()
    assert WaitingPerson.objects.get().membership == member


def test_a_refused_person_reads_it_and_stays_out(
    asked: JoinRequest,
    okta: SsoConnection,
    idp: Provider,
    admin_member: Membership,
    account: Account,
    client_of: Callable[[Membership], Client],
    now: datetime,
) -> None:
    client_of(admin_member).post(f"/a/{account.slug}/settings/joining/{asked.public_id}/refuse/")
    lena = Client()

    answer = sign_in(lena, okta, idp)

    assert (answer.status_code, who(lena)) == (403, "")
    assert "refused your request" in answer.content.decode()
    assert live(account, "lena@acme.example") is None
    with pytest.raises(JoinDecided):
        refuse_join(account=account, request=asked, actor=Actor(user=admin_member.user), at=now)
    assert [event.type for event in WebhookEvent.objects.order_by("pk")] == ["join.asked", "join.refused"]


def test_a_refused_person_can_be_let_in_later_once(
    asked: JoinRequest, admin_member: Membership, account: Account, now: datetime
) -> None:
    actor = Actor(user=admin_member.user)
    refuse_join(account=account, request=asked, actor=actor, at=now)

    approve_join(account=account, request=asked, with_seat=False, actor=actor, at=now)

    assert live(account, "lena@acme.example") is not None
    with pytest.raises(JoinDecided):
        approve_join(account=account, request=asked, with_seat=False, actor=actor, at=now)


def test_a_neighbour_does_not_decide(asked: JoinRequest, outsider: Membership, now: datetime) -> None:
    with pytest.raises(JoinDecided):
        approve_join(account=outsider.account, request=asked, with_seat=False, actor=Actor(user=outsider.user), at=now)

    asked.refresh_from_db()
    assert asked.state == "open"


def test_an_address_that_became_staffs_is_not_let_in(
    asked: JoinRequest, admin_member: Membership, account: Account, now: datetime
) -> None:
    make_user("Lena", is_staff=True)

    with pytest.raises(SsoRefused):
        approve_join(account=account, request=asked, with_seat=False, actor=Actor(user=admin_member.user), at=now)

    assert live(account, "lena@acme.example") is None


def test_nobody_joins_where_the_account_says_never(okta: SsoConnection, idp: Provider, account: Account) -> None:
    policy(account, join="never")
    client = Client()
    idp.sign_in_as("lena@acme.example")

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (403, "")
    assert "Ask an admin there to invite you" in answer.content.decode()
    assert not JoinRequest.objects.exists()
    assert not User.objects.filter(email="lena@acme.example").exists()


def test_at_once_without_a_seat(okta: SsoConnection, idp: Provider, account: Account) -> None:
    policy(account, join="member")
    client = Client()
    idp.sign_in_as("lena@acme.example", name="Lena Lang")

    sign_in(client, okta, idp)

    member = live(account, "lena@acme.example")
    assert member is not None
    assert (member.role, member.user.name, who(client)) == (Role.MEMBER, "Lena Lang", "lena@acme.example")
    assert not member.user.has_usable_password()
    assert not WaitingPerson.objects.exists()


def test_who_waited_joins_by_themselves_once_the_rule_allows_it(
    asked: JoinRequest, okta: SsoConnection, idp: Provider, account: Account
) -> None:
    policy(account, join="member")

    sign_in(Client(), okta, idp)

    asked.refresh_from_db()
    assert (asked.state, asked.membership) == ("approved", live(account, "lena@acme.example"))


def test_a_sign_in_of_another_account_joins_and_stays_what_it_was(
    okta: SsoConnection, idp: Provider, account: Account, outsider: Membership
) -> None:
    """Lena already had a sign-in at this address, and an account of her own."""
    policy(account, join="member")
    lena = make_user("Lena")
    Membership.objects.create(account=outsider.account, user=lena, role=Role.MEMBER, joined_at=outsider.joined_at)
    client = Client()
    idp.sign_in_as("lena@acme.example")

    sign_in(client, okta, idp)

    assert who(client) == "lena@acme.example"
    assert live(account, "lena@acme.example") is not None
    lena.refresh_from_db()
    assert lena.has_usable_password()


def test_an_invited_person_joins_with_the_invited_role_whatever_the_rule(
    okta: SsoConnection, idp: Provider, account: Account, owner: Membership, now: datetime
) -> None:
    policy(account, join="never")
    invite_member(
        account=account,
        email="lena@acme.example",
        role=Role.BILLING,
        department=None,
        name="Lena",
        actor=Actor(user=owner.user),
        at=now,
    )
    idp.sign_in_as("lena@acme.example")

    sign_in(Client(), okta, idp)

    member = live(account, "lena@acme.example")
    assert member is not None
    assert member.role == Role.BILLING
    assert Invitation.objects.get().accepted_by == member


def test_whom_an_admin_took_out_needs_an_approval(
    okta: SsoConnection, idp: Provider, account: Account, member: Membership, owner: Membership, now: datetime
) -> None:
    policy(account, join="seat")
    idp.sign_in_as("mia@acme.example")
    sign_in(Client(), okta, idp)
    remove_member(account=account, membership=member, actor=Actor(user=owner.user), at=now)
    client = Client()

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (202, "")
    assert live(account, "mia@acme.example") is None


def test_whom_an_admin_took_out_is_turned_away_where_nobody_joins(
    okta: SsoConnection, idp: Provider, account: Account, member: Membership, owner: Membership, now: datetime
) -> None:
    idp.sign_in_as("mia@acme.example")
    sign_in(Client(), okta, idp)
    remove_member(account=account, membership=member, actor=Actor(user=owner.user), at=now)
    policy(account, join="never")
    client = Client()

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (403, "")
    assert not JoinRequest.objects.exists()


def test_whom_the_directory_calls_inactive_does_not_come_in(
    okta: SsoConnection, idp: Provider, account: Account, member: Membership, owner: Membership, now: datetime
) -> None:
    policy(account, join="seat")
    DirectoryPerson.objects.create(account=account, user=member.user, user_name="mia", active=False, changed_at=now)
    remove_member(account=account, membership=member, actor=Actor(user=owner.user), at=now)
    client = Client()
    idp.sign_in_as("mia@acme.example")

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (403, "")
    assert not JoinRequest.objects.exists()


def test_an_expired_invitation_is_none(
    okta: SsoConnection, idp: Provider, account: Account, owner: Membership, now: datetime
) -> None:
    invite_member(
        account=account,
        email="lena@acme.example",
        role=Role.ADMIN,
        department=None,
        name="Lena",
        actor=Actor(user=owner.user),
        at=now - timedelta(days=30),
    )
    idp.sign_in_as("lena@acme.example")

    assert sign_in(Client(), okta, idp).status_code == 202
    assert live(account, "lena@acme.example") is None


def test_whom_an_admin_refused_stays_out_when_the_rule_lets_others_in(
    asked: JoinRequest, okta: SsoConnection, idp: Provider, admin_member: Membership, account: Account, now: datetime
) -> None:
    refuse_join(account=account, request=asked, actor=Actor(user=admin_member.user), at=now)
    policy(account, join="member")
    same, moved = Client(), Client()

    first = sign_in(same, okta, idp)
    idp.sign_in_as("lena.lang@acme.example", sub=idp.person["sub"])
    second = sign_in(moved, okta, idp)

    assert (first.status_code, who(same)) == (403, "")
    assert (second.status_code, who(moved)) == (202, ""), "by another address an admin is asked again"
    assert not SocialAccount.objects.exists()
    asked.refresh_from_db()
    assert asked.state == "refused"
