"""The queue at a hard limit."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership, User
from seats.errors import AlreadySeated, AlreadyWaiting
from seats.holders.admit_waiting import admit_waiting
from seats.models import Assignment, WaitingPerson


@transaction.atomic
def wait_for_seat(*, account: Account, membership: Membership, actor: Actor, at: datetime) -> WaitingPerson:
    """Put a member at the end of the queue; a seat that is free goes to them at once.

    Raises AlreadySeated, AlreadyWaiting.
    """
    if Assignment.objects.filter(account=account, membership=membership, ended_at__isnull=True).exists():
        raise AlreadySeated
    place = enqueue(account=account, membership=membership, asked_by=actor.user, at=at)
    if place is None:
        raise AlreadyWaiting
    record_audit(
        account=account, actor=actor, action="seat.waiting", target=membership.public_id, summary=str(membership.user)
    )
    admit_waiting(account=account, at=at)
    place.refresh_from_db()
    return place


def enqueue(*, account: Account, membership: Membership, asked_by: User | None, at: datetime) -> WaitingPerson | None:
    """A place in the queue, or None when there is one already."""
    try:
        with transaction.atomic():
            return WaitingPerson.objects.create(account=account, membership=membership, asked_by=asked_by, since=at)
    except IntegrityError as error:
        if "waiting_once" in str(error):
            return None
        raise


def leave_queue(*, account: Account, membership: Membership, at: datetime) -> bool:
    """Take somebody out of the queue; returns whether they were in it."""
    return bool(
        WaitingPerson.objects.filter(
            account=account, membership=membership, served_at__isnull=True, withdrawn_at__isnull=True
        ).update(withdrawn_at=at)
    )
