"""A link becomes a membership, once, and only for the invited address."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts.access.actor import Actor
from accounts.errors import AlreadyMember, InvitationGone, InvitedElsewhere
from accounts.facts import member_joined
from accounts.members.accept_invitation import accept_invitation
from accounts.members.invitations import token_of
from accounts.models import Account, AuditEntry, Invitation, Membership, Role, User
from tests.factories.accounts import AT, DepartmentFactory, InvitationFactory, MembershipFactory, UserFactory


def accept(invitation: Invitation, user: User, **more: Any) -> Membership:
    values: dict[str, Any] = {
        "token": token_of(invitation),
        "at": AT,
        "actor": Actor(user=user, door="invitation"),
    } | more
    return accept_invitation(user=user, **values)


def test_the_invited_person_joins_as_invited(acme: Account) -> None:
    department = DepartmentFactory.create(account=acme)
    invitation = InvitationFactory.create(account=acme, role=Role.BILLING, department=department)
    user = UserFactory.create(email=invitation.email)
    told: list[Any] = []

    def note(membership: Membership, invitation: Invitation, **_: Any) -> None:
        told.append((membership.user, invitation.pk))

    member_joined.connect(note)
    try:
        membership = accept(invitation, user)
    finally:
        member_joined.disconnect(note)

    assert (membership.account, membership.role, membership.department) == (acme, "billing", department)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.accepted_by, invitation.closed_at) == ("accepted", membership, AT)
    assert told == [(user, invitation.pk)]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.door, entry.data) == (
        "member.joined",
        "invitation",
        {"role": "billing", "invitation": invitation.public_id},
    )


def test_a_second_time_it_has_ended(acme: Account) -> None:
    invitation = InvitationFactory.create(account=acme)
    user = UserFactory.create(email=invitation.email)
    accept(invitation, user)

    with pytest.raises(InvitationGone):
        accept(invitation, user)

    assert Membership.objects.count() == 1


def test_a_further_verified_address_of_the_user_counts(acme: Account) -> None:
    invitation = InvitationFactory.create(account=acme, email="lena@acme.example")
    user = UserFactory.create()
    EmailAddress.objects.create(user=user, email="Lena@acme.example", verified=True)

    assert accept(invitation, user).user == user


@pytest.mark.parametrize("proved", [True, False])
def test_another_address_does_not_join(acme: Account, proved: bool) -> None:
    invitation = InvitationFactory.create(account=acme)
    # Either it is somebody else's address, or the right one that nobody has proved.
    user = UserFactory.create() if proved else UserFactory.create(email=invitation.email, verified=False)

    with pytest.raises(InvitedElsewhere):
        accept(invitation, user)

    invitation.refresh_from_db()
    assert invitation.state == "open"
    assert Membership.objects.count() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"state": Invitation.State.REVOKED},
        {"state": Invitation.State.EXPIRED},
        {"expires_at": AT},
    ],
)
def test_an_ended_link_joins_nobody(acme: Account, change: dict[str, Any]) -> None:
    invitation = InvitationFactory.create(account=acme, **change)

    with pytest.raises(InvitationGone):
        accept(invitation, UserFactory.create(email=invitation.email))

    assert Membership.objects.count() == 0


def test_a_closed_account_takes_nobody(acme: Account) -> None:
    invitation = InvitationFactory.create(account=acme)
    acme.closed_at = AT - timedelta(days=1)
    acme.save()

    with pytest.raises(InvitationGone):
        accept(invitation, UserFactory.create(email=invitation.email))

    assert Membership.objects.count() == 0


def test_a_wrong_token_opens_nothing(acme: Account) -> None:
    invitation = InvitationFactory.create(account=acme)

    with pytest.raises(InvitationGone):
        accept(invitation, UserFactory.create(email=invitation.email), token=invitation.token_hash)


def test_a_member_does_not_join_twice(acme: Account, mia: Membership) -> None:
    invitation = InvitationFactory.create(account=acme, email=mia.user.email)

    with pytest.raises(AlreadyMember):
        accept(invitation, mia.user)

    invitation.refresh_from_db()
    assert invitation.state == "open"
    assert Membership.objects.count() == 1


def test_somebody_who_left_joins_again_with_a_new_row(acme: Account) -> None:
    former = MembershipFactory.create(account=acme, left_at=AT)
    invitation = InvitationFactory.create(account=acme, email=former.user.email)

    membership = accept(invitation, former.user)

    assert membership.pk != former.pk
    assert Membership.objects.filter(account=acme, left_at__isnull=True).get() == membership
