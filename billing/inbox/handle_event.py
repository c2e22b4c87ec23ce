"""What an event asks for: read the object it names again. Its own content decides nothing (payments.md §6)."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from billing.changes.rules import backoff
from billing.gateway.stripe_api import gateway
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.mirror_invoice import mirror_invoice
from billing.mirror.refresh import mark_dirty, refresh_until_written
from billing.models import Customer, StripeEvent, Subscription

log = structlog.get_logger(__name__)
State = StripeEvent.State

MOST_TRIES = 8
LEASE = timedelta(seconds=60)
KEEP = timedelta(days=90)


def handle_event(*, event_id: str, at: datetime) -> bool:
    """Handle one kept event; safe to repeat. Returns whether it is done now."""
    event = StripeEvent.objects.filter(event_id=event_id, state=State.WAITING).first()
    if event is None:
        return True
    # Claim by a conditional update; a worker that dies leaves it to the sweep after the lease.
    if not StripeEvent.objects.filter(event_id=event_id, state=State.WAITING, tries=event.tries).update(
        tries=event.tries + 1, next_try_at=at + LEASE
    ):
        return False
    try:
        _act(event, at)
    except Exception as error:
        tries = event.tries + 1
        dead = tries >= MOST_TRIES
        StripeEvent.objects.filter(event_id=event_id).update(
            state=State.DEAD if dead else State.WAITING,
            next_try_at=at + backoff(tries),
            last_error=f"{type(error).__name__}: {error}"[:300],
        )
        log.error("event_not_handled", event_id=event_id, kind=event.kind, tries=tries, dead=dead, exc_info=True)
        return False
    StripeEvent.objects.filter(event_id=event_id).update(state=State.DONE, done_at=at, last_error="")
    return True


def _act(event: StripeEvent, at: datetime) -> None:
    customer = Customer.objects.filter(stripe_id=event.customer_stripe_id).select_related("account").first()
    if customer is None or customer.livemode != event.livemode:
        return  # Not ours: kept, never acted on.
    if event.subscription_stripe_id:
        _refresh_once(event.subscription_stripe_id, at)
    if event.kind.startswith("invoice."):
        remote = gateway().invoice(event.object_id)
        subscription = Subscription.objects.filter(stripe_id=remote.subscription_id).first()
        with transaction.atomic():
            mirror_invoice(account=customer.account, subscription=subscription, remote=remote)
    if event.kind in ("customer.updated", "customer.deleted", "checkout.session.completed", "invoice.paid"):
        refresh_customer(stripe_id=customer.stripe_id, at=at)


def _refresh_once(stripe_id: str, at: datetime) -> None:
    """Read at most once however many events came: a read that began after they were heard covers them all."""
    row = Subscription.objects.filter(stripe_id=stripe_id).first()
    if row is not None and row.synced_seq >= row.dirty_seq and row.dirty_seq:
        return
    heard = row.dirty_seq if row is not None else 0
    found = refresh_until_written(stripe_id=stripe_id, at=at)
    if found is not None and found.written:
        Subscription.objects.filter(stripe_id=stripe_id, synced_seq__lt=heard).update(synced_seq=heard)


def handle_waiting_events(*, at: datetime) -> int:
    """Handle what no bell was heard for; returns how many were done."""
    waiting = StripeEvent.objects.filter(state=State.WAITING, next_try_at__lte=at).order_by("received_at")
    return sum(handle_event(event_id=e, at=at) for e in list(waiting.values_list("event_id", flat=True)[:200]))


def prune_events(*, at: datetime) -> int:
    """Forget handled events after 90 days; returns how many."""
    return StripeEvent.objects.filter(state=State.DONE, received_at__lt=at - KEEP).delete()[0]


def replay_event(*, event_id: str, at: datetime) -> bool:
    """Handle a kept event again, also one that was given up on."""
    StripeEvent.objects.filter(event_id=event_id).update(state=State.WAITING, tries=0, next_try_at=at)
    event = StripeEvent.objects.get(event_id=event_id)
    if event.subscription_stripe_id:
        mark_dirty(event.subscription_stripe_id)
    return handle_event(event_id=event_id, at=at)
