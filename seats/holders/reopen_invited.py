"""Take back the withdrawal of invitations, with the seats and places in the queue that they had: all or nothing."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.access.actor import Actor
from accounts.members.withdraw_invitations import reopen_invitations
from accounts.models import Account, Invitation
from seats.holders.claim import claim
from seats.models import Assignment, WaitingPerson


@transaction.atomic
def reopen_invited(*, account: Account, invitations: Sequence[Invitation], actor: Actor, at: datetime) -> int:
    """Returns how many seats are held again. Raises what reopen_invitations and a claim raise: the seats may have gone
    on to people who waited."""
    closed = Invitation.objects.filter(account=account, pk__in=[one.pk for one in invitations])
    # What the withdrawal itself ended, before its moment is forgotten; not what had ended earlier.
    held = dict(
        Assignment.objects.filter(
            invitation__in=closed,
            membership=None,
            end_reason=Assignment.EndReason.REVOKED,
            ended_at=F("invitation__closed_at"),
        ).values_list("invitation_id", "reason")
    )
    places = WaitingPerson.objects.filter(invitation__in=closed, withdrawn_at=F("invitation__closed_at"))
    waited = list(places.values_list("pk", flat=True))
    rows = reopen_invitations(account=account, invitations=invitations, actor=actor, at=at)
    WaitingPerson.objects.filter(pk__in=waited).update(withdrawn_at=None)
    again: dict[str, list[Invitation]] = {}
    for row in rows:
        if row.pk in held:
            again.setdefault(held[row.pk], []).append(row)
    return sum(
        len(claim(account=account, invitations=some, actor=actor, at=at, reason=reason))
        for reason, some in again.items()
    )
