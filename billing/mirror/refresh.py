"""Read a subscription afresh and make our world agree: mirror, open purchase, planned reduction, facts.

Success, time-out, replay, webhook and recovery all come here, so there is one path and it is always exercised.
Fenced (payments.md §5): raise the fence, read, and write only if nobody raised it since. A read that starts after the
raise sees state at least as new as any earlier read, so the last one holds the newest truth; no clocks are compared.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import connection, transaction

from billing import facts
from billing.catalog.sync_catalog import sync_catalog
from billing.gateway.contract import RemoteInvoice, RemotePayment, RemoteSubscription
from billing.gateway.stripe_api import gateway
from billing.mirror.edits import hold_changed_shape, hold_foreign_update, shape_of, tell_owner
from billing.mirror.mirror_customer import mirror_card
from billing.mirror.mirror_invoice import mirror_invoices, unpaid_of
from billing.mirror.queries import COUNTING, seat_item
from billing.mirror.second_subscription import live_beside, put_to_staff
from billing.mirror.settle import intent_of, settle_change, settle_decrease
from billing.mirror.settle_resumption import settle_resumption
from billing.mirror.verdict import our_invoice
from billing.models import (
    Customer,
    Price,
    QuantityChange,
    ScheduledDecrease,
    Subscription,
    SubscriptionItem,
)
from billing.models.subscription import ENDED
from billing.terms.commit import commit_to_year
from billing.terms.queries import terms_of

log = structlog.get_logger(__name__)

_RAISE = "UPDATE billing_subscription SET fence = fence + 1 WHERE stripe_id = %s RETURNING fence"


@dataclass(frozen=True)
class Refreshed:
    """What a refresh read, and whether it was the newest read and so was written."""

    remote: RemoteSubscription
    written: bool


def refresh_subscription(*, stripe_id: str, at: datetime) -> Refreshed | None:
    """Read one subscription and write what follows; None when its customer is not ours, or has another one.

    Raises GatewayError. Must be called outside a transaction.
    """
    fence = _raise_fence(stripe_id)
    remote = gateway().subscription(stripe_id)
    if fence is None and not _may_be_ours(remote, at):
        return None
    ids = {item.price_id for item in remote.items}
    if Price.objects.filter(stripe_id__in=ids).count() < len(ids):
        sync_catalog()
    invoice = _invoice_of_open_change(stripe_id, remote)
    waits = remote.pending_metadata is not None and invoice is not None and invoice.status == "open"
    payment = gateway().payment_of(invoice.id) if waits and invoice is not None else None
    with transaction.atomic():
        # Two first reads of a new subscription meet here; the second finds the first one's row and its fence.
        subscription = _row(remote)
        if fence is not None and subscription.fence != fence:
            return Refreshed(remote, written=False)
        _write(subscription, remote, invoice, payment, at)
    return Refreshed(remote, written=True)


def _may_be_ours(remote: RemoteSubscription, at: datetime) -> bool:
    """Of a customer of ours that has no other one; a second one is for people, once the first is read and lives."""
    customer = Customer.objects.filter(stripe_id=remote.customer_id).select_related("account").first()
    if customer is None:
        return False
    beside = live_beside(remote, customer)
    if beside is not None:
        refresh_subscription(stripe_id=beside.stripe_id, at=at)
        beside = live_beside(remote, customer)
    if beside is not None:
        put_to_staff(remote=remote, customer=customer, beside=beside, at=at)
    return beside is None


def refresh_until_written(*, stripe_id: str, at: datetime, tries: int = 4) -> Refreshed | None:
    """As refresh_subscription, and again when a newer read was on its way: that one may have begun before our call."""
    found = refresh_subscription(stripe_id=stripe_id, at=at)
    while found is not None and not found.written and tries > 1:
        tries -= 1
        found = refresh_subscription(stripe_id=stripe_id, at=at)
    return found


def _raise_fence(stripe_id: str) -> int | None:
    """Raise it and return its new height with one statement; None for a subscription not seen before."""
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, [stripe_id])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _row(remote: RemoteSubscription) -> Subscription:
    """The locked row; locks against a purchase being accepted, which locks it too (changes/buy_quote.py)."""
    locked = Subscription.objects.select_for_update(no_key=True, of=("self",)).select_related("account", "customer")
    found = locked.filter(stripe_id=remote.id).first()
    if found is not None:
        return found
    customer = Customer.objects.get(stripe_id=remote.customer_id)
    Subscription.objects.bulk_create(
        [
            Subscription(
                account_id=customer.account_id,
                customer=customer,
                stripe_id=remote.id,
                status="",
                currency=remote.currency,
            )
        ],
        ignore_conflicts=True,
    )
    return locked.get(stripe_id=remote.id)


def _invoice_of_open_change(stripe_id: str, remote: RemoteSubscription) -> RemoteInvoice | None:
    """The invoice that belongs to the open purchase; the newest one usually is, otherwise the list is read."""
    change = QuantityChange.objects.filter(subscription__stripe_id=stripe_id, state__in=QuantityChange.OPEN).first()
    if change is None or change.first_call_at is None:
        return None
    others = frozenset(
        QuantityChange.objects.filter(subscription_id=change.subscription_id)
        .exclude(pk=change.pk)
        .exclude(invoice_stripe_id="")
        .values_list("invoice_stripe_id", flat=True)
    )
    intent = intent_of(change)
    newest = [remote.latest_invoice] if remote.latest_invoice else []
    return our_invoice(intent, newest, others) or our_invoice(intent, gateway().invoices_of(stripe_id), others)


def _write(
    row: Subscription,
    remote: RemoteSubscription,
    invoice: RemoteInvoice | None,
    payment: RemotePayment | None,
    at: datetime,
) -> None:
    before = _counted(row.status, row)
    standing = (row.status, row.cancel_at, row.paused, row.pause_cause, unpaid_of(row.account))
    depends = _what_quotes_depend_on(row)
    shape = shape_of(row)
    year = _paid_year(row)
    row.status = remote.status
    row.currency = remote.currency
    row.collection_method = remote.collection_method
    row.days_until_due = remote.days_until_due
    row.billing_mode = remote.billing_mode
    row.cancel_at = remote.cancel_at
    row.trial_end = remote.trial_end
    row.paused = remote.paused
    row.pause_cause = remote.pause_cause[:48]
    row.schedule_stripe_id = remote.schedule_id
    row.stamp = remote.metadata.get("seat_change_id", "")
    row.pending_stamp = (remote.pending_metadata or {}).get("seat_change_id", "")
    row.pending_expires_at = remote.pending_expires_at
    row.started_at = remote.started_at
    row.ended_at = remote.ended_at
    row.synced_at = at
    row.card_stripe_id = remote.card.id if remote.card else ""
    if remote.card is not None and remote.status not in ENDED:
        mirror_card(customer=row.customer, card=remote.card)
    if remote.latest_invoice is not None:
        row.latest_invoice_stripe_id = remote.latest_invoice.id
    _write_items(row, remote)
    if _what_quotes_depend_on(row) != depends:
        row.version += 1
    row.save()
    bills = {bill.id: bill for bill in (remote.latest_invoice, invoice) if bill is not None}
    mirror_invoices(account=row.account, subscription=row, remotes=bills.values())
    after = _counted(row.status, row)
    reached = settle_change(subscription=row, remote=remote, invoice=invoice, payment=payment, before=before, at=at)
    if "paused" in (standing[0], remote.status):
        settle_resumption(subscription=row, remote=remote, at=at)
    hold_foreign_update(subscription=row, remote=remote, at=at)
    hold_changed_shape(subscription=row, before=shape, at=at)
    _tell_quantity(row, reached, after, at)
    _commit_new_year(row, year)
    now_standing = (row.status, row.cancel_at, row.paused, row.pause_cause, unpaid_of(row.account))
    if standing != now_standing or before != after:
        facts.standing_changed.send(sender=Subscription, subscription=row, at=at)


def _tell_quantity(row: Subscription, reached: int, after: int, at: datetime) -> None:
    """What is left between the last told quantity and today's was not a purchase of ours."""
    if reached == after:
        settle_decrease(subscription=row, quantity=after, reduced=False, at=at)
        return
    reduced = settle_decrease(subscription=row, quantity=after, reduced=after < reached, at=at)
    kind = "started" if not reached else "ended" if not after else "reduced" if reduced else "external"
    log.info("quantity_moved", subscription=row.stripe_id, kind=kind, before=reached, after=after)
    if kind == "external":
        tell_owner(subscription=row, before=reached, after=after, at=at)
    facts.quantity_changed.send(
        sender=Subscription,
        subscription=row,
        before=reached,
        after=after,
        change=None,
        invoice_stripe_id=row.latest_invoice_stripe_id,
        kind=kind,
        at=at,
    )


