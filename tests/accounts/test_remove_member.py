"""People leave; the row stays; the last owner does not."""

from typing import Any

import pytest

from accounts.errors import LastOwner, MemberGone, NotYours
from accounts.facts import member_left
from accounts.members.remove_member import remove_member
from accounts.models import Account, AuditEntry, Membership, Role
from tests.accounts.conftest import as_actor
from tests.factories.accounts import AT, MembershipFactory


def take_out(account: Account, person: Membership, by: Membership) -> Membership:
    return remove_member(account=account, membership=person, actor=as_actor(by), at=AT)


def test_a_person_leaves_and_it_is_told(acme: Account, olga: Membership, mia: Membership) -> None:
    told: list[Any] = []

    def note(membership: Membership, at: Any, **_: Any) -> None:
        told.append((membership.pk, at))

    member_left.connect(note)
    try:
        take_out(acme, mia, olga)
    finally:
        member_left.disconnect(note)

    assert Membership.objects.get(pk=mia.pk).left_at == AT
    assert told == [(mia.pk, AT)]
    assert AuditEntry.objects.get().action == "member.left"


def test_twice_is_once(acme: Account, olga: Membership, mia: Membership) -> None:
    take_out(acme, mia, olga)

    with pytest.raises(MemberGone):
        take_out(acme, mia, olga)

    assert AuditEntry.objects.count() == 1


def test_everybody_may_leave(acme: Account, olga: Membership, mia: Membership) -> None:
    take_out(acme, mia, mia)

    assert Membership.objects.get(pk=mia.pk).left_at == AT


def test_but_not_the_last_owner(acme: Account, olga: Membership, adam: Membership) -> None:
    with pytest.raises(LastOwner):
        take_out(acme, olga, olga)

    assert Membership.objects.get(pk=olga.pk).left_at is None
    assert AuditEntry.objects.count() == 0


def test_an_admin_does_not_remove_an_owner(acme: Account, olga: Membership, adam: Membership) -> None:
    MembershipFactory.create(account=acme, role=Role.OWNER)

    with pytest.raises(NotYours):
        take_out(acme, olga, adam)

    assert Membership.objects.get(pk=olga.pk).left_at is None


def test_a_member_removes_nobody_else(acme: Account, olga: Membership, mia: Membership, adam: Membership) -> None:
    with pytest.raises(NotYours):
        take_out(acme, adam, mia)

    assert Membership.objects.get(pk=adam.pk).left_at is None


def test_a_receiver_that_fails_keeps_the_person(acme: Account, olga: Membership, mia: Membership) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("no")

    member_left.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            take_out(acme, mia, olga)
    finally:
        member_left.disconnect(fail)

    assert Membership.objects.get(pk=mia.pk).left_at is None
    assert AuditEntry.objects.count() == 0
