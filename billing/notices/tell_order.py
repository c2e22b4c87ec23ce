"""Tell the customer's own systems what became of a purchase."""

from datetime import datetime

from accounts.webhooks.emit_events import emit_event
from billing.models import QuantityChange

State = QuantityChange.State

_KINDS = {
    State.APPLIED: "order.applied",
    State.AWAITING_PAYMENT: "order.awaiting_payment",
    State.REJECTED: "order.ended",
    State.ABANDONED: "order.ended",
    State.SUPERSEDED: "order.ended",
    State.FAILED: "order.ended",
}


def tell_order(*, change: QuantityChange, at: datetime) -> None:
    """Where it can be acted upon; not while it is only being checked. Amounts are minor units, as quoted."""
    kind = _KINDS.get(State(change.state))
    if kind is None:
        return
    order = {
        "id": change.public_id,
        "kind": str(change.kind),
        "state": str(change.state),
        "seats_before": change.base_quantity,
        "seats_after": change.target_quantity,
        "error_code": change.error_code or None,
    }
    amount = {"due": change.quoted_due, "currency": change.currency}
    emit_event(account=change.account, kind=kind, data={"order": order, "amount": amount}, at=at)
