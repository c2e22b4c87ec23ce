"""Refund what a card paid for an undone purchase, once, whatever dies in between.

The undo's own invoice made the whole amount credit on the balance. The card's part is refunded first and then leaves
the credit, so at any moment the customer has it at least once and in the end exactly once. A refund that the bank
sends back (follow_refund.py) becomes credit again (ADR 22). Every call carries a key of the row and of its attempt,
and every object its stamp: after a lost answer the object is looked for before anything is sent again.
"""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing import facts
from billing.changes.rules import KEY_LIFE, backoff
from billing.gateway.contract import GatewayError, Refused, RemoteRefund
from billing.gateway.refunds import STAMP
from billing.gateway.stripe_api import gateway
from billing.models import Refund
from seatportal.kit.queue import ring

log = structlog.get_logger(__name__)
State = Refund.State

BATCH = 50


def give_back(*, refund_id: int, at: datetime) -> Refund:
    """Carry one refund on as far as Stripe answers now. Safe to repeat at any point; never raises for Stripe."""
    refund = _claim(refund_id, at)
    if refund is None:
        return Refund.objects.get(pk=refund_id)
    try:
        if refund.state == State.RETURNED:
            _credit_again(refund, at)
        else:
            _send_to_card(refund, at)
    except Refused as error:
        # Nothing happened: the money stays where it was, and staff see why.
        _refuse(refund, error)
    except GatewayError as error:
        _keep(refund, error=f"{type(error).__name__}: {error}"[:300], next_try_at=at + backoff(refund.calls))
        log.warning("refund_not_finished", refund=refund.public_id, error=type(error).__name__)
    refund.refresh_from_db()
    return refund


def give_back_what_is_due(*, at: datetime) -> int:
    """Carry on what a crash or a lost answer left; returns how many were looked at."""
    due = Refund.objects.filter(state__in=Refund.MOVING, next_try_at__lte=at).order_by("pk")
    ids = list(due.values_list("pk", flat=True)[:BATCH])
    for pk in ids:
        try:
            give_back(refund_id=pk, at=at)
        except Exception:
            log.exception("refund_not_carried_on", refund_id=pk)
    return len(ids)


@transaction.atomic
def mark_returned(*, refund: Refund, remote: RemoteRefund, at: datetime) -> bool:
    """The bank sent it back: write that down once, and that the credit has to be given again. No call is made."""
    same = {"refund_stripe_id": remote.id, "state": refund.state, "calls": refund.calls}
    moved = Refund.objects.filter(pk=refund.pk, **same).update(
        state=State.RETURNED,
        failure_reason=(remote.failure_reason or remote.status)[:64],
        returned_at=at,
        calls=0,
        first_call_at=None,
        next_try_at=at,
        error="",
    )
    if not moved:
        return False
    log.error("refund_returned", refund=refund.public_id, reason=remote.failure_reason, status=remote.status)
    _audit(refund, "returned", reason=remote.failure_reason, stripe_id=remote.id)
    ring("billing.give_back_what_is_due")
    return True


def _claim(refund_id: int, at: datetime) -> Refund | None:
    """One process at a time; whoever dies leaves it to the sweep."""
    free = Refund.objects.filter(pk=refund_id, state__in=Refund.MOVING, next_try_at__lte=at)
    row = free.select_related("account", "change__subscription__customer", "change__undoes").first()
    if row is None:
        return None
    calls = row.calls + 1
    if not free.filter(calls=row.calls, state=row.state).update(
        calls=F("calls") + 1, first_call_at=Coalesce(F("first_call_at"), at), next_try_at=at + backoff(calls + 2)
    ):
        return None
    row.refresh_from_db(fields=["calls", "first_call_at", "next_try_at"])
    return row


def _send_to_card(refund: Refund, at: datetime) -> None:
    _read_amounts(refund)
    if refund.amount and not refund.refund_stripe_id:
        made = _refund(refund, at)
        _keep(refund, refund_stripe_id=made.id)
        if made.came_back:
            mark_returned(refund=refund, remote=made, at=at)
            return
    if refund.balance_amount and not refund.balance_stripe_id:
        _keep(refund, balance_stripe_id=_take(refund, refund.balance_amount, at))
    with transaction.atomic():
        if _end(refund, state=State.DONE, error="", next_try_at=None, done_at=at):
            _audit(refund, "done", amount=refund.amount, balance=refund.balance_amount, currency=refund.currency)


