"""What only Stripe knows: our rows against its objects and against what it was really asked."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from billing.changes.rules import KEY_LIFE
from billing.invariants.rules import Broken
from billing.models import Incident, QuantityChange, Subscription
from billing.models.subscription import ENDED

State = QuantityChange.State
OVER = (State.ABANDONED, State.REJECTED, State.FAILED, State.SUPERSEDED)


class Stripe(Protocol):
    """A view of Stripe that is not ours. Objects are in Stripe's shape."""

    def quantity(self, subscription: str) -> int:
        """Seats of the first item."""

    def status(self, subscription: str) -> str:
        """The subscription's status."""

    def invoices(self, subscription: str) -> list[dict[str, Any]]:
        """Every invoice."""

    def requests(self) -> list[dict[str, Any]]:
        """The simulator's log of requests."""


def find_untrue(*, stripe: Stripe, at_rest: bool = True) -> list[Broken]:
    """Violations that show only at Stripe. at_rest: nothing may be under way any more."""
    found: list[Broken] = []
    for subscription in Subscription.objects.prefetch_related("items", "changes"):
        found += _of_subscription(stripe, subscription)
    if at_rest:
        under_way = QuantityChange.objects.filter(state__in=(State.CONFIRMED, State.CALLING, State.UNKNOWN))
        found += [Broken(3, "nothing is left under way", c.public_id, f"still {c.state}") for c in under_way]
    return found + _of_requests(stripe.requests())


def _of_subscription(stripe: Stripe, subscription: Subscription) -> list[Broken]:
    found: list[Broken] = []
    subject = subscription.stripe_id
    item = subscription.items.order_by("id").first()
    status, quantity = stripe.status(subject), stripe.quantity(subject)
    if subscription.status != status:
        found.append(Broken(10, "the mirror shows Stripe", subject, f"mirror {subscription.status}, Stripe {status}"))
    if status not in ENDED and (item.quantity if item else 0) != quantity:
        found.append(Broken(2, "the mirror shows Stripe", subject, f"mirror {item and item.quantity}, {quantity}"))
    invoices = {row["id"]: row for row in stripe.invoices(subject)}
    changes = list(subscription.changes.all())
    paid = {i for i, row in invoices.items() if row["billing_reason"] == "subscription_update"} & {
        i for i, row in invoices.items() if row["status"] == "paid"
    }
    granted = [c.invoice_stripe_id for c in changes if c.state == State.APPLIED and c.invoice_stripe_id]
    found += [
        Broken(1, "one change is charged once", subject, f"{left} was paid for no applied change")
        for left in sorted(paid - set(granted))
        if not Incident.objects.filter(kind=Incident.Kind.MONEY_WITHOUT_GRANT, invoice_stripe_id=left).exists()
    ]
    for change in changes:
        found += _of_change(change, invoices.get(change.invoice_stripe_id))
    return found


def _of_change(change: QuantityChange, invoice: Mapping[str, Any] | None) -> list[Broken]:
    subject = change.public_id
    if change.state == State.APPLIED and invoice is not None:
        if invoice["status"] != "paid" and change.subscription.collection_method == "charge_automatically":
            return [Broken(4, "applied means paid", subject, f"Stripe's invoice is {invoice['status']}")]
        differs = invoice["total"] != change.quoted_total or invoice["amount_due"] > max(change.quoted_due, 0)
        if differs and not change.incidents.filter(kind=Incident.Kind.CHARGE_DIFFERS).exists():
            text = f"quoted {change.quoted_total}, charged {invoice['total']}"
            return [Broken(6, "charged is quoted, or the difference is recorded", subject, text)]
    elif change.state == State.APPLIED and change.quoted_total:
        return [Broken(4, "applied means paid", subject, "Stripe has no invoice for it")]
    elif change.state in OVER and invoice is not None and invoice["status"] in ("open", "paid"):
        return [Broken(7, "what is over costs nothing", subject, f"{change.state}, invoice {invoice['status']}")]
    return []


def _of_requests(log: Sequence[Mapping[str, Any]]) -> list[Broken]:
    """Every request with a purchase's key carried the stored parameters, and the key was young."""
    found: list[Broken] = []
    stored = {c.idempotency_key: c for c in QuantityChange.objects.all()}
    first: dict[str, int] = {}
    for row in log:
        key = row.get("idempotency_key") or ""
        if not key.startswith(("seatchg:", "trueup:")):
            continue
        change = stored.get(key)
        if change is None:
            found.append(Broken(8, "the row comes before the call", key, "was sent and is not stored"))
        elif "/subscriptions/" in row["path"] and row["params"] not in ({}, as_sent(change.params)):
            found.append(Broken(9, "a key means one thing", key, f"sent {row['params']}, stored {change.params}"))
        if row["at"] - first.setdefault(key, row["at"]) >= KEY_LIFE.total_seconds():
            age = timedelta(seconds=row["at"] - first[key])
            found.append(Broken(9, "a key is young", key, f"was sent {age} after its first use"))
    return found


def as_sent(value: Any) -> Any:
    """Parameters as the wire carries them: every leaf is text."""
    match value:
        case dict():
            return {name: as_sent(inner) for name, inner in value.items()}
        case list():
            return [as_sent(inner) for inner in value]
        case bool():
            return str(value).lower()
        case _:
            return str(value)
