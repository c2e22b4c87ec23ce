"""Two at once, on real connections: the locks that the verbs' comments name."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.errors import InUse, InvitationGone, LastOwner, MemberGone, NotYours
from accounts.members.accept_invitation import accept_invitation
from accounts.members.change_role import change_role
from accounts.members.invitations import expire_invitations, invite_member, revoke_invitation, token_of
from accounts.members.open_account import open_account
from accounts.members.remove_member import remove_member
from accounts.members.structure import delete_place
from accounts.members.update_member import update_member
from accounts.models import Account, AuditEntry, Department, Invitation, Membership, Role, User
from seatportal.kit.errors import PortalError
from tests.accounts.conftest import as_actor
from tests.factories.accounts import AT, DepartmentFactory, InvitationFactory, MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run each act on a connection of its own, all starting together; return results or PortalErrors."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            return act()
        except PortalError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.parametrize("round_", range(5))
def test_two_owners_demote_each_other(acme: Account, olga: Membership, round_: int) -> None:
    omar = MembershipFactory.create(account=acme, role=Role.OWNER)

    def demote(by: Membership, whom: Membership) -> Callable[[], object]:
        return lambda: change_role(account=acme, membership=whom, role=Role.MEMBER, actor=as_actor(by), at=AT)

    results = at_once(demote(olga, omar), demote(omar, olga))

    refused = [result for result in results if isinstance(result, PortalError)]
    assert len(refused) == 1
    # The one who came second is no owner any more.
    assert isinstance(refused[0], NotYours)
    assert Membership.objects.filter(account=acme, role=Role.OWNER).count() == 1
    assert AuditEntry.objects.count() == 1


def test_two_owners_step_down(acme: Account, olga: Membership) -> None:
    omar = MembershipFactory.create(account=acme, role=Role.OWNER)

    def step_down(who: Membership) -> Callable[[], object]:
        return lambda: change_role(account=acme, membership=who, role=Role.ADMIN, actor=as_actor(who), at=AT)

    results = at_once(step_down(olga), step_down(omar))

    assert sum(isinstance(result, LastOwner) for result in results) == 1
    assert Membership.objects.filter(account=acme, role=Role.OWNER).count() == 1


def test_two_owners_leave(acme: Account, olga: Membership) -> None:
    omar = MembershipFactory.create(account=acme, role=Role.OWNER)

    def go(who: Membership) -> Callable[[], object]:
        return lambda: remove_member(account=acme, membership=who, actor=as_actor(who), at=AT)

    results = at_once(go(olga), go(omar))

    assert sum(isinstance(result, LastOwner) for result in results) == 1
    assert Membership.objects.filter(account=acme, role=Role.OWNER, left_at__isnull=True).count() == 1


def test_one_person_is_removed_by_two(acme: Account, olga: Membership, adam: Membership, mia: Membership) -> None:
    def remove(by: Membership) -> Callable[[], object]:
        return lambda: remove_member(account=acme, membership=mia, actor=as_actor(by), at=AT)

    results = at_once(remove(olga), remove(adam))

    assert sum(isinstance(result, MemberGone) for result in results) == 1
    assert AuditEntry.objects.filter(action="member.left").count() == 1


def test_one_link_is_opened_four_times(acme: Account) -> None:
    invitation = InvitationFactory.create(account=acme)
    user = UserFactory.create(email=invitation.email)

    def accept() -> object:
        return accept_invitation(token=token_of(invitation), user=user, at=AT, actor=Actor(user=user))

    results = at_once(accept, accept, accept, accept)

    assert sum(isinstance(result, Membership) for result in results) == 1
    assert sum(isinstance(result, InvitationGone) for result in results) == 3
    assert Membership.objects.filter(account=acme, user=user).count() == 1


def test_accepted_and_withdrawn_at_once_is_one_of_both(acme: Account, olga: Membership) -> None:
    invitation = InvitationFactory.create(account=acme)
    user = UserFactory.create(email=invitation.email)

    results = at_once(
        lambda: accept_invitation(token=token_of(invitation), user=user, at=AT, actor=Actor(user=user)),
        lambda: revoke_invitation(account=acme, invitation=invitation, actor=as_actor(olga), at=AT),
    )

    assert sum(isinstance(result, InvitationGone) for result in results) == 1
    invitation.refresh_from_db()
    joined = Membership.objects.filter(account=acme, user=user).exists()
    assert invitation.state == ("accepted" if joined else "revoked")


def test_one_address_is_invited_by_four(acme: Account, olga: Membership) -> None:
    def invite() -> object:
        return invite_member(
            account=acme,
            email="lena@example.com",
            role=Role.MEMBER,
            department=None,
            name="",
            actor=as_actor(olga),
            at=AT,
        )

    results = at_once(invite, invite, invite, invite)

    assert sorted(result[1] for result in results) == [False, False, False, True]  # type: ignore[index]
    assert Invitation.objects.filter(account=acme).count() == 1
    assert AuditEntry.objects.filter(action="invitation.made").count() == 1


def test_two_sweeps_expire_each_row_once(acme: Account) -> None:
    for _ in range(6):
        InvitationFactory.create(account=acme, expires_at=AT)

    results = at_once(lambda: expire_invitations(at=AT), lambda: expire_invitations(at=AT))

    assert sum(results) == 6  # type: ignore[arg-type]
    assert AuditEntry.objects.filter(action="invitation.expired").count() == 6


def test_four_accounts_of_one_name_have_four_addresses(db: None) -> None:
    user = UserFactory.create()

    def open_one() -> object:
        return open_account(name="Acme", user=user, at=AT, actor=Actor(user=user))

    results = at_once(open_one, open_one, open_one, open_one)

    assert len({account.slug for account in results}) == 4  # type: ignore[attr-defined]


def test_one_address_signs_up_four_times(db: None, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    form = {
        "name": "Lena",
        "organisation": "Lena's",
        "email": "lena@example.com",
        "password1": "a long and winding road",
    }

    def sign_up() -> object:
        return Client().post(reverse("account_signup"), form)["Location"]

    results = at_once(sign_up, sign_up, sign_up, sign_up)

    assert set(results) == {reverse("account_email_verification_sent")}
    assert (User.objects.count(), Account.objects.count()) == (1, 1)


@pytest.mark.parametrize("round_", range(4))
def test_moving_in_and_deleting_a_department(acme: Account, olga: Membership, mia: Membership, round_: int) -> None:
    department = DepartmentFactory.create(account=acme)

    results = at_once(
        lambda: update_member(
            account=acme,
            membership=mia,
            title="",
            department=department,
            region=None,
            employment="employee",
            level="",
            manager=None,
            ends_on=None,
            actor=as_actor(olga),
            at=AT,
        ),
        lambda: delete_place(account=acme, place=department, actor=as_actor(olga), at=AT),
    )

    mia.refresh_from_db()
    kept = Department.objects.filter(pk=department.pk).exists()
    # Either she is in and it stays, or it is gone and she is told so.
    assert (mia.department_id is not None) == kept
    assert any(isinstance(result, InUse) for result in results) == kept
