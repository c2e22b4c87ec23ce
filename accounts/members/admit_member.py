"""Somebody joins by another door than an invitation's link: a directory, or single sign-on."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Case, When

from accounts.access.actor import Actor
from accounts.members.add_member import add_member
from accounts.members.details import details_of
from accounts.models import Account, DirectoryPerson, Invitation, Membership, Role, User


def hold_directory_person(account: Account, user: User) -> None:
    """Lock what the directory says of somebody who joins: first of all, since a directory that changes a person holds
    them while it looks for invitations, and whoever joins is shown to it in the end (accounts/receivers.py).
    """
    list(DirectoryPerson.objects.select_for_update(of=("self",)).filter(account=account, user=user))


@transaction.atomic
def admit_member(
    *, account: Account, user: User, actor: Actor, at: datetime, came_as: str = "", **details: Any
) -> Membership:
    """Make them a member; an open invitation of an address of theirs gives its role and details and is used up by it.

    came_as: the address by which they come; empty: the sign-in's own. details: as for add_member; they win over the
    invitation's. Raises AlreadyMember.
    """
    # Whoever has a second address may have been invited at that one.
    theirs = {user.email, *EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)}
    hold_directory_person(account, user)
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .filter(account=account, email__in=theirs, state=Invitation.State.OPEN, expires_at__gt=at)
        .order_by(Case(When(email=came_as or user.email, then=0), default=1), "pk")
        .first()
    )
    membership = add_member(
        account=account,
        user=user,
        # Whoever invited them gave the role; neither a directory nor an identity provider gives any other one.
        role=invitation.role if invitation else Role.MEMBER,
        at=at,
        actor=actor,
        invitation=invitation,
        **((details_of(invitation) if invitation else {}) | details),
    )
    if invitation is not None:
        invitation.state, invitation.accepted_by, invitation.closed_at = Invitation.State.ACCEPTED, membership, at
        invitation.save(update_fields=["state", "accepted_by", "closed_at"])
    return membership
