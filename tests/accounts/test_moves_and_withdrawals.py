"""The verbs behind the bulk acts, at their edges: whose invitations, the last moment, and who stays where they were."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.errors import InvitationGone, NotYours
from accounts.members.invitations import invite_member
from accounts.members.move_to_regions import move_to_regions
from accounts.members.withdraw_invitations import UNDO_WITHIN, reopen_invitations, withdraw_invitations
from accounts.models import Account, AuditEntry, Invitation, Membership, Role
from tests.factories.accounts import RegionFactory

pytestmark = pytest.mark.django_db


def invite(account: Account, name: str, role: str, actor: Actor, now: datetime) -> Invitation:
    """Somebody who has not come yet."""
    common: dict[str, Any] = {"account": account, "department": None, "name": "", "actor": actor, "at": now}
    return invite_member(email=f"{name}@acme.example", role=role, **common)[0]


def test_an_admin_moves_no_owner_to_come_and_nobody_with_them(
    account: Account, actor: Actor, admin_member: Membership, now: datetime
) -> None:
    there = RegionFactory.create(account=account)
    member = invite(account, "ann", Role.MEMBER, actor, now)
    owner = invite(account, "ben", Role.OWNER, actor, now)
    moves = [(member, there), (owner, there)]

    with pytest.raises(NotYours):
        move_to_regions(account=account, moves=moves, actor=Actor(user=admin_member.user), at=now)

    assert set(Invitation.objects.values_list("region", flat=True)) == {None}
    assert not AuditEntry.objects.filter(action="invitation.changed").exists()
    assert len(move_to_regions(account=account, moves=moves, actor=actor, at=now)) == 2


def test_who_is_there_already_is_not_moved(account: Account, actor: Actor, member: Membership, now: datetime) -> None:
    there = RegionFactory.create(account=account)
    ann = invite(account, "ann", Role.MEMBER, actor, now)
    Membership.objects.filter(pk=member.pk).update(region=there)

    moved = move_to_regions(account=account, moves=[(member, there), (ann, there)], actor=actor, at=now)

    assert moved == [(ann, None)]
    told = AuditEntry.objects.filter(action__in=["member.changed", "invitation.changed"])
    assert [one.target for one in told] == [ann.public_id]


def test_a_withdrawal_is_taken_back_up_to_the_last_moment(account: Account, actor: Actor, now: datetime) -> None:
    ann = invite(account, "ann", Role.MEMBER, actor, now)
    withdraw_invitations(account=account, invitations=[ann], actor=actor, at=now)
    late = now + UNDO_WITHIN + timedelta(microseconds=1)

    with pytest.raises(InvitationGone):
        reopen_invitations(account=account, invitations=[ann], actor=actor, at=late)
    assert Invitation.objects.get().state == Invitation.State.REVOKED

    reopen_invitations(account=account, invitations=[ann], actor=actor, at=now + UNDO_WITHIN)
    assert Invitation.objects.get().state == Invitation.State.OPEN
