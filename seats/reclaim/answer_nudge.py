"""What the reader of a nudge does with its link: give the seat back, or ask for no more such mails."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Membership
from seatportal.kit.links import unsign
from seats.errors import NudgeGone
from seats.holders.release_seat import release_seat
from seats.models import Assignment, Nudge, NudgeRefusal
from seats.pool.pools import lock_pool

# So long a link works.
LIVES = timedelta(days=30)


def nudge_by_token(token: str) -> Nudge | None:
    """The nudge behind a link, while the person is in an open account; None for anything else."""
    public_id = unsign("nudge", token, within=LIVES)
    if public_id is None:
        return None
    return (
        Nudge.objects.filter(
            public_id=public_id, membership__left_at__isnull=True, membership__account__closed_at__isnull=True
        )
        .select_related("account", "membership__user", "membership__account", "assignment")
        .first()
    )


def still_holds(nudge: Nudge) -> bool:
    """Whether the person has the very seat that they were asked about. A seat that moved has another holder."""
    seat = nudge.assignment
    return seat.ended_at is None and seat.membership_id == nudge.membership_id


@transaction.atomic
def give_seat_back(*, nudge: Nudge, reason: str, actor: Actor, at: datetime) -> None:
    """Release the seat by the one path, in the person's own name. Raises NudgeGone when they hold it no longer."""
    lock_pool(nudge.account)
    seat = Assignment.objects.get(account=nudge.account, pk=nudge.assignment_id)
    if seat.ended_at is not None or seat.membership_id != nudge.membership_id:
        raise NudgeGone
    release_seat(account=nudge.account, assignment=seat, actor=actor, at=at, reason=reason)
    Nudge.objects.filter(pk=nudge.pk).update(given_back_at=at)


@transaction.atomic
def set_nudges(*, membership: Membership, wanted: bool, actor: Actor, at: datetime) -> bool:
    """Whether the person is written to about their use; returns whether that changed."""
    rows = NudgeRefusal.objects.filter(membership=membership)
    if wanted:
        changed = bool(rows.delete()[0])
    else:
        _row, changed = NudgeRefusal.objects.get_or_create(
            membership=membership, defaults={"account_id": membership.account_id, "at": at}
        )
    if changed:
        record_audit(
            account=membership.account,
            actor=actor,
            action="nudges.wanted" if wanted else "nudges.refused",
            target=membership.public_id,
            summary=str(membership.user),
        )
    return changed


def refuses_nudges(membership: Membership) -> bool:
    """Whether the person wants no such mails."""
    return NudgeRefusal.objects.filter(membership=membership).exists()