def _credit_again(refund: Refund, at: datetime) -> None:
    """What left the credit for a refund that came back. If it never left, there is nothing to give."""
    if refund.balance_amount and not refund.credit_stripe_id:
        taken, given = _moved(refund)
        if len(taken) > len(given):
            _keep(refund, balance_stripe_id=taken[0])  # Also when the giving is refused, it is known to be owed.
            _check_key(refund, at)
            given = [_move_balance(refund, -refund.balance_amount, 2 * refund.attempt)]
        if refund.balance_stripe_id:
            _keep(refund, credit_stripe_id=given[0])
    with transaction.atomic():
        if _end(refund, error="", next_try_at=None):
            _audit(refund, "credited_again", amount=refund.balance_amount, currency=refund.currency)
            facts.refund_returned.send(sender=Refund, refund=refund, at=at)


def _refuse(refund: Refund, error: Refused) -> None:
    state = refund.state if refund.state == State.RETURNED else State.REFUSED
    with transaction.atomic():
        if _end(refund, state=state, error=str(error)[:300], next_try_at=None):
            _audit(refund, "refused", code=error.code, text=str(error)[:300])
    log.error("refund_refused", refund=refund.public_id, code=error.code)


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


def _refund(refund: Refund, at: datetime) -> RemoteRefund:
    stamp = refund.public_id if refund.attempt == 1 else f"{refund.public_id}:{refund.attempt}"
    if refund.calls > 1 or refund.attempt > 1:
        found = _find_refund(refund, stamp)
        if found is not None:
            return found
        _check_key(refund, at)
    params = {
        "payment_intent": refund.payment_stripe_id,
        "amount": refund.amount,
        "reason": "requested_by_customer",
        "metadata": {STAMP: stamp},
    }
    return gateway().refund(params, key=f"refund:{refund.public_id}:{refund.attempt}")


def _find_refund(refund: Refund, stamp: str) -> RemoteRefund | None:
    """This attempt's; or an earlier one's that was thought lost and is with the card after all."""
    ours = [row for row in gateway().refunds_of(refund.payment_stripe_id) if row.stamp.startswith(refund.public_id)]
    alive = [row for row in ours if not row.came_back]
    return next((row for row in ours if row.stamp == stamp), alive[0] if alive else None)


def _take(refund: Refund, amount: int, at: datetime) -> str:
    """Off the credit, unless an earlier call or attempt has done that and nobody gave it again."""
    if refund.calls > 1 or refund.attempt > 1:
        taken, given = _moved(refund)
        if len(taken) > len(given):
            return taken[0]
        _check_key(refund, at)
    return _move_balance(refund, amount, 2 * refund.attempt - 1)


def _moved(refund: Refund) -> tuple[list[str], list[str]]:
    """What left the credit for this refund so far, and what was given again, of all attempts; newest first."""
    rows = gateway().adjustments_of(_customer(refund), refund.public_id)
    return [stripe_id for stripe_id, amount in rows if amount > 0], [
        stripe_id for stripe_id, amount in rows if amount < 0
    ]


def _move_balance(refund: Refund, amount: int, number: int) -> str:
    """Above zero takes credit away. Odd numbers take, even ones give again: two of each attempt."""
    params = {
        "amount": amount,
        "currency": refund.currency,
        "description": refund.public_id,
        "metadata": {STAMP: refund.public_id if number == 1 else f"{refund.public_id}:b{number}"},
    }
    return gateway().adjust_balance(_customer(refund), params, key=f"refund:{refund.public_id}:b{number}")


def _customer(refund: Refund) -> str:
    return refund.change.subscription.customer.stripe_id


def _check_key(refund: Refund, at: datetime) -> None:
    """A key that Stripe may have forgotten is never sent again: a person looks."""
    if refund.first_call_at is not None and at - refund.first_call_at >= KEY_LIFE:
        raise Refused("the key is too old to be sent again", code="key_too_old")


def _end(refund: Refund, **values: object) -> bool:
    """Write an end; only the process that has the claim does."""
    return bool(Refund.objects.filter(pk=refund.pk, state=refund.state, calls=refund.calls).update(**values))


def _keep(refund: Refund, **values: object) -> None:
    for name, value in values.items():
        setattr(refund, name, value)
    refund.save(update_fields=list(values))


def _audit(refund: Refund, end: str, **data: object) -> None:
    record_audit(
        account=refund.account,
        actor=Actor.system("stripe"),
        action=f"refund.{end}",
        target=refund.public_id,
        summary=refund.change.public_id,
        **data,
    )
