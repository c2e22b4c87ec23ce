"""What became of a purchase, by mail to the buyer and to those who look after billing."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.notices.send_notice import send_notice
from billing.changes.undo_change import undoable_until
from billing.mirror.queries import card_of, invoices_of, seat_item
from billing.models import Price, QuantityChange

State, Kind = QuantityChange.State, QuantityChange.Kind
# Ends that their causer saw happen and chose.
_SILENT_CODES = ("cancelled", "quote_changed")


def tell_change(*, change: QuantityChange, at: datetime) -> int:
    """Write the mails that this state asks for, in the caller's transaction; returns how many are new.

    Told again, it writes none twice. Purchases, their undo and changes of plan are told here; a true-up and a missed
    reduction by their own verbs.
    """
    kind = _kind_of(change)
    if kind is None:
        return 0
    return send_notice(
        account=change.account,
        kind=kind,
        key=f"{kind}:{change.public_id}",
        context=_context(change),
        to=[change.user, change.undoes.user if change.undoes else None],
        at=at,
    )


def _kind_of(change: QuantityChange) -> str | None:
    """The template for a state, or None where nobody needs a mail."""
    if change.kind == Kind.UNDO:
        return "purchase_undone" if change.state == State.APPLIED else None
    if change.kind not in (Kind.ADD, Kind.PLAN):
        return None
    if change.state == State.APPLIED:
        return "receipt"
    if change.state == State.AWAITING_PAYMENT:
        return {"confirmation": "payment_confirm", "card": "payment_declined"}.get(change.payment_needs)
    if change.state == State.ABANDONED:
        return "purchase_abandoned"
    if change.state in (State.REJECTED, State.FAILED) and change.error_code not in _SILENT_CODES:
        return "purchase_failed"
    return None


def _context(change: QuantityChange) -> dict[str, Any]:
    purchase = change.undoes or change
    account = change.account
    card, item = card_of(account), seat_item(change.subscription)
    bill = invoices_of(account).filter(stripe_id=change.invoice_stripe_id).first() if change.invoice_stripe_id else None
    return {
        "buyer": _buyer(purchase),
        "undone_by": _buyer(change),
        "added": purchase.added,
        "seats": change.target_quantity,
        "currency": change.currency,
        "quoted": purchase.quoted_total,
        "quoted_due": purchase.quoted_due,
        "charged": purchase.charged_total or 0,
        "due": purchase.charged_due or 0,
        "card": card.title if card else "",
        "number": bill.number if bill else "",
        "plan": _plan(change),
        "on_credit": change.on_credit,
        "pay_by_at": bill.due_at if bill else None,
        "po_number": change.po_number,
        "reason": purchase.reason,
        "code": change.error_code,
        "undo_until_at": undoable_until(change, at=change.settled_at) if change.settled_at else None,
        "pay_until_at": change.pending_expires_at,
        "renews_at": item.period_end if item else None,
        "link": reverse("seats:purchase", args=[account.slug, purchase.public_id]),
    }


def _plan(change: QuantityChange) -> str:
    """The price that it is changed to; empty where only the number of seats changes."""
    if change.kind != Kind.PLAN:
        return ""
    return str(Price.objects.select_related("plan").get(stripe_id=change.target_price_stripe_id))


def _buyer(change: QuantityChange) -> str:
    """Who did it: a person, or the key of a program."""
    if change.user is not None:
        return change.user.get_full_name()
    return change.api_key.name if change.api_key else ""
