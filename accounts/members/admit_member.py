"""Somebody joins by another door than an invitation's link: a directory, or single sign-on."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.access.actor import Actor
from accounts.members.add_member import add_member
from accounts.members.details import details_of
from accounts.models import Account, Invitation, Membership, Role, User


@transaction.atomic
def admit_member(*, account: Account, user: User, actor: Actor, at: datetime, **details: Any) -> Membership:
    """Make them a member; an open invitation of their address gives its role and details and is used up by it.

    details: as for add_member; they win over the invitation's. Raises AlreadyMember.
    """
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .filter(account=account, email=user.email, state=Invitation.State.OPEN, expires_at__gt=at)
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
