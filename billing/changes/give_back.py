"""Refund what a card paid for an undone purchase, once, whatever dies in between.

The undo's own invoice made the whole amount credit on the balance. The card's part is refunded first and then leaves
the credit, so at any moment the customer has it at least once and in the end exactly once. Both calls carry a key of
the row, and both objects its id: after a lost answer the object is looked for before anything is sent again.
"""

from datetime import datetime

import structlog
from django.db.models import F
from django.db.models.functions import Coalesce

from billing.changes.rules import KEY_LIFE, backoff
from billing.gateway.contract import GatewayError, Refused
from billing.gateway.refunds import STAMP
from billing.gateway.stripe_api import gateway
from billing.models import Refund

log = structlog.get_logger(__name__)
State = Refund.State

BATCH = 50


def give_back(*, refund_id: int, at: datetime) -> Refund:
    """Carry one refund on as far as Stripe answers now. Safe to repeat at any point; never raises for Stripe."""
    refund = _claim(refund_id, at)
    if refund is None:
        return Refund.objects.get(pk=refund_id)
    try:
        _read_amounts(refund)
        if refund.amount and not refund.refund_stripe_id:
            _keep(refund, refund_stripe_id=_refund_id(refund, at))
        if refund.balance_amount and not refund.balance_stripe_id:
            _keep(refund, balance_stripe_id=_adjustment_id(refund, at))
    except Refused as error:
        # Nothing happened: the money stays as credit, and staff see why.
        _keep(refund, state=State.REFUSED, error=str(error)[:300], next_try_at=None)
        log.error("refund_refused", refund=refund.public_id, code=error.code)
        return refund
    except GatewayError as error:
        _keep(refund, error=f"{type(error).__name__}: {error}"[:300], next_try_at=at + backoff(refund.calls))
        log.warning("refund_not_finished", refund=refund.public_id, error=type(error).__name__)
        return refund
    _keep(refund, state=State.DONE, error="", next_try_at=None, done_at=at)
    return refund


def give_back_what_is_due(*, at: datetime) -> int:
    """Carry on what a crash or a lost answer left; returns how many were looked at."""
    due = Refund.objects.filter(state=State.DUE, next_try_at__lte=at).order_by("pk")
    ids = list(due.values_list("pk", flat=True)[:BATCH])
    for pk in ids:
        try:
            give_back(refund_id=pk, at=at)
        except Exception:
            log.exception("refund_not_carried_on", refund_id=pk)
    return len(ids)


def _claim(refund_id: int, at: datetime) -> Refund | None:
    """One process at a time; whoever dies leaves it to the sweep."""
    free = Refund.objects.filter(pk=refund_id, state=State.DUE, next_try_at__lte=at)
    row = free.select_related("change__subscription__customer", "change__undoes").first()
    if row is None:
        return None
    calls = row.calls + 1
    if not free.filter(calls=row.calls).update(
        calls=F("calls") + 1, first_call_at=Coalesce(F("first_call_at"), at), next_try_at=at + backoff(calls + 2)
    ):
        return None
    row.refresh_from_db(fields=["calls", "first_call_at", "next_try_at"])
    return row


def _read_amounts(refund: Refund) -> None:
    """From Stripe's own invoices, kept before anything is sent: what the card paid, and the credit that stands for it.

    The part that was paid from the balance stays there.
    """
    purchase = refund.change.undoes
    if refund.amount is not None or purchase is None:
        return
    if not purchase.invoice_stripe_id:
        _keep(refund, amount=0, balance_amount=0)  # In a trial nothing was charged.
        return
    bill = gateway().invoice(purchase.invoice_stripe_id)
    payment = gateway().paid_by(bill.id) if bill.amount_paid else ""
    credit = -(refund.change.charged_total or 0) - (bill.total - bill.amount_paid)
    paid = bill.amount_paid if payment else 0
    _keep(refund, amount=paid, balance_amount=max(credit, 0) if paid else 0, payment_stripe_id=payment)


def _refund_id(refund: Refund, at: datetime) -> str:
    if refund.calls > 1:
        found = gateway().find_refund(refund.payment_stripe_id, refund.public_id)
        if found:
            return found
        _check_key(refund, at)
    params = {
        "payment_intent": refund.payment_stripe_id,
        "amount": refund.amount,
        "reason": "requested_by_customer",
        "metadata": {STAMP: refund.public_id},
    }
    return gateway().refund(params, key=f"refund:{refund.public_id}:1")


def _adjustment_id(refund: Refund, at: datetime) -> str:
    customer = refund.change.subscription.customer.stripe_id
    if refund.calls > 1:
        found = gateway().find_adjustment(customer, refund.public_id)
        if found:
            return found
        _check_key(refund, at)
    params = {
        "amount": refund.balance_amount,
        "currency": refund.currency,
        "description": refund.public_id,
        "metadata": {STAMP: refund.public_id},
    }
    return gateway().adjust_balance(customer, params, key=f"refund:{refund.public_id}:b1")


def _check_key(refund: Refund, at: datetime) -> None:
    """A key that Stripe may have forgotten is never sent again: a person looks."""
    if refund.first_call_at is not None and at - refund.first_call_at >= KEY_LIFE:
        raise Refused("the key is too old to be sent again", code="key_too_old")


def _keep(refund: Refund, **values: object) -> None:
    for name, value in values.items():
        setattr(refund, name, value)
    refund.save(update_fields=list(values))
