"""Roles change by the rules, and the trail has it."""

import pytest

from accounts.access.actor import Actor
from accounts.errors import LastOwner, MemberGone, NotYours
from accounts.members.change_role import change_role
from accounts.models import Account, AuditEntry, Membership, Role
from tests.accounts.conftest import as_actor
from tests.factories.accounts import AT, MembershipFactory, UserFactory


def set_role(account: Account, person: Membership, role: str, by: Membership | Actor) -> Membership:
    actor = by if isinstance(by, Actor) else as_actor(by)
    return change_role(account=account, membership=person, role=role, actor=actor, at=AT)


def role_of(person: Membership) -> str:
    return Membership.objects.get(pk=person.pk).role


def test_an_owner_makes_another_owner(acme: Account, olga: Membership, mia: Membership) -> None:
    set_role(acme, mia, Role.OWNER, olga)

    assert role_of(mia) == "owner"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.user, entry.summary, entry.data) == (
        "member.role_changed",
        olga.user,
        "Mia",
        {"before": "member", "after": "owner"},
    )


def test_the_same_role_changes_and_records_nothing(acme: Account, olga: Membership, mia: Membership) -> None:
    set_role(acme, mia, Role.MEMBER, olga)

    assert AuditEntry.objects.count() == 0


def test_the_last_owner_stays(acme: Account, olga: Membership) -> None:
    with pytest.raises(LastOwner):
        set_role(acme, olga, Role.ADMIN, olga)

    assert role_of(olga) == "owner"
    assert AuditEntry.objects.count() == 0


def test_an_owner_who_left_does_not_count(acme: Account, olga: Membership) -> None:
    MembershipFactory.create(account=acme, role=Role.OWNER, left_at=AT)

    with pytest.raises(LastOwner):
        set_role(acme, olga, Role.ADMIN, olga)


def test_another_accounts_owners_do_not_count(acme: Account, olga: Membership) -> None:
    MembershipFactory.create(role=Role.OWNER)

    with pytest.raises(LastOwner):
        set_role(acme, olga, Role.ADMIN, olga)


def test_of_two_owners_one_may_step_down(acme: Account, olga: Membership) -> None:
    MembershipFactory.create(account=acme, role=Role.OWNER)

    set_role(acme, olga, Role.ADMIN, olga)

    assert role_of(olga) == "admin"


def test_an_admin_neither_makes_nor_unmakes_owners(
    acme: Account, olga: Membership, adam: Membership, mia: Membership
) -> None:
    MembershipFactory.create(account=acme, role=Role.OWNER)

    with pytest.raises(NotYours):
        set_role(acme, mia, Role.OWNER, adam)
    with pytest.raises(NotYours):
        set_role(acme, olga, Role.MEMBER, adam)

    assert (role_of(mia), role_of(olga)) == ("member", "owner")
    assert AuditEntry.objects.count() == 0


def test_an_admin_manages_the_rest(acme: Account, olga: Membership, adam: Membership, mia: Membership) -> None:
    set_role(acme, mia, Role.TEAM_MANAGER, adam)

    assert role_of(mia) == "team_manager"


def test_staff_in_django_admin_rescue_an_account_without_owner(acme: Account, mia: Membership) -> None:
    staff = UserFactory.create(is_staff=True)

    set_role(acme, mia, Role.OWNER, Actor(user=staff, door="admin"))

    assert role_of(mia) == "owner"


def test_staff_by_any_other_door_are_strangers(acme: Account, olga: Membership, mia: Membership) -> None:
    with pytest.raises(NotYours):
        set_role(acme, mia, Role.ADMIN, Actor(user=UserFactory.create(is_staff=True)))

    assert role_of(mia) == "member"


def test_a_person_who_left_is_gone(acme: Account, olga: Membership) -> None:
    former = MembershipFactory.create(account=acme, left_at=AT)

    with pytest.raises(MemberGone):
        set_role(acme, former, Role.ADMIN, olga)


def test_another_accounts_person_is_gone(acme: Account, olga: Membership) -> None:
    foreign = MembershipFactory.create()

    with pytest.raises(MemberGone):
        set_role(acme, foreign, Role.ADMIN, olga)

    assert role_of(foreign) == "member"
