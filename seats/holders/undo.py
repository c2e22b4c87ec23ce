"""Take back what was just done with a seat, while nothing else happened to it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from accounts.access.actor import Actor
from accounts.members.invitations import revoke_invitation
from accounts.models import Account, Invitation
from seats.errors import UndoGone
from seats.holders.assign_seat import assign_seat
from seats.holders.claim import claim
from seats.holders.reassign_seat import reassign_seat, reassign_seats
from seats.holders.release_seat import release_seats
from seats.holders.resume_person import take_back_pause
from seats.models import Assignment
from seats.pool.pools import lock_pool

UNDO_WITHIN = timedelta(minutes=15)


class Act(StrEnum):
    """What there is to take back."""

    ASSIGNED = "assigned"
    RESERVED = "reserved"
    REASSIGNED = "reassigned"
    RELEASED = "released"
    PAUSED = "paused"


ENDS = {Assignment.EndReason.RELEASED.value: Act.RELEASED, Assignment.EndReason.PAUSED.value: Act.PAUSED}


def act_to_undo(seat: Assignment, *, user_id: int | None, at: datetime) -> Act | None:
    """What `user` did last with this seat and may take back until 15 minutes later; None otherwise. Pure.

    `seat.previous` and `seat.invitation` must be loaded.
    """
    if seat.ended_at is not None:
        mine = user_id is not None and seat.ended_by_id == user_id and at - seat.ended_at <= UNDO_WITHIN
        if not mine or seat.membership_id is None:
            return None
        return ENDS.get(seat.end_reason)
    if user_id is None or seat.started_by_id != user_id or at - seat.started_at > UNDO_WITHIN:
        return None
    if seat.state == Assignment.State.RESERVED:
        open_still = seat.invitation is not None and seat.invitation.state == Invitation.State.OPEN
        return Act.RESERVED if open_still else None
    if seat.invitation_id is not None:
        # Somebody accepted: taking it back would be a release, which says so.
        return None
    moved = seat.previous is not None and seat.previous.ended_at == seat.started_at
    return Act.REASSIGNED if moved else Act.ASSIGNED


@transaction.atomic
def undo_seat_act(*, account: Account, assignment: Assignment, actor: Actor, at: datetime) -> Act:
    """Revert the actor's last act on a seat. Raises UndoGone, and what the opposite verb raises.

    The opposite verb locks what it needs; that the seat is still as the act left it is looked at first, and again
    under the pool's lock where the verb itself would not notice.
    """
    seat = _load(account, assignment)
    user_id = actor.user.pk if actor.user else None
    act = act_to_undo(seat, user_id=user_id, at=at)
    if act is None:
        raise UndoGone
    if act == Act.REASSIGNED:
        if seat.previous is None or seat.previous.membership is None:
            raise UndoGone
        reassign_seat(account=account, assignment=seat, to=seat.previous.membership, actor=actor, at=at)
    elif act == Act.RELEASED:
        if seat.membership is None:
            raise UndoGone
        assign_seat(account=account, membership=seat.membership, actor=actor, at=at, reason=seat.reason)
    elif act == Act.PAUSED:
        if seat.membership is None:
            raise UndoGone
        take_back_pause(account=account, membership=seat.membership, actor=actor, at=at)
    elif act == Act.RESERVED:
        if seat.invitation is None:
            raise UndoGone
        revoke_invitation(account=account, invitation=seat.invitation, actor=actor, at=at)
    else:
        lock_pool(account)
        if act_to_undo(_load(account, assignment), user_id=user_id, at=at) != act:
            raise UndoGone
        release_seats(account=account, assignments=[seat], actor=actor, at=at)
    return act


@transaction.atomic
def undo_releases(*, account: Account, assignments: Sequence[Assignment], actor: Actor, at: datetime) -> int:
    """Give several seats back to those from whom the actor just took them, all or none; returns how many.

    Raises UndoGone, and what a claim raises: the seats may have gone on to people who waited.
    """
    seats = [_load(account, seat) for seat in assignments]
    user_id = actor.user.pk if actor.user else None
    members = [seat.membership for seat in seats if seat.membership is not None]
    if not seats or any(act_to_undo(seat, user_id=user_id, at=at) != Act.RELEASED for seat in seats):
        raise UndoGone
    return len(claim(account=account, members=members, actor=actor, at=at))


@transaction.atomic
def undo_seat_acts(*, account: Account, assignments: Sequence[Assignment], actor: Actor, at: datetime) -> Act:
    """Revert one act of the actor on several seats, all or none. Raises UndoGone, and what the opposite verb raises."""
    seats = [_load(account, seat) for seat in assignments]
    user_id = actor.user.pk if actor.user else None
    acts = {act_to_undo(seat, user_id=user_id, at=at) for seat in seats}
    act = acts.pop() if len(acts) == 1 else None
    if act == Act.RELEASED:
        undo_releases(account=account, assignments=seats, actor=actor, at=at)
    elif act == Act.REASSIGNED:
        pairs = [(seat, seat.previous.membership) for seat in seats if seat.previous and seat.previous.membership]
        if len(pairs) != len(seats):
            raise UndoGone
        reassign_seats(account=account, pairs=pairs, actor=actor, at=at)
    elif act == Act.ASSIGNED:
        lock_pool(account)
        if any(act_to_undo(_load(account, seat), user_id=user_id, at=at) != act for seat in seats):
            raise UndoGone
        release_seats(account=account, assignments=seats, actor=actor, at=at)
    else:
        raise UndoGone
    return act


def _load(account: Account, assignment: Assignment) -> Assignment:
    return Assignment.objects.select_related("membership__user", "previous__membership__user", "invitation").get(
        account=account, pk=assignment.pk
    )
