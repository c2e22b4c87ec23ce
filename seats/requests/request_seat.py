"""A member asks for a seat."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership, User
from accounts.webhooks.emit_events import emit_event
from seats.errors import AlreadyRequested, AlreadySeated
from seats.holders.wishes import request_data
from seats.models import Assignment, SeatRequest
from seats.requests.rules import check_reason


@transaction.atomic
def request_seat(
    *, account: Account, membership: Membership, asked_by: User, reason: str, actor: Actor, at: datetime
) -> SeatRequest:
    """Ask for a seat for a member. Raises ReasonMissing, AlreadySeated, AlreadyRequested."""
    text = check_reason(reason)
    if Assignment.objects.filter(account=account, membership=membership, ended_at__isnull=True).exists():
        raise AlreadySeated
    try:
        with transaction.atomic():
            asked = SeatRequest.objects.create(account=account, membership=membership, asked_by=asked_by, reason=text)
    except IntegrityError as error:
        if "request_open_once_per_person" in str(error):
            raise AlreadyRequested from error
        raise
    emit_event(account=account, kind="request.made", data=request_data(asked), at=at)
    record_audit(
        account=account,
        actor=actor,
        action="request.made",
        target=asked.public_id,
        summary=str(membership.user),
        reason=text,
    )
    return asked
