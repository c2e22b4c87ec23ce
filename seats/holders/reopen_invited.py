"""Take back the withdrawal of invitations, with the seats and places in the queue that they had: all or nothing."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.members.withdraw_invitations import reopen_invitations
from accounts.models import Account, Invitation
from seats.holders.claim import claim
from seats.models import Assignment, WaitingPerson


@transaction.atomic
def reopen_invited(*, account: Account, invitations: Sequence[Invitation], actor: Actor, at: datetime) -> int:
    """Returns how many seats are held again. Raises what reopen_invitations and a claim raise: the seats may have gone
    on to people who waited."""
    closed = {one.pk: one.closed_at for one in invitations}
    rows = reopen_invitations(account=account, invitations=invitations, actor=actor, at=at)
    ended = Assignment.objects.filter(
        account=account,
        invitation__in=rows,
        membership=None,
        end_reason=Assignment.EndReason.REVOKED,
        ended_at__in=[moment for moment in closed.values() if moment],
    )
    held = {seat.invitation_id: seat.reason for seat in ended if seat.ended_at == closed.get(seat.invitation_id or 0)}
    again: dict[str, list[Invitation]] = {}
    for row in rows:
        if row.pk in held:
            again.setdefault(held[row.pk], []).append(row)
    places = WaitingPerson.objects.filter(account=account, invitation__in=rows, withdrawn_at__isnull=False)
    kept = [place.pk for place in places if place.withdrawn_at == closed.get(place.invitation_id or 0)]
    WaitingPerson.objects.filter(pk__in=kept).update(withdrawn_at=None)
    return sum(
        len(claim(account=account, invitations=some, actor=actor, at=at, reason=reason))
        for reason, some in again.items()
    )
