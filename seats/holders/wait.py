"""The queue at a hard limit."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import InvitationGone
from accounts.models import Account, Invitation, Membership, User
from seats.errors import AlreadySeated, AlreadyWaiting
from seats.holders.admit_waiting import admit_waiting
from seats.holders.paused import check_not_paused
from seats.models import Assignment, WaitingPerson


@transaction.atomic
def wait_for_seat(*, account: Account, membership: Membership, actor: Actor, at: datetime) -> WaitingPerson:
    """Put a member at the end of the queue; a seat that is free goes to them at once.

    Raises AlreadySeated, AlreadyWaiting, PersonPaused.
    """
    check_not_paused(account, [membership])
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


@transaction.atomic
def wait_with_invitation(*, account: Account, invitation: Invitation, actor: Actor, at: datetime) -> WaitingPerson:
    """The same for somebody who is invited without a seat: one is held for them when their turn comes.

    Raises InvitationGone, AlreadySeated, AlreadyWaiting.
    """
    # Against an acceptance or a withdrawal at the same moment, which would leave the place behind.
    held = Invitation.objects.select_for_update().filter(
        account=account, pk=invitation.pk, state=Invitation.State.OPEN, expires_at__gt=at
    )
    if held.first() is None:
        raise InvitationGone
    if Assignment.objects.filter(account=account, invitation=invitation, ended_at__isnull=True).exists():
        raise AlreadySeated
    place = enqueue(account=account, invitation=invitation, asked_by=actor.user, at=at)
    if place is None:
        raise AlreadyWaiting
    record_audit(
        account=account, actor=actor, action="seat.waiting", target=invitation.public_id, summary=invitation.email
    )
    admit_waiting(account=account, at=at)
    place.refresh_from_db()
    return place


def enqueue(
    *,
    account: Account,
    membership: Membership | None = None,
    invitation: Invitation | None = None,
    asked_by: User | None,
    at: datetime,
) -> WaitingPerson | None:
    """A place in the queue, or None when there is one already."""
    try:
        with transaction.atomic():
            return WaitingPerson.objects.create(
                account=account, membership=membership, invitation=invitation, asked_by=asked_by, since=at
            )
    except IntegrityError as error:
        if "waiting_once" in str(error):
            return None
        raise


def keep_place(*, invitation: Invitation, membership: Membership) -> bool:
    """Who accepted an invitation waits on where it stood; returns whether it did. Run in the join's transaction."""
    place = WaitingPerson.objects.filter(
        account=invitation.account, invitation=invitation, served_at__isnull=True, withdrawn_at__isnull=True
    )
    return bool(place.update(membership=membership, invitation=None))


def leave_queue_invited(*, invitation: Invitation, at: datetime) -> bool:
    """Take an invitation out of the queue; returns whether it was in it."""
    return bool(
        WaitingPerson.objects.filter(
            account=invitation.account, invitation=invitation, served_at__isnull=True, withdrawn_at__isnull=True
        ).update(withdrawn_at=at)
    )


def leave_queue(*, account: Account, membership: Membership, at: datetime) -> bool:
    """Take somebody out of the queue; returns whether they were in it."""
    return bool(
        WaitingPerson.objects.filter(
            account=account, membership=membership, served_at__isnull=True, withdrawn_at__isnull=True
        ).update(withdrawn_at=at)
    )
