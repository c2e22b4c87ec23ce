"""Send several invitations again; one that ended meanwhile stops no other."""

from collections.abc import Sequence
from datetime import datetime

from accounts.access.actor import Actor
from accounts.members.invitations import resend_invitation
from accounts.models import Account, Invitation
from seatportal.kit.errors import PortalError


def resend_invitations(
    *, account: Account, invitations: Sequence[Invitation], actor: Actor, at: datetime
) -> list[tuple[Invitation, PortalError | None]]:
    """Each with what stopped it, None where a fresh link is on its way; each is a transaction of its own."""
    done: list[tuple[Invitation, PortalError | None]] = []
    for invitation in invitations:
        try:
            resend_invitation(account=account, invitation=invitation, actor=actor, at=at)
        except PortalError as error:
            done.append((invitation, error))
        else:
            done.append((invitation, None))
    return done