def _paid_year(row: Subscription) -> datetime | None:
    """When the year began that is paid for; None in a trial or a pause, or when the price is none of a year."""
    if not row.pk or row.status not in COUNTING or row.status in ("trialing", "paused"):
        return None
    item = seat_item(row)
    return item.period_start if item is not None and item.price.interval == "year" else None


def _commit_new_year(row: Subscription, before: datetime | None) -> None:
    """A year that began, by a first purchase or a renewal, commits to its seats as a switch to it does (ADR 13).

    A reduction that the renewal has missed counts as done: it is being put right. What is frozen was not agreed here.
    """
    began, item = _paid_year(row), seat_item(row)
    if began is None or item is None or row.frozen or (before is not None and began <= before):
        return
    held = terms_of(row.account)
    if held is not None and held.committed_until == item.period_end:
        return  # This very year is committed to already; after a pause it only goes on.
    missed = ScheduledDecrease.objects.filter(subscription=row, state=ScheduledDecrease.State.MISSED).first()
    commit_to_year(
        account=row.account,
        quantity=missed.renew_quantity if missed else item.quantity,
        until=item.period_end,
        change_id=row.public_id,
    )


def _counted(status: str, row: Subscription) -> int:
    """Seats that count as purchased in this status."""
    if status not in COUNTING:
        return 0
    item = row.items.order_by("id").first() if row.pk else None
    return item.quantity if item else 0


def _what_quotes_depend_on(row: Subscription) -> tuple[object, ...]:
    items = tuple(row.items.order_by("id").values_list("stripe_id", "price__stripe_id", "quantity", "period_start"))
    standing = (row.status, row.collection_method, row.cancel_at, row.paused, row.trial_end, row.pending_stamp)
    return *standing, row.currency, row.billing_mode, items


def _write_items(row: Subscription, remote: RemoteSubscription) -> None:
    prices = {p.stripe_id: p for p in Price.objects.filter(stripe_id__in={i.price_id for i in remote.items})}
    SubscriptionItem.objects.bulk_create(
        [
            SubscriptionItem(
                subscription=row,
                stripe_id=item.id,
                price=prices[item.price_id],
                quantity=item.quantity,
                period_start=item.period_start,
                period_end=item.period_end,
            )
            for item in remote.items
        ],
        update_conflicts=True,
        unique_fields=["stripe_id"],
        update_fields=["subscription", "price", "quantity", "period_start", "period_end"],
    )
    row.items.exclude(stripe_id__in=[i.id for i in remote.items]).delete()
