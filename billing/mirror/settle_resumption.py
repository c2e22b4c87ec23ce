"""Bring an open resumption to what a fresh read proves. Called by the mirror, and by the verb after its read."""

from datetime import datetime

import structlog

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing import facts
from billing.gateway.contract import RemoteInvoice, RemoteSubscription
from billing.models import Incident, Resumption, Subscription
from billing.models.subscription import ENDED

log = structlog.get_logger(__name__)
State = Resumption.State


def judge_resumption(*, wish: Resumption, remote: RemoteSubscription) -> tuple[str, RemoteInvoice | None]:
    """The state that a read proves and the invoice that it rests on; the present state where it proves nothing. Pure.

    An invoice counts only once the wish was sent, and only if it was not there before.
    """
    newest = remote.latest_invoice
    sent = wish.first_call_at is not None
    ours = newest if sent and newest is not None and newest.id != wish.seen_invoice_stripe_id else None
    if remote.status in ENDED:
        return State.FAILED, ours
    if remote.status != "paused":
        return State.DONE, ours
    if ours is None:
        return wish.state, None
    if ours.status == "void":
        return State.ABANDONED, ours
    return State.AWAITING_PAYMENT, ours


def settle_resumption(*, subscription: Subscription, remote: RemoteSubscription, at: datetime) -> Resumption | None:
    """Move the open wish, if there is one, and hold what was charged against its price. In the caller's transaction."""
    wish = (
        Resumption.objects.select_for_update(no_key=True, of=("self",))
        .filter(subscription=subscription, state__in=Resumption.OPEN)
        .first()
    )
    if wish is None:
        return None
    state, invoice = judge_resumption(wish=wish, remote=remote)
    moved = state != wish.state
    wish.state = state
    if invoice is not None:
        wish.invoice_stripe_id = invoice.id
    if not wish.is_open:
        wish.settled_at, wish.next_try_at = at, None
    if state == State.FAILED:
        wish.error = remote.status
    if state == State.DONE:
        _verify(wish, invoice)
    wish.save()
    if moved:
        tell_of(wish, at)
    return wish


def tell_of(wish: Resumption, at: datetime) -> None:
    """Where it stands now: the audit trail and whoever listens, in the caller's transaction."""
    log.info("resumption_moved", resumption=wish.public_id, state=wish.state, error=wish.error)
    record_audit(
        account=wish.account,
        actor=Actor.system("stripe"),
        action=f"resumption.{wish.state}",
        target=wish.public_id,
        summary=wish.error,
        quoted=wish.quoted_total,
        charged=wish.charged_total,
        currency=wish.currency,
    )
    facts.resumption_moved.send(sender=Resumption, wish=wish, at=at)


def _verify(wish: Resumption, invoice: RemoteInvoice | None) -> None:
    """Charged must be what was agreed; a difference is for staff. Without an invoice of ours, nothing was charged."""
    wish.charged_total = invoice.total if invoice else 0
    if invoice is None:
        return
    same_currency = invoice.currency == wish.currency
    if same_currency and invoice.total == wish.quoted_total and invoice.amount_due <= wish.quoted_due:
        return
    sides = {"total": (wish.quoted_total, invoice.total), "amount_due": (wish.quoted_due, invoice.amount_due)}
    Incident.objects.get_or_create(
        kind=Incident.Kind.CHARGE_DIFFERS,
        change=None,
        invoice_stripe_id=invoice.id,
        defaults={
            "account": wish.account,
            "subscription": wish.subscription,
            "currency": invoice.currency,
            "quoted": wish.quoted_total,
            "charged": invoice.total,
            "difference": invoice.total - wish.quoted_total if same_currency else 0,
            "differences": [
                {"what": what, "quoted": str(quoted), "charged": str(charged)}
                for what, (quoted, charged) in sides.items()
                if quoted != charged
            ],
        },
    )
    log.error("charge_differs_from_quote", resumption=wish.public_id, quoted=wish.quoted_total, charged=invoice.total)
