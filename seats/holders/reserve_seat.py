"""Invite somebody with a seat: the invitation is a reserved seat, and accepting it moves the state."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.members.details import NO_DETAILS, Details
from accounts.members.invitations import invite_member
from accounts.models import Account, Department, Invitation, Membership
from accounts.webhooks.emit_events import emit_event, member_data
from seats.errors import RegionFull
from seats.holders.claim import claim, seat_data
from seats.holders.release_seat import release_seats
from seats.models import Assignment
from seats.pool.pools import lock_pool
from seats.pool.regions import check_move


@transaction.atomic
def invite_with_seat(
    *,
    account: Account,
    email: str,
    role: str,
    department: Department | None,
    name: str,
    actor: Actor,
    at: datetime,
    reason: str = "",
    details: Details = NO_DETAILS,
    over_budget: bool = False,
) -> tuple[Invitation, Assignment]:
    """Invite an address and hold a seat for it; inviting again changes nothing. reason, over_budget: as in claim.

    Raises what invite_member raises, SeatLimitReached, RegionFull, SeatsFrozen, BudgetExceeded: then nobody was
    invited.
    """
    invitation, created = invite_member(
        account=account, email=email, role=role, department=department, name=name, actor=actor, at=at, details=details
    )
    held = None if created else reserved_for(invitation)
    if held is not None:
        return invitation, held
    seats = claim(account=account, invitations=[invitation], actor=actor, at=at, reason=reason, over_budget=over_budget)
    return invitation, seats[0]


def reserved_for(invitation: Invitation) -> Assignment | None:
    """The seat that an invitation holds."""
    return (
        Assignment.objects.filter(
            account=invitation.account, invitation=invitation, ended_at__isnull=True, state=Assignment.State.RESERVED
        )
        .select_related("region_pool")
        .first()
    )


def occupy_reserved(*, invitation: Invitation, membership: Membership, actor: Actor, at: datetime) -> bool:
    """The invited person joined: the reserved seat becomes theirs, in place, so it is never counted twice.

    Where a directory puts them into a region that has no room the seat is free again, and they have none.
    """
    pool = lock_pool(membership.account)
    seat = reserved_for(invitation)
    if seat is None:
        return False
    try:
        check_move(pool, seat, membership.region_id)
    except RegionFull:
        release_seats(account=membership.account, assignments=[seat], actor=actor, at=at)
        return False
    seat.state = Assignment.State.HELD
    seat.membership = membership
    seat.started_at = at
    seat.save(update_fields=["state", "membership", "started_at"])
    emit_event(
        account=membership.account,
        kind="seat.assigned",
        data={"seat": seat_data(seat), "member": member_data(membership), "reason": seat.reason},
        at=at,
    )
    record_audit(
        account=membership.account,
        actor=actor,
        action="seat.occupied",
        target=seat.public_id,
        summary=str(membership.user),
    )
    return True


def free_reserved(*, invitation: Invitation, actor: Actor, at: datetime) -> None:
    """The invitation was withdrawn or ran out: its seat is free again."""
    seat = reserved_for(invitation)
    if seat is None:
        return
    expired = invitation.state == Invitation.State.EXPIRED
    release_seats(
        account=invitation.account,
        assignments=[seat],
        actor=actor,
        at=at,
        end_reason=Assignment.EndReason.EXPIRED if expired else Assignment.EndReason.REVOKED,
    )
