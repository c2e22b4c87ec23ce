"""Who asked takes the request back."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from accounts.webhooks.emit_events import emit_event
from seats.holders.wishes import request_data
from seats.models import SeatRequest
from seats.requests.lock import lock_open_request


@transaction.atomic
def withdraw_request(*, account: Account, request: SeatRequest, actor: Actor, at: datetime) -> SeatRequest:
    """Close an open request without an answer. Raises RequestGone."""
    locked = lock_open_request(account, request)
    locked.state, locked.decided_at = SeatRequest.State.WITHDRAWN, at
    locked.save(update_fields=["state", "decided_at"])
    emit_event(account=account, kind="request.withdrawn", data=request_data(locked), at=at)
    record_audit(
        account=account,
        actor=actor,
        action="request.withdrawn",
        target=locked.public_id,
        summary=str(locked.membership.user),
    )
    return locked
