"""An approved purchase reached its end: the request says so, or waits for another try."""

from datetime import datetime

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.webhooks.emit_events import emit_event
from billing.models import QuantityChange
from seats.holders.wishes import request_data
from seats.models import SeatRequest
from seats.requests.steps import steps_of
from seats.requests.tell_approvers import tell_approvers, tell_asker

State = QuantityChange.State


def follow_purchase(*, change: QuantityChange, at: datetime) -> None:
    """In the transaction that ends the change. Told twice, it writes once.

    A purchase that ended without seats, by a declined card or otherwise, opens the last step again: nothing was
    charged, and the next try is at a fresh price, by a click of the same people.
    """
    if not change.approval_id or change.is_open:
        return
    request = (
        SeatRequest.objects.select_for_update(no_key=True, of=("self",))
        .filter(account=change.account_id, change=change, state=SeatRequest.State.BUYING)
        .select_related("account", "membership__user", "asked_by", "decided_by")
        .first()
    )
    if request is None:
        return
    request.change = change
    if change.state == State.APPLIED:
        request.state = SeatRequest.State.APPROVED
        request.save(update_fields=["state"])
        emit_event(account=request.account, kind="request.approved", data=request_data(request), at=at)
        tell_asker(request, outcome="bought", who=request.decided_by, at=at)
        return
    request.state, request.problem = SeatRequest.State.OPEN, change.error_code or change.state
    request.decided_by = request.decided_at = None
    request.save(update_fields=["state", "problem", "decided_by", "decided_at"])
    last = max(
        (step for step in steps_of(request) if step.approved is not None), key=lambda step: step.decided_at or at
    )
    last.decided_by = last.decided_at = last.approved = None
    last.save(update_fields=["decided_by", "decided_at", "approved"])
    record_audit(
        account=request.account,
        actor=Actor.system("stripe"),
        action="purchase_request.failed",
        target=request.public_id,
        summary=request.problem,
    )
    tell_approvers(request, last, at=at, why="failed")
    tell_asker(request, outcome="failed", who=None, at=at)
