"""Read a subscription afresh and make our world agree: mirror, open purchase, planned reduction, facts.

Success, time-out, replay, webhook and recovery all come here, so there is one path and it is always exercised.
Fenced (mirror/fence.py): of several reads the one that began last is written, whichever comes home last.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.db import transaction

from billing.catalog.sync_catalog import sync_catalog
from billing.gateway.contract import RemoteInvoice, RemoteSubscription
from billing.gateway.stripe_api import gateway
from billing.gateway.together import read_together
from billing.mirror.as_mirrored import as_mirrored
from billing.mirror.fence import confirm_reads, raise_fences
from billing.mirror.second_subscription import live_beside, put_to_staff
from billing.mirror.settle import intent_of
from billing.mirror.verdict import judge, our_invoice
from billing.mirror.write_subscription import lock_row, write_subscription
from billing.models import Customer, Price, QuantityChange, Subscription


@dataclass(frozen=True)
class Refreshed:
    """What a refresh read, and whether it was the newest read and so was written."""

    remote: RemoteSubscription
    written: bool


@dataclass(frozen=True)
class Read:
    """A read that began after its fence was raised; no fence: a subscription not seen before. written: already."""

    remote: RemoteSubscription
    fence: int | None
    written: bool = False


def refresh_subscription(*, stripe_id: str, at: datetime) -> Refreshed | None:
    """Read one subscription and write what follows; None when its customer is not ours, or has another one.

    Raises GatewayError. Must be called outside a transaction.
    """
    fence = raise_fences(Subscription, [stripe_id]).get(stripe_id)
    return write_read(read=Read(gateway().subscription(stripe_id), fence), at=at)


def refresh_until_written(*, stripe_id: str, at: datetime, tries: int = 4) -> Refreshed | None:
    """As refresh_subscription, and again when a newer read was on its way: that one may have begun before our call."""
    found = refresh_subscription(stripe_id=stripe_id, at=at)
    while found is not None and not found.written and tries > 1:
        tries -= 1
        found = refresh_subscription(stripe_id=stripe_id, at=at)
    return found


def read_subscriptions(
    *, stripe_ids: Collection[str], with_customer: Collection[str], at: datetime
) -> Mapping[str, Read | Exception]:
    """Read many beside each other, some with their customers; those that say nothing new are written by the end.

    The others are for write_read; what could not be read is its error. Must be called outside a transaction.
    """
    fences = raise_fences(Subscription, stripe_ids)
    answers = read_together(
        [partial(gateway().subscription, each, with_customer=each in with_customer) for each in stripe_ids]
    )
    found: dict[str, Read | Exception] = {
        each: answer if isinstance(answer, Exception) else Read(answer, fences.get(each))
        for each, answer in zip(stripe_ids, answers, strict=True)
    }
    old = as_mirrored([read.remote for read in found.values() if isinstance(read, Read)])
    confirmed = confirm_reads(Subscription, {each: fences[each] for each in old if each in fences}, at=at)
    return {
        each: replace(read, written=True) if isinstance(read, Read) and each in confirmed else read
        for each, read in found.items()
    }


def write_read(*, read: Read, at: datetime) -> Refreshed | None:
    """Write one read and what follows, unless a newer one is under way; None as for refresh_subscription.

    Raises GatewayError: an open purchase may need its invoice read. Must be called outside a transaction.
    """
    remote, fence = read.remote, read.fence
    if read.written:
        return Refreshed(remote, written=True)
    if fence is None and not _may_be_ours(remote, at):
        return None
    change = QuantityChange.objects.filter(subscription__stripe_id=remote.id, state__in=QuantityChange.OPEN).first()
    invoice = _invoice_of(change, remote) if change is not None else None
    unmoved = change is None or _stays_unsent(change, remote)
    if fence is not None and unmoved and as_mirrored([remote], unmoved=[remote.id]):
        return Refreshed(remote, written=bool(confirm_reads(Subscription, {remote.id: fence}, at=at)))
    ids = {item.price_id for item in remote.items}
    if Price.objects.filter(stripe_id__in=ids).count() < len(ids):
        sync_catalog()
    waits = remote.pending_metadata is not None and invoice is not None and invoice.status == "open"
    payment = gateway().payment_of(invoice.id) if waits and invoice is not None else None
    with transaction.atomic():
        # Two first reads of a new subscription meet here; the second finds the first one's row and its fence.
        row = lock_row(remote)
        if fence is not None and row.fence != fence:
            return Refreshed(remote, written=False)
        write_subscription(row, remote, invoice, payment, at)
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


def _stays_unsent(change: QuantityChange, remote: RemoteSubscription) -> bool:
    """Whether it was never sent and this read leaves it so. After a call, a read decides, and is always written."""
    return change.calls == 0 and judge(intent_of(change), remote, None).state == change.state


def _invoice_of(change: QuantityChange, remote: RemoteSubscription) -> RemoteInvoice | None:
    """The invoice that belongs to the open purchase; the newest one usually is, otherwise the list is read."""
    if change.first_call_at is None:
        return None
    others = frozenset(
        QuantityChange.objects.filter(subscription_id=change.subscription_id)
        .exclude(pk=change.pk)
        .exclude(invoice_stripe_id="")
        .values_list("invoice_stripe_id", flat=True)
    )
    intent = intent_of(change)
    newest = [remote.latest_invoice] if remote.latest_invoice else []
    return our_invoice(intent, newest, others) or our_invoice(intent, gateway().invoices_of(remote.id), others)
