"""An approver answers a request."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.access.roles import capabilities_of
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership
from accounts.notices.send_notice import send_notice
from accounts.webhooks.emit_events import emit_event
from seats.errors import AlreadySeated, NotAnApprover
from seats.holders.assign_seat import assign_seat
from seats.holders.wishes import request_data
from seats.models import SeatRequest
from seats.requests.lock import lock_open_request


@transaction.atomic
def decide_request(
    *, account: Account, request: SeatRequest, approve: bool, answer: str, actor: Actor, at: datetime
) -> SeatRequest:
    """Answer a request for a seat: approve, which gives the seat in the same transaction, or refuse.

    Raises RequestGone; and when approving SeatLimitReached, SeatsFrozen, NotAMember, BudgetExceeded: then the request
    stays open.
    """
    # A claim locks the member first and closes the open request last; this keeps the same order.
    list(Membership.objects.select_for_update(no_key=True).filter(account=account, pk=request.membership_id))
    locked = lock_open_request(account, request)
    if locked.is_purchase:
        raise NotAnApprover  # Bought step by step: decide_purchase.py.
    locked.answer, seated = answer.strip()[:300], False
    locked.save(update_fields=["answer"])  # before the seat, which tells of the approval
    if approve:
        # Already seated: somebody gave one a moment ago, and what was asked for is there.
        with suppress(AlreadySeated):
            assign_seat(
                account=account,
                membership=locked.membership,
                actor=actor,
                at=at,
                reason=locked.reason,
                over_budget=may_exceed_budget(locked, actor),
            )
            seated = True
    locked.state = SeatRequest.State.APPROVED if approve else SeatRequest.State.REFUSED
    locked.decided_by, locked.decided_at = actor.user, at
    locked.save(update_fields=["state", "decided_by", "decided_at"])
    if not seated:
        emit_event(account=account, kind=f"request.{locked.state}", data=request_data(locked), at=at)
    record_audit(
        account=account,
        actor=actor,
        action=f"request.{locked.state}",
        target=locked.public_id,
        summary=str(locked.membership.user),
        answer=locked.answer,
    )
    send_notice(
        account=account,
        kind="request_decided",
        key=f"request_decided:{locked.public_id}",
        context={
            "approved": approve,
            "who": actor.user.get_full_name() if actor.user else account.name,
            "answer": locked.answer,
            "link": reverse("seats:me", args=[account.slug]),
        },
        to=[locked.membership.user],
        roles=(),
        at=at,
    )
    return locked


def may_exceed_budget(request: SeatRequest, actor: Actor) -> bool:
    """Whoever may set a department's budget may give a seat above it, to others and where others asked."""
    user = actor.user
    if user is None or user.pk in (request.asked_by_id, request.membership.user_id):
        return False
    member = Membership.objects.filter(account=request.account_id, user=user, left_at__isnull=True).first()
    return member is not None and "policy.manage" in capabilities_of(member.role)
