"""Move a seat from one person to another in one act: no charge, the counter does not move, the history is kept."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership
from accounts.webhooks.emit_events import emit_event, member_data
from seats.errors import AlreadySeated, NotAMember, SeatGone, SeatsFrozen
from seats.holders.admit_waiting import admit_waiting
from seats.holders.claim import seat_data
from seats.holders.paused import check_not_paused
from seats.holders.wishes import settle_wishes
from seats.models import Assignment, LedgerEntry
from seats.pool.budgets import check_budgets
from seats.pool.ledger import new_entry
from seats.pool.pools import lock_pool
from seats.pool.regions import check_move


@transaction.atomic
def reassign_seat(
    *, account: Account, assignment: Assignment, to: Membership, actor: Actor, at: datetime, reason: str = ""
) -> Assignment:
    """Take the seat from its holder and give it to `to` at the same moment.

    The open row goes on with the new holder and a closed row keeps the old tenure, so no reader ever sees the seat
    free and it works at a full, and even at an exceeded, limit. Between regions there must be room where it goes.

    Raises SeatGone, AlreadySeated, NotAMember, SeatsFrozen, RegionFull, BudgetExceeded,
    PersonPaused.
    """
    receiver = (
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .filter(account=account, pk=to.pk, left_at__isnull=True)
        .select_related("user")
        .first()
    )
    if receiver is None:
        raise NotAMember
    pool = lock_pool(account)
    check_not_paused(account, [receiver])
    if pool.frozen:
        raise SeatsFrozen(state=pool.frozen)
    seat = (
        Assignment.objects.select_for_update(no_key=True, of=("self",))
        .filter(account=account, pk=assignment.pk, state=Assignment.State.HELD, ended_at__isnull=True)
        .select_related("membership__user", "region_pool")
        .first()
    )
    if seat is None or seat.membership_id != assignment.membership_id:
        raise SeatGone
    leaver = seat.membership
    between_pools = check_move(pool, seat, receiver.region_id)
    check_budgets(account=account, members=[receiver], leaving=leaver)
    tenure = Assignment.objects.create(
        account=account,
        state=Assignment.State.HELD,
        membership=leaver,
        previous_id=seat.previous_id,
        door=seat.door,
        reason=seat.reason,
        started_at=seat.started_at,
        started_by=seat.started_by,
        ended_at=at,
        ended_by=actor.user,
        end_reason=Assignment.EndReason.REASSIGNED,
    )
    seat.membership = receiver
    seat.invitation = None
    seat.previous = tenure
    seat.door, seat.reason, seat.started_at, seat.started_by = actor.door, reason[:200], at, actor.user
    try:
        with transaction.atomic():
            seat.save()
    except IntegrityError as error:
        if "seat_once_per" in str(error):
            raise AlreadySeated from error
        raise
    settle_wishes(account=account, members=[receiver], actor=actor, at=at)
    new_entry(
        pool=pool,
        kind=LedgerEntry.Kind.REASSIGNED,
        at=at,
        actor=actor.user,
        reason=reason,
        from_member=leaver,
        to_member=receiver,
    ).save()
    emit_event(
        account=account,
        kind="seat.reassigned",
        data={
            "seat": seat_data(seat),
            "from": member_data(leaver) if leaver else None,
            "to": member_data(receiver),
            "reason": reason,
        },
        at=at,
    )
    record_audit(
        account=account,
        actor=actor,
        action="seat.reassigned",
        target=seat.public_id,
        summary=f"{leaver.user if leaver else ''} → {receiver.user}",
        reason=reason,
        from_member=leaver.public_id if leaver else "",
        to_member=receiver.public_id,
    )
    if between_pools:
        admit_waiting(account=account, at=at)
    return seat


@transaction.atomic
def reassign_seats(
    *,
    account: Account,
    pairs: Sequence[tuple[Assignment, Membership]],
    actor: Actor,
    at: datetime,
    reason: str = "",
) -> list[Assignment]:
    """Move several seats, each to its own receiver, all or none. Raises what reassign_seat raises."""
    # All of them before the pool is locked by the first move: the order that everybody keeps.
    receivers = Membership.objects.filter(account=account, pk__in=[to.pk for _seat, to in pairs])
    list(receivers.select_for_update(no_key=True).order_by("pk"))
    return [
        reassign_seat(account=account, assignment=seat, to=to, actor=actor, at=at, reason=reason) for seat, to in pairs
    ]
