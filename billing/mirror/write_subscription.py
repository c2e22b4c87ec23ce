"""Write one read of a subscription, and all that follows from it, in the caller's transaction."""

from datetime import datetime
from typing import Any

import structlog
from django.db.models import Prefetch, prefetch_related_objects

from billing import facts
from billing.gateway.contract import RemoteInvoice, RemotePayment, RemoteSubscription
from billing.mirror.edits import hold_changed_shape, hold_foreign_update, shape_of, tell_owner
from billing.mirror.mirror_customer import mirror_card
from billing.mirror.mirror_invoice import mirror_invoices, unpaid_of
from billing.mirror.queries import COUNTING, seat_item
from billing.mirror.settle import settle_change, settle_decrease
from billing.mirror.settle_resumption import settle_resumption
from billing.models import Customer, Price, ScheduledDecrease, Subscription, SubscriptionItem
from billing.models.subscription import ENDED
from billing.terms.commit import commit_to_year
from billing.terms.queries import terms_of

log = structlog.get_logger(__name__)

# Read once, looked at by everything here.
ITEMS = Prefetch("items", SubscriptionItem.objects.select_related("price__plan").order_by("id"))


def mirrored(remote: RemoteSubscription) -> dict[str, Any]:
    """The fields of our row that only repeat Stripe's."""
    found = {
        "status": remote.status,
        "currency": remote.currency,
        "collection_method": remote.collection_method,
        "days_until_due": remote.days_until_due,
        "billing_mode": remote.billing_mode,
        "cancel_at": remote.cancel_at,
        "trial_end": remote.trial_end,
        "paused": remote.paused,
        "pause_cause": remote.pause_cause[:48],
        "schedule_stripe_id": remote.schedule_id,
        "stamp": remote.metadata.get("seat_change_id", ""),
        "pending_stamp": (remote.pending_metadata or {}).get("seat_change_id", ""),
        "pending_expires_at": remote.pending_expires_at,
        "started_at": remote.started_at,
        "ended_at": remote.ended_at,
        "card_stripe_id": remote.card.id if remote.card else "",
    }
    if remote.latest_invoice is not None:
        found["latest_invoice_stripe_id"] = remote.latest_invoice.id
    return found


def lock_row(remote: RemoteSubscription) -> Subscription:
    """The locked row, made if need be; against a purchase being accepted, which locks it too (changes/buy_quote.py)."""
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


def write_subscription(
    row: Subscription,
    remote: RemoteSubscription,
    invoice: RemoteInvoice | None,
    payment: RemotePayment | None,
    at: datetime,
) -> None:
    """Bring a locked row to what was read. invoice, payment: those of the open purchase, if they are known."""
    prefetch_related_objects([row], ITEMS)
    before, unpaid, year = _counted(row), unpaid_of(row.account), _paid_year(row)
    standing, depends, shape = _standing(row), _what_quotes_depend_on(row), shape_of(row)
    for name, value in mirrored(remote).items():
        setattr(row, name, value)
    row.synced_at = at
    if remote.card is not None and remote.status not in ENDED:
        mirror_card(customer=row.customer, card=remote.card)
    _write_items(row, remote)
    if _what_quotes_depend_on(row) != depends:
        row.version += 1
    row.save()
    bills = {bill.id: bill for bill in (remote.latest_invoice, invoice) if bill is not None}
    still_unpaid = unpaid
    if mirror_invoices(account=row.account, subscription=row, remotes=bills.values()):
        still_unpaid = unpaid_of(row.account)
    after = _counted(row)
    reached = settle_change(subscription=row, remote=remote, invoice=invoice, payment=payment, before=before, at=at)
    if "paused" in (standing[0], remote.status):
        settle_resumption(subscription=row, remote=remote, at=at)
    hold_foreign_update(subscription=row, remote=remote, at=at)
    hold_changed_shape(subscription=row, before=shape, at=at)
    _tell_quantity(row, reached, after, at)
    _commit_new_year(row, year)
    # More or fewer of them is no news of the standing; that there are some now, or none any more, is.
    if (standing, unpaid, bool(before)) != (_standing(row), still_unpaid, bool(after)):
        facts.standing_changed.send(sender=Subscription, subscription=row, at=at)


def _standing(row: Subscription) -> tuple[object, ...]:
    """What the account is allowed follows it; the status comes first."""
    return row.status, row.cancel_at, row.paused, row.pause_cause


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
    if row.status not in COUNTING or row.status in ("trialing", "paused"):
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


def _counted(row: Subscription) -> int:
    """Seats that count as purchased in its status."""
    item = seat_item(row) if row.status in COUNTING else None
    return item.quantity if item else 0


def _what_quotes_depend_on(row: Subscription) -> tuple[object, ...]:
    items = tuple((i.stripe_id, i.price_id, i.quantity, i.period_start) for i in row.items.all())
    standing = (row.status, row.collection_method, row.cancel_at, row.paused, row.trial_end, row.pending_stamp)
    return *standing, row.currency, row.billing_mode, items


def _write_items(row: Subscription, remote: RemoteSubscription) -> None:
    """Nothing is sent where nothing moved; otherwise the row's items are read anew for what comes after."""
    held = list(row.items.all())
    lines = {(i.stripe_id, i.price.stripe_id, i.quantity, i.period_start, i.period_end) for i in held}
    if lines == {(i.id, i.price_id, i.quantity, i.period_start, i.period_end) for i in remote.items}:
        return
    prices = {item.price.stripe_id: item.price for item in held}
    if missing := {item.price_id for item in remote.items} - prices.keys():
        prices |= {price.stripe_id: price for price in Price.objects.filter(stripe_id__in=missing)}
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
    if gone := {item.stripe_id for item in held} - {item.id for item in remote.items}:
        row.items.filter(stripe_id__in=gone).delete()
    row.refresh_from_db(fields=["items"])
    prefetch_related_objects([row], ITEMS)
