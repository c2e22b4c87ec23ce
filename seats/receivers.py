"""Facts from below, each handed to one verb here. They run in the teller's transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import F
from django.dispatch import receiver

from accounts import facts as accounts_facts
from accounts.access.actor import Actor
from accounts.models import Account, Invitation, Membership, Region
from billing import facts as billing_facts
from billing.dunning.queries import late_of
from billing.dunning.rules import Stage
from billing.models import QuantityChange, ScheduledDecrease, Subscription
from seats.capacity.books import recount, seat_books
from seats.capacity.record_purchase import follow_standing, record_purchase
from seats.capacity.split_seats import end_region_pool
from seats.directory.seat_or_wait import seat_or_wait
from seats.holders.queries import seat_of
from seats.holders.release_seat import release_seats
from seats.holders.reserve_seat import free_reserved, occupy_reserved, reserved_for
from seats.holders.resume_person import forget_pause
from seats.holders.wait import keep_place, leave_queue, leave_queue_invited
from seats.models import Assignment
from seats.pool.pools import create_pool, lock_pool
from seats.pool.regions import check_move
from seats.requests.follow_purchase import follow_purchase


@receiver(accounts_facts.account_opened)
def open_pool(account: Account, **_: Any) -> None:
    """Every account has a pool from its first moment."""
    create_pool(account=account)


@receiver(accounts_facts.member_joined)
def take_reserved_seat(
    membership: Membership, invitation: Invitation | None, actor: Actor, at: datetime, **_: Any
) -> None:
    """Who was invited with a seat sits down; who waited for one waits on."""
    if invitation is not None and not occupy_reserved(invitation=invitation, membership=membership, actor=actor, at=at):
        keep_place(invitation=invitation, membership=membership)


@receiver(accounts_facts.seat_wished)
def seat_who_joined(membership: Membership, reason: str, actor: Actor, at: datetime, **_: Any) -> None:
    """Who joined by single sign-on sits down, or stands in line with everybody else."""
    seat_or_wait(account=membership.account, membership=membership, reason=reason, actor=actor, at=at)


@receiver(accounts_facts.member_left)
def free_seat_of_leaver(membership: Membership, actor: Actor, at: datetime, **_: Any) -> None:
    """Who leaves the account frees the seat at once; billing never stands in the way of a removal."""
    leave_queue(account=membership.account, membership=membership, at=at)
    forget_pause(account=membership.account, membership=membership, actor=actor, at=at)
    seat = seat_of(membership)
    if seat is not None:
        release_seats(
            account=membership.account,
            assignments=[seat],
            actor=actor,
            at=at,
            end_reason=Assignment.EndReason.LEFT,
        )


@receiver(accounts_facts.member_moves)
def refuse_full_region(membership: Membership, region: Region | None, **_: Any) -> None:
    """Who holds a seat takes it along into another region's pool, if there is room."""
    pool = lock_pool(membership.account)
    seat = seat_of(membership)
    if seat is not None:
        check_move(pool, seat, region.pk if region else None)


@receiver(accounts_facts.invitation_moves)
def refuse_full_region_to_invited(invitation: Invitation, region: Region | None, **_: Any) -> None:
    """And so does a reserved seat."""
    pool = lock_pool(invitation.account)
    seat = reserved_for(invitation)
    if seat is not None:
        check_move(pool, seat, region.pk if region else None)


@receiver(accounts_facts.region_ends)
def give_back_region_pool(region: Region, actor: Actor, at: datetime, **_: Any) -> None:
    """What was kept for a region that is deleted goes back to the rest."""
    end_region_pool(account=region.account, region=region, actor=actor, at=at)


@receiver(accounts_facts.invitation_closed)
def free_seat_of_invitation(invitation: Invitation, actor: Actor, at: datetime, **_: Any) -> None:
    """Withdrawn and expired invitations hold nothing and wait for nothing."""
    leave_queue_invited(invitation=invitation, at=at)
    free_reserved(invitation=invitation, actor=actor, at=at)


@receiver(billing_facts.quantity_changed)
def follow_quantity(
    subscription: Subscription,
    before: int,
    after: int,
    change: QuantityChange | None,
    invoice_stripe_id: str,
    kind: str,
    at: datetime,
    **_: Any,
) -> None:
    """The purchased number moved: pool, ledger, and those who wait."""
    planned = (
        ScheduledDecrease.objects.filter(subscription=subscription, state=ScheduledDecrease.State.DONE)
        .order_by(F("closed_at").desc(nulls_last=True))
        .first()
        if kind == "reduced"
        else None
    )
    source = change or planned
    record_purchase(
        account=subscription.account,
        kind=kind,
        before=before,
        after=after,
        change=change,
        invoice_stripe_id=invoice_stripe_id,
        actor=source.user if source else None,
        reason=source.reason if source else "",
        at=at,
    )


@receiver(billing_facts.change_moved)
def follow_approved(change: QuantityChange, at: datetime, **_: Any) -> None:
    """What became of a purchase that somebody approved."""
    follow_purchase(change=change, at=at)


@receiver(billing_facts.books_wanted)
def show_books(account: Account, invoices: Collection[str], **_: Any) -> billing_facts.SeatBooks:
    """The reconciliation asks what is written down here."""
    return seat_books(account=account, invoices=invoices)


@receiver(billing_facts.recount_wanted)
def count_anew(account: Account, purchased: int, **_: Any) -> None:
    """Staff found the counter or the number wrong."""
    recount(account=account, purchased=purchased)


@receiver(billing_facts.standing_changed)
def follow_subscription(subscription: Subscription, at: datetime, **_: Any) -> None:
    """Its state stops or allows new holders. Where a former one tells, the live one counts."""
    # Locked before it is read, so that of two tellers the later one sees what the earlier one wrote.
    lock_pool(subscription.account)
    late = late_of(subscription.account, at)
    present = late.subscription if late else subscription
    follow_standing(
        account=subscription.account,
        status=present.status,
        stage=late.dunning.stage if late else Stage.NONE,
        pause_cause=present.pause_cause,
        collection_paused=present.paused,
        at=at,
    )
