"""A link becomes a membership, once."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.access.actor import Actor
from accounts.errors import InvitationGone, InvitedElsewhere
from accounts.members.add_member import add_member
from accounts.members.admit_member import hold_directory_person
from accounts.members.details import details_of
from accounts.members.invitations import hashes_of
from accounts.members.structure import hold_place
from accounts.models import Invitation, Membership, User
from accounts.webhooks.emit_events import emit_event, invitation_data, member_data


@transaction.atomic
def accept_invitation(*, token: str, user: User, at: datetime, actor: Actor) -> Membership:
    """Join as invited. The user must own the invited address: it is theirs and verified.

    Raises InvitationGone, InvitedElsewhere, AlreadyMember.
    """
    wanted = Invitation.objects.select_related("account", "department", "region").filter(
        token_hash__in=hashes_of(token), state=Invitation.State.OPEN, expires_at__gt=at, account__closed_at__isnull=True
    )
    seen = wanted.first()
    if seen is None:
        raise InvitationGone
    hold_directory_person(seen.account, user)
    hold_place(seen.account, seen.department, field="department")
    hold_place(seen.account, seen.region, field="region")
    # Serializes two clicks on one link, and a click with a withdrawal: the second finds the invitation closed.
    invitation = wanted.select_for_update(of=("self",)).first()
    if invitation is None:
        raise InvitationGone
    if not owns_address(user, invitation.email):
        raise InvitedElsewhere
    membership = add_member(
        account=invitation.account,
        user=user,
        role=invitation.role,
        at=at,
        actor=actor,
        invitation=invitation,
        **details_of(invitation),
    )
    invitation.state = Invitation.State.ACCEPTED
    invitation.accepted_by = membership
    invitation.closed_at = at
    invitation.save(update_fields=["state", "accepted_by", "closed_at"])
    emit_event(
        account=invitation.account,
        kind="invitation.accepted",
        data={"invitation": invitation_data(invitation), "member": member_data(membership)},
        at=at,
    )
    return membership


def owns_address(user: User, email: str) -> bool:
    """Whether the address is one of the user's verified ones."""
    return bool(EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists())
