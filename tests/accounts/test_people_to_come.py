"""What is noted about somebody before they join reaches their membership; managers are linked when they come."""

from datetime import date
from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.errors import BadSetting, InvitationGone, NotYours
from accounts.members.accept_invitation import accept_invitation
from accounts.members.details import Details
from accounts.members.edit_invitation import edit_invitation
from accounts.members.edit_member import edit_member
from accounts.members.invitations import LIFETIME, invite_member, token_of
from accounts.models import Account, AuditEntry, Department, Invitation, Membership, Region
from tests.accounts.conftest import as_actor
from tests.conftest import make_user
from tests.factories.accounts import AT, DepartmentFactory, MembershipFactory, RegionFactory


def invite(account: Account, by: Membership, name: str, **details: Any) -> Invitation:
    email = f"{name.lower()}@acme.example"
    return invite_member(
        account=account,
        email=email,
        role="member",
        department=None,
        name=name,
        actor=as_actor(by),
        at=AT,
        details=Details(**details),
    )[0]


def come(invitation: Invitation) -> Membership:
    user = make_user(invitation.name)
    return accept_invitation(token=token_of(invitation), user=user, at=AT, actor=Actor(user=user))


def boss_of(person: Membership) -> tuple[Membership | None, str]:
    person.refresh_from_db()
    return person.manager, person.manager_email


def test_all_that_was_noted_reaches_the_membership(acme: Account, olga: Membership) -> None:
    region = RegionFactory.create(account=acme)
    day = date(2027, 3, 31)
    noted: dict[str, Any] = {
        "title": "VP Sales",
        "region": region,
        "employment": "contractor",
        "ends_on": day,
        "level": "executive",
        "external_id": "E-7",
    }
    invitation = invite(acme, olga, "Lena", manager_email=olga.user.email, **noted)

    lena = come(invitation)

    lena.refresh_from_db()
    assert {name: getattr(lena, name) for name in noted} == noted
    assert boss_of(lena) == (olga, "")


def test_an_id_that_somebody_took_meanwhile_stops_nobody(acme: Account, olga: Membership) -> None:
    invitation = invite(acme, olga, "Lena", external_id="E-7", level="manager")
    Membership.objects.filter(pk=olga.pk).update(external_id="E-7")

    lena = come(invitation)

    assert (lena.external_id, lena.level) == ("", "manager")


def test_a_manager_who_comes_later_is_linked(acme: Account, olga: Membership, mia: Membership) -> None:
    lena = come(invite(acme, olga, "Lena", manager_email="bo@acme.example"))
    edit_member(
        account=acme,
        membership=mia,
        changes={"manager": None, "manager_email": "bo@acme.example"},
        actor=as_actor(olga),
        at=AT,
    )
    assert boss_of(lena) == boss_of(mia) == (None, "bo@acme.example")

    bo = come(invite(acme, olga, "Bo"))

    assert boss_of(lena) == boss_of(mia) == (bo, "")
    assert boss_of(bo) == (None, "")


def test_nobody_comes_to_report_in_a_ring(acme: Account, olga: Membership) -> None:
    lena = come(invite(acme, olga, "Lena", manager_email="bo@acme.example"))

    bo = come(invite(acme, olga, "Bo", manager_email="lena@acme.example"))

    assert boss_of(bo) == (lena, "")
    assert boss_of(lena) == (None, "")


def test_another_manager_named_meanwhile_stays(acme: Account, olga: Membership, mia: Membership) -> None:
    for changes in ({"manager": None, "manager_email": "bo@acme.example"}, {"manager": olga}):
        edit_member(account=acme, membership=mia, changes=changes, actor=as_actor(olga), at=AT)

    come(invite(acme, olga, "Bo"))

    assert boss_of(mia) == (olga, "")


def test_a_namesake_of_another_account_is_no_manager(acme: Account, olga: Membership) -> None:
    elsewhere = MembershipFactory.create()

    lena = come(invite(acme, olga, "Lena", manager_email=elsewhere.user.email))

    assert boss_of(lena) == (None, elsewhere.user.email)


def test_an_invitation_is_changed(acme: Account, olga: Membership) -> None:
    invitation = invite(acme, olga, "Lena")
    before = (invitation.token_hash, invitation.expires_at)
    department = DepartmentFactory.create(account=acme)
    changes = {"department": department, "level": "manager", "role": "admin"}

    edit_invitation(account=acme, invitation=invitation, changes=changes, actor=as_actor(olga), at=AT)

    invitation.refresh_from_db()
    assert {name: getattr(invitation, name) for name in changes} == changes
    assert (invitation.token_hash, invitation.expires_at) == before
    entry = AuditEntry.objects.get(action="invitation.changed")
    assert sorted(entry.data) == ["department", "level", "role"]


def test_an_invitation_is_changed_within_limits_only(acme: Account, olga: Membership) -> None:
    invitation = invite(acme, olga, "Lena")
    admin = MembershipFactory.create(account=acme, role="admin")
    foreign_department: Department = DepartmentFactory.create()
    foreign_region: Region = RegionFactory.create()
    refusals: list[tuple[type[Exception], dict[str, Any], Any]] = [
        (NotYours, {"role": "owner"}, AT),
        (BadSetting, {"department": foreign_department}, AT),
        (BadSetting, {"region": foreign_region}, AT),
        (InvitationGone, {"level": "manager"}, AT + LIFETIME),
    ]
    for error, changes, at in refusals:
        with pytest.raises(error):
            edit_invitation(account=acme, invitation=invitation, changes=changes, actor=as_actor(admin), at=at)

    invitation.refresh_from_db()
    assert (invitation.role, invitation.level, invitation.department, invitation.region) == ("member", "", None, None)
    assert not AuditEntry.objects.filter(action="invitation.changed").exists()
