"""Make a seat free again; the next person in the queue gets it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import audit_entry, record_audits
from accounts.models import Account
from accounts.webhooks.emit_events import Told, emit_events, invitation_data, member_data
from seats.errors import SeatGone
from seats.holders.admit_waiting import admit_waiting
from seats.holders.claim import seat_data
from seats.models import Assignment, LedgerEntry, SeatPool
from seats.pool.ledger import new_entry, write_entries
from seats.pool.pools import lock_pool


@transaction.atomic
def release_seats(
    *,
    account: Account,
    assignments: Sequence[Assignment],
    actor: Actor,
    at: datetime,
    reason: str = "",
    end_reason: str = Assignment.EndReason.RELEASED,
) -> int:
    """Release open seats of this account, all or none; the purchased number stays. Raises SeatGone."""
    pool = lock_pool(account)
    locked = list(
        Assignment.objects.select_for_update(no_key=True, of=("self",))
        .filter(account=account, pk__in=[a.pk for a in assignments], ended_at__isnull=True)
        .select_related("membership__user", "invitation")
        .order_by("pk")
    )
    if len(locked) != len(assignments):
        raise SeatGone
    close_tenures(pool=pool, assignments=locked, end_reason=end_reason, actor=actor, at=at, reason=reason)
    admit_waiting(account=account, at=at)
    return len(locked)


def release_seat(*, account: Account, assignment: Assignment, actor: Actor, at: datetime, reason: str = "") -> None:
    """Release one seat. Raises SeatGone."""
    release_seats(account=account, assignments=[assignment], actor=actor, at=at, reason=reason)


def close_tenures(
    *, pool: SeatPool, assignments: Sequence[Assignment], end_reason: str, actor: Actor, at: datetime, reason: str
) -> None:
    """End tenures and write their lines; the caller holds the pool's lock."""
    paused = end_reason == Assignment.EndReason.PAUSED
    Assignment.objects.filter(pk__in=[a.pk for a in assignments]).update(
        ended_at=at, ended_by=actor.user, end_reason=end_reason
    )
    write_entries(
        [
            new_entry(
                pool=pool,
                kind=LedgerEntry.Kind.PAUSED if paused else LedgerEntry.Kind.RELEASED,
                at=at,
                actor=actor.user,
                reason=reason,
                assigned=(pool.assigned - position, pool.assigned - position - 1),
                from_member=seat.membership,
                to_email="" if seat.membership or seat.invitation is None else seat.invitation.email,
            )
            for position, seat in enumerate(assignments)
        ]
    )
    record_audits(
        [
            audit_entry(
                account=seat.account,
                actor=actor,
                action="seat.released",
                target=seat.public_id,
                summary=str(seat.membership.user if seat.membership else seat.invitation),
                reason=reason,
                because=end_reason,
            )
            for seat in assignments
        ]
    )
    emit_events(
        account=pool.account,
        events=[
            Told(
                "seat.released",
                {
                    "seat": seat_data(seat),
                    "member": member_data(seat.membership) if seat.membership else None,
                    "invitation": invitation_data(seat.invitation) if seat.invitation else None,
                    "because": str(end_reason),
                    "reason": reason,
                },
            )
            for seat in assignments
        ],
        at=at,
    )
    pool.refresh_from_db()
