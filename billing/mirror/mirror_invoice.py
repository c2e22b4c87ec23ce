"""Make our invoices say what Stripe's say; the only writer of invoices and their lines."""

from collections import defaultdict
from collections.abc import Collection
from itertools import chain
from operator import attrgetter
from typing import Any

from accounts.models import Account
from billing.gateway.contract import RemoteInvoice
from billing.models import Invoice, InvoiceLine, Subscription

# An invoice that is here does not move any more: no later event of it has anything to tell.
FINAL = ("paid", "void")
# Stripe's invoices go one way. Reads of them carry no fence, so one that shows an earlier step is an older read.
_STEP = {"draft": 0, "open": 1, "uncollectible": 2, "paid": 3, "void": 3}


def unpaid_of(account: Account) -> set[str]:
    """Which invoices are open: when that moves, so may what the account is allowed."""
    return set(Invoice.objects.filter(account=account, status="open").values_list("stripe_id", flat=True))


def mirror_invoices(*, account: Account, subscription: Subscription | None, remotes: Collection[RemoteInvoice]) -> bool:
    """Write invoices of one subscription, or of none, with their lines, in the caller's transaction.

    An older read leaves the newer one's row, and what is final is written once. Returns whether anything was written.
    Three statements however many there are, and two more where lines are new. Rows are locked in the order of their
    ids, and who waited sees what the other wrote.
    """
    if not remotes:
        return False
    ids = [remote.id for remote in remotes]
    locked = Invoice.objects.select_for_update(no_key=True).filter(stripe_id__in=ids).order_by("stripe_id")
    kept = {row.stripe_id: row for row in locked}
    ordered = sorted((each for each in remotes if is_news(kept.get(each.id), subscription, each)), key=attrgetter("id"))
    if not ordered:
        return False
    rows = Invoice.objects.bulk_create(
        [_row(account, subscription, remote) for remote in ordered],
        update_conflicts=True,
        unique_fields=["stripe_id"],
        update_fields=["account", "subscription", *_repeated(ordered[0])],
    )
    known: defaultdict[int, set[tuple[str, int]]] = defaultdict(set)
    for invoice, stripe_id, amount in InvoiceLine.objects.filter(invoice__in=rows).values_list(
        "invoice_id", "stripe_id", "amount"
    ):
        known[invoice].add((stripe_id, amount))
    moved = [
        (row, remote)
        for row, remote in zip(rows, ordered, strict=True)
        if known[row.pk] != {(line.id, line.amount) for line in remote.lines}
    ]
    if moved:
        if any(known[row.pk] for row, _ in moved):
            InvoiceLine.objects.filter(invoice__in=[row for row, _ in moved]).delete()
        InvoiceLine.objects.bulk_create(chain.from_iterable(_lines(row, remote) for row, remote in moved))
    return True


def is_news(kept: Invoice | None, subscription: Subscription | None, remote: RemoteInvoice) -> bool:
    """Whether a read of an invoice has anything to write over the row that is kept of it."""
    if kept is None:
        return True
    if _STEP.get(remote.status, 0) < _STEP.get(kept.status, 0):
        return False
    if kept.status in FINAL and (subscription is None or kept.subscription_id == subscription.pk):
        return any(getattr(kept, name) != value for name, value in _repeated(remote).items())
    return True


def _row(account: Account, subscription: Subscription | None, remote: RemoteInvoice) -> Invoice:
    return Invoice(account=account, subscription=subscription, stripe_id=remote.id, **_repeated(remote))


def _repeated(remote: RemoteInvoice) -> dict[str, Any]:
    return {
        "number": remote.number,
        "status": remote.status,
        "billing_reason": remote.billing_reason,
        "currency": remote.currency,
        "subtotal": remote.subtotal,
        "tax": remote.tax,
        "total": remote.total,
        "amount_due": remote.amount_due,
        "amount_paid": remote.amount_paid,
        "amount_remaining": remote.amount_remaining,
        "starting_balance": remote.starting_balance,
        "ending_balance": remote.ending_balance,
        "hosted_url": remote.hosted_url,
        "pdf_url": remote.pdf_url,
        "issued_at": remote.created,
        "due_at": remote.due_at,
        "paid_at": remote.paid_at,
    }


def _lines(invoice: Invoice, remote: RemoteInvoice) -> list[InvoiceLine]:
    return [
        InvoiceLine(
            invoice=invoice,
            stripe_id=line.id,
            position=position,
            description=line.description[:300],
            amount=line.amount,
            quantity=line.quantity,
            period_start=line.period_start,
            period_end=line.period_end,
            proration=line.proration,
        )
        for position, line in enumerate(remote.lines)
    ]
