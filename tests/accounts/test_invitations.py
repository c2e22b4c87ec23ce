"""Invite once, send again, withdraw, expire."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.errors import AlreadyMember, BadAddress, InvitationGone, NotYours
from accounts.facts import invitation_closed
from accounts.members.invitations import (
    LIFETIME,
    expire_invitations,
    hash_of,
    invite_member,
    open_by_token,
    resend_invitation,
    revoke_invitation,
    token_of,
)
from accounts.models import Account, AuditEntry, Invitation, Membership, Role
from tests.accounts.conftest import as_actor
from tests.factories.accounts import AT, ApiKeyFactory, DepartmentFactory, InvitationFactory, MembershipFactory


def invite(
    account: Account, actor: Actor, email: str = "lena@example.com", role: str = Role.MEMBER, **more: Any
) -> Any:
    values: dict[str, Any] = {"department": None, "name": "Lena", "at": AT} | more
    return invite_member(account=account, email=email, role=role, actor=actor, **values)


def test_an_address_is_invited(acme: Account, olga: Membership) -> None:
    department = DepartmentFactory.create(account=acme)

    invitation, created = invite(acme, as_actor(olga), " Lena@Example.com ", department=department)

    assert created is True
    assert (invitation.email, invitation.name, invitation.role) == ("lena@example.com", "Lena", "member")
    assert (invitation.department, invitation.invited_by) == (department, olga)
    assert (invitation.expires_at, invitation.sent_at) == (AT + LIFETIME, None)
    assert invitation.token_hash == hash_of(token_of(invitation))
    assert token_of(invitation) not in (invitation.token_hash, invitation.nonce)
    assert AuditEntry.objects.get().action == "invitation.made"


def test_the_same_address_is_invited_once(acme: Account, olga: Membership) -> None:
    first, _created = invite(acme, as_actor(olga))

    again, created = invite(acme, as_actor(olga), "LENA@example.com", role=Role.ADMIN, at=AT + timedelta(hours=1))

    assert (again.pk, again.role, again.token_hash, created) == (first.pk, "member", first.token_hash, False)
    assert AuditEntry.objects.count() == 1


def test_an_old_open_one_is_ended_and_a_new_one_made(acme: Account, olga: Membership) -> None:
    first, _created = invite(acme, as_actor(olga))

    later = AT + LIFETIME
    again, created = invite(acme, as_actor(olga), at=later)

    first.refresh_from_db()
    assert (first.state, first.closed_at) == ("expired", later)
    assert (created, again.state, again.expires_at) == (True, "open", later + LIFETIME)


def test_another_account_may_invite_the_same_address(acme: Account, olga: Membership) -> None:
    InvitationFactory.create(email="lena@example.com")

    assert invite(acme, as_actor(olga))[1] is True


def test_a_member_is_not_invited(acme: Account, olga: Membership, mia: Membership) -> None:
    with pytest.raises(AlreadyMember) as caught:
        invite(acme, as_actor(olga), "MIA@example.com")

    assert caught.value.field == "email"
    assert Invitation.objects.count() == 0


def test_somebody_who_left_is_invited_again(acme: Account, olga: Membership) -> None:
    former = MembershipFactory.create(account=acme, left_at=AT)

    assert invite(acme, as_actor(olga), former.user.email)[1] is True


@pytest.mark.parametrize("address", ["", "lena", "lena@", "a@b@c", "lena@example.com\nBcc: x@example.com"])
def test_a_bad_address_is_refused(acme: Account, olga: Membership, address: str) -> None:
    with pytest.raises(BadAddress):
        invite(acme, as_actor(olga), address)

    assert Invitation.objects.count() == 0


def test_an_admin_may_not_invite_an_owner(acme: Account, adam: Membership) -> None:
    with pytest.raises(NotYours):
        invite(acme, as_actor(adam), role=Role.OWNER)

    assert Invitation.objects.count() == 0
    assert AuditEntry.objects.count() == 0


def test_a_key_invites_as_an_admin_would(acme: Account, adam: Membership) -> None:
    key = ApiKeyFactory.create(account=acme, created_by=adam)
    actor = Actor(user=None, api_key=key, door="api")

    invitation, _created = invite(acme, actor)
    with pytest.raises(NotYours):
        invite(acme, actor, "owner@example.com", role=Role.OWNER)

    assert invitation.invited_by == adam
    assert AuditEntry.objects.get().api_key == key


def test_an_outsider_may_not_invite(acme: Account, charlie: Any) -> None:
    with pytest.raises(NotYours):
        invite(acme, Actor(user=charlie))

    assert Invitation.objects.count() == 0


def test_sending_again_makes_a_new_link_and_ends_the_old_one(acme: Account, olga: Membership) -> None:
    invitation = InvitationFactory.create(account=acme)
    old = token_of(invitation)
    later = AT + timedelta(days=3)

    renewed = resend_invitation(account=acme, invitation=invitation, actor=as_actor(olga), at=later)

    assert (renewed.expires_at, renewed.sent_at) == (later + LIFETIME, None)
    assert open_by_token(old, at=later) is None
    assert open_by_token(token_of(renewed), at=later) == invitation


def test_withdrawing_ends_the_link_and_tells(acme: Account, olga: Membership) -> None:
    invitation = InvitationFactory.create(account=acme)
    told: list[Any] = []

    def note(invitation: Invitation, actor: Actor, **_: Any) -> None:
        told.append((invitation.pk, invitation.state, actor.user))

    invitation_closed.connect(note)
    try:
        revoke_invitation(account=acme, invitation=invitation, actor=as_actor(olga), at=AT)
        with pytest.raises(InvitationGone):
            revoke_invitation(account=acme, invitation=invitation, actor=as_actor(olga), at=AT)
    finally:
        invitation_closed.disconnect(note)

    assert told == [(invitation.pk, "revoked", olga.user)]
    assert open_by_token(token_of(invitation), at=AT) is None
    assert AuditEntry.objects.get().action == "invitation.revoked"


def test_another_accounts_invitation_cannot_be_withdrawn(acme: Account, olga: Membership) -> None:
    foreign = InvitationFactory.create()

    with pytest.raises(InvitationGone):
        revoke_invitation(account=acme, invitation=foreign, actor=as_actor(olga), at=AT)

    foreign.refresh_from_db()
    assert foreign.state == "open"


def test_only_what_is_past_its_time_expires(acme: Account) -> None:
    old = InvitationFactory.create(account=acme, expires_at=AT)
    fresh = InvitationFactory.create(account=acme, expires_at=AT + timedelta(seconds=1))
    withdrawn = InvitationFactory.create(account=acme, expires_at=AT, state=Invitation.State.REVOKED)

    assert expire_invitations(at=AT) == 1
    assert expire_invitations(at=AT) == 0

    states = dict(Invitation.objects.values_list("pk", "state"))
    assert states == {old.pk: "expired", fresh.pk: "open", withdrawn.pk: "revoked"}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.door, entry.user) == ("invitation.expired", "task", None)
