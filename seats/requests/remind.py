"""Who asked reminds those who decide, at most once a day."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from seats.models import SeatRequest
from seats.requests.lock import lock_open_request
from seats.requests.rules import check_may_remind
from seats.requests.steps import turn_of
from seats.requests.tell_approvers import tell_approvers


@transaction.atomic
def remind(*, account: Account, request: SeatRequest, actor: Actor, at: datetime) -> SeatRequest:
    """Mark an open request as reminded of; approvers of a purchase get a mail. Raises RequestGone, RemindedToday."""
    locked = lock_open_request(account, request)
    check_may_remind(asked_at=locked.created_at, reminded_at=locked.reminded_at, at=at)
    locked.reminded_at = at
    locked.save(update_fields=["reminded_at"])
    if locked.is_purchase:
        turn = turn_of(locked)
        if turn is not None:
            tell_approvers(locked, turn, at=at, why="reminded")
    record_audit(
        account=account,
        actor=actor,
        action="request.reminded",
        target=locked.public_id,
        summary=str(locked.membership.user),
    )
    return locked
