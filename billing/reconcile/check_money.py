"""Money without seats, and seats without money: each pages somebody (payments.md §7)."""

from datetime import datetime

import structlog
from django.db import transaction

from accounts.models import Account
from billing.gateway.contract import RemoteInvoice
from billing.gateway.stripe_api import gateway
from billing.mirror.verdict import CLOCK_SKEW
from billing.models import Customer, Incident, Invoice, QuantityChange, Resumption, Subscription
from billing.models.drift import Kind, Severity
from billing.reconcile.drifts import close_gone, record_drift
from billing.reconcile.rules import LONGEST_OPEN, Finding
from billing.reconcile.snapshot import books_of

log = structlog.get_logger(__name__)
State = QuantityChange.State


def check_paid_invoice(*, invoice: RemoteInvoice, at: datetime) -> bool:
    """A paid invoice of a change of quantity must have given seats. Returns whether it is news that it did not.

    It did when an applied purchase of ours names it; or, for an edit made elsewhere, when the ledger names it and it
    does not carry the stamp of a purchase of ours that did not come off.
    """
    if invoice.billing_reason != "subscription_update" or invoice.status != "paid" or not invoice.amount_paid:
        return False
    customer = Customer.objects.filter(stripe_id=invoice.customer_id).select_related("account").first()
    subscription = Subscription.objects.filter(stripe_id=invoice.subscription_id, customer=customer).first()
    if customer is None or subscription is None:
        return False
    if Resumption.objects.filter(subscription=subscription, invoice_stripe_id=invoice.id).exists():
        return False  # It paid for going on, not for seats.
    named = _change_behind(invoice, subscription)
    if named is not None and named.state == State.APPLIED:
        close_gone(subjects=[invoice.id], kinds=[Kind.MONEY_WITHOUT_GRANT], still=(), at=at)
        return False
    if named is not None and named.is_open:
        return False  # Its sweep is on it.
    if named is None and _is_in_ledger(customer.account, invoice.id):
        return False
    return _page(
        kind=Kind.MONEY_WITHOUT_GRANT,
        subject=invoice.id,
        sides=(named.get_state_display() if named else "–", f"{invoice.amount_paid} {invoice.currency}"),
        subscription=subscription,
        change=named,
        invoice_id=invoice.id,
        currency=invoice.currency,
        charged=invoice.total,
        at=at,
    )


def _change_behind(invoice: RemoteInvoice, subscription: Subscription) -> QuantityChange | None:
    """The purchase that this invoice is of: the one that names it, or one that was sent before and has no invoice.

    Of those the stamp on the invoice decides, then the promised total; an applied purchase has its own invoice, so an
    older stamp that is still on the subscription makes nobody's edit ours.
    """
    changes = QuantityChange.objects.filter(subscription=subscription)
    named = changes.filter(invoice_stripe_id=invoice.id).first()
    if named is not None:
        return named
    called = (invoice.created - LONGEST_OPEN, invoice.created + CLOCK_SKEW)
    sent = changes.filter(invoice_stripe_id="", first_call_at__range=called).exclude(state=State.APPLIED)
    stamp = invoice.metadata.get("seat_change_id", "")
    return sent.filter(public_id=stamp).first() or sent.filter(quoted_total=invoice.total).order_by("-pk").first()


def check_applied_change(*, change: QuantityChange, at: datetime) -> bool:
    """An applied change must have a paid invoice, or have cost nothing. Returns whether it is news that it has none.

    Raises GatewayError.
    """
    status = ""
    if change.invoice_stripe_id:
        mirrored = Invoice.objects.filter(account=change.account, stripe_id=change.invoice_stripe_id).first()
        status = mirrored.status if mirrored else ""
        if status != "paid":
            status = gateway().invoice(change.invoice_stripe_id).status
    later = change.on_credit and status in ("open", "draft")
    if status == "paid" or later or (not change.invoice_stripe_id and not change.quoted_total):
        close_gone(subjects=[change.public_id], kinds=[Kind.GRANT_WITHOUT_MONEY], still=(), at=at)
        return False
    return _page(
        kind=Kind.GRANT_WITHOUT_MONEY,
        subject=change.public_id,
        sides=(f"{change.base_quantity} → {change.target_quantity}", status or "no invoice"),
        subscription=change.subscription,
        change=change,
        invoice_id=change.invoice_stripe_id,
        currency=change.currency,
        charged=0,
        at=at,
    )


@transaction.atomic
def _is_in_ledger(account: Account, invoice_id: str) -> bool:
    books = books_of(account, [invoice_id])
    return books is not None and invoice_id in books.invoices


@transaction.atomic
def _page(
    *,
    kind: Kind,
    subject: str,
    sides: tuple[str, str],
    subscription: Subscription,
    change: QuantityChange | None,
    invoice_id: str,
    currency: str,
    charged: int,
    at: datetime,
) -> bool:
    """Drift and incident together; the log's error is what pages."""
    finding = Finding(kind, subject, Severity.GRAVE, *sides)
    drift, news = record_drift(finding=finding, at=at, account=subscription.account, subscription=subscription)
    if not news:
        return False
    quoted = change.quoted_total if change is not None and kind == Kind.GRANT_WITHOUT_MONEY else 0
    values = {
        "account": subscription.account,
        "subscription": subscription,
        "invoice_stripe_id": invoice_id,
        "currency": currency,
        "quoted": quoted,
        "charged": charged,
        "difference": charged - quoted,
    }
    if change is not None:
        incident, _ = Incident.objects.get_or_create(kind=kind, change=change, defaults=values)
    else:
        incident, _ = Incident.objects.get_or_create(
            kind=kind, change=None, invoice_stripe_id=invoice_id, defaults=values
        )
    log.error(str(kind), drift=drift.public_id, incident=incident.public_id, about=subject, invoice=invoice_id)
    return True
